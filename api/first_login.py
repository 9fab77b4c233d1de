"""What `up` prepares in the database: the user `admin`, and a login for this computer."""

import platform
import secrets
import time
from collections.abc import Mapping

import aiohttp
import msgspec

from api.config import Settings
from api.store import devices, tokens, users
from api.store.database import Database
from wegent.client import claims, credentials
from wegent.protocol.resources import Device, User

ADMIN = "admin"
REQUEST_SECONDS = 10
RENEW_CHECK_SECONDS = 3600.0


async def ensure_admin(database: Database, settings: Settings) -> str | None:
    """Make the user `admin` at the first start; return the password if one had to be made up."""
    if await users.find(database, ADMIN) is not None:
        return None
    password = settings.admin_password or secrets.token_urlsafe(12)
    await users.create(database, ADMIN, password, is_admin=True)
    return None if settings.admin_password else password


async def ensure_login(
    database: Database, settings: Settings, url: str, environ: Mapping[str, str]
) -> credentials.Login:
    """Return this computer's login for the server at ``url``; make and save one for `admin` if it has none.

    A login that somebody made with `wegent login` is theirs: it is used as long as the server takes it.
    """
    saved = credentials.load(url, environ)
    if saved is not None and await _who_is(saved) is not None:
        return saved
    return await _make_login(database, settings, url, environ)


def forget_device_login(url: str, environ: Mapping[str, str]) -> bool:
    """Drop the login that `wegent-executor login` made for this server: the executor that `up` runs has `up`'s.

    Returns whether there was one.
    """
    return credentials.forget(url, environ, "devices")


async def ensure_default_device(database: Database, login: credentials.Login, device: Device) -> None:
    """Make ``device`` its user's default if the user has none."""
    user = await _who_is(login)
    row = None if user is None else await users.find(database, user.name)
    if row is not None and row.default_device is None:
        await devices.set_default(database, row.id, device.device_id)


async def renew_login(database: Database, settings: Settings, url: str, environ: Mapping[str, str]) -> bool:
    """Give `admin`'s saved login its successor when less than half of its life is left; return whether it was.

    A client that is used renews it too; `up` does so for one that nobody uses.
    """
    saved = credentials.load(url, environ)
    if saved is None or saved.user != ADMIN:
        return False
    left = claims.seconds_until_due(saved.token, time.time())
    if left is None or left > 0:
        return False
    holder = await tokens.verify(database, settings, saved.token)
    issued = await tokens.renew(database, settings, holder)
    credentials.replace(saved, credentials.Login(url, issued.token, ADMIN, issued.expires_at), environ)
    return True


async def _make_login(
    database: Database, settings: Settings, url: str, environ: Mapping[str, str]
) -> credentials.Login:
    admin = await users.find(database, ADMIN)
    if admin is None:
        raise LookupError("the user admin is gone from the database")
    name = f"wegent-server up on {platform.node()}"
    issued = await tokens.issue(database, settings, admin.id, name=name)
    login = credentials.Login(url, issued.token, ADMIN, issued.expires_at)
    credentials.save(login, environ=environ)
    return login


async def _who_is(login: credentials.Login) -> User | None:
    """Return whom the server takes ``login`` for, None if it does not take it."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    headers = {"Authorization": f"Bearer {login.token}"}
    async with (
        aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
        session.get(f"{login.url}/auth/me") as response,
    ):
        return msgspec.json.decode(await response.read(), type=User) if response.status == 200 else None
