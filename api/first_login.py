"""What `up` prepares in the database: the user `admin`, and a login for this computer."""

import datetime
import platform
import secrets
from collections.abc import Mapping

import aiohttp
import msgspec

from api.config import Settings
from api.store import devices, tokens, users
from api.store.database import Database
from wegent.client import credentials
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
    if saved is not None:
        user = await _who_is(saved)
        if user is not None and (user.name != ADMIN or not _is_half_over(saved, settings)):
            return saved
    return await _make_login(database, settings, url, environ)


async def ensure_default_device(database: Database, login: credentials.Login, device: Device) -> None:
    """Make ``device`` its user's default if the user has none."""
    user = await _who_is(login)
    row = None if user is None else await users.find(database, user.name)
    if row is not None and row.default_device is None:
        await devices.set_default(database, row.id, device.device_id)


async def renew_login(database: Database, settings: Settings, url: str, environ: Mapping[str, str]) -> bool:
    """Replace `admin`'s saved login when less than half of its life is left; return whether it was."""
    saved = credentials.load(url, environ)
    if saved is None or saved.user != ADMIN or not _is_half_over(saved, settings):
        return False
    await _make_login(database, settings, url, environ)
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


def _is_half_over(login: credentials.Login, settings: Settings) -> bool:
    """Whether less than half of the token's life is left; a login that does not say is taken as fresh."""
    if login.expires_at is None:
        return False
    left = datetime.datetime.fromisoformat(login.expires_at) - datetime.datetime.now(datetime.UTC)
    return left < datetime.timedelta(days=settings.timing.token_days / 2)
