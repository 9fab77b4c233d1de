"""Device codes (RFC 8628): how a machine gets a token without anybody typing a secret into it.

The machine asks for two codes, shows the short one, and polls with the long one until a person who is logged in
has approved. Then it gets a token, once.
"""

import hashlib
import re
import secrets
from typing import Any, NamedTuple, Self

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store import tokens
from api.store.clock import now_ms, rfc3339
from api.store.database import UNIQUE_VIOLATIONS, Database
from api.store.redis import Script
from api.store.store import Store
from api.store.tables import device_codes as table
from api.store.tables import users
from api.store.tokens import IssuedToken, Scope
from api.store.users import UserRow
from wegent.protocol.errors import Code, ProtocolError

LIFE_SECONDS = 600
INTERVAL_SECONDS = 5
SLOWER_SECONDS = 5
"""So much longer the interval gets whenever the machine asks too soon (RFC 8628, 3.5)."""
MAX_WAITING = 10_000
"""Codes that may wait at once, whoever asked for them."""
_HINT = f"Look at the machine's screen. A code is good for {LIFE_SECONDS // 60} minutes."
TRIES = 5
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters of which no two look alike: eight of them are 40 bits."""
LETTERS = 8

# A second early is not too soon: networks are not that even.
_POLL = Script(
    """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'interval', 'due')
local interval = tonumber(held[1] or ARGV[1])
local is_early = held[2] and ms < tonumber(held[2])
if is_early then interval = interval + ARGV[2] end
redis.call('HSET', KEYS[1], 'interval', interval, 'due', string.format('%d', ms + interval * 1000 - 1000))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return is_early and interval or 0
"""
)


class DeviceCodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``device_codes``."""

    hash: str
    user_code: str
    name: str
    address: str
    scopes: str
    device_id: str | None
    user_id: str | None
    is_denied: bool
    created_at: int
    expires_at: int

    @classmethod
    def of(cls, record: Any) -> Self:
        """Read a record of the table."""
        fields = dict(record._mapping)
        fields["is_denied"] = bool(fields["is_denied"])
        return cls(**fields)


class Codes(NamedTuple):
    """What the asking machine is given: one code to poll with, one to show."""

    device_code: str
    user_code: str


class Granted(NamedTuple):
    """The token of a machine that was approved, and whose it is."""

    token: IssuedToken
    user: UserRow


def shown(user_code: str) -> str:
    """Return a user code as people see it: XXXX-XXXX."""
    return f"{user_code[:4]}-{user_code[4:]}"


async def insert(store: Store, name: str, address: str, scopes: list[Scope], device_id: str | None) -> Codes:
    """Make the codes for a machine that calls itself ``name``; raise ``unavailable`` when too many wait."""
    now = now_ms()
    waiting = sa.select(sa.func.count()).where(table.c.expires_at > now)
    for _ in range(TRIES):
        codes = Codes(secrets.token_urlsafe(32), "".join(secrets.choice(ALPHABET) for _ in range(LETTERS)))
        values = {
            "hash": _hash(codes.device_code),
            "user_code": codes.user_code,
            "name": name,
            "address": address,
            "scopes": " ".join(scopes),
            "device_id": device_id,
            "is_denied": False,
            "created_at": now,
            "expires_at": now + LIFE_SECONDS * 1000,
        }
        try:
            async with store.database.write() as connection:
                if await connection.fetch_val(waiting) >= MAX_WAITING:
                    break
                await connection.execute(table.insert().values(values))
        except UNIQUE_VIOLATIONS:
            continue
        return codes
    raise ProtocolError(Code.UNAVAILABLE, "Too many machines wait to be let in.", "Ask again in a few minutes.")


def _hash(device_code: str) -> str:
    return hashlib.sha256(device_code.encode(errors="surrogatepass")).hexdigest()


def _undecided(user_code: str, user_id: str) -> list[Any]:
    """Return what holds for a code that this user may decide on: nobody else has, and it is good still."""
    is_open = sa.or_(table.c.user_id.is_(None), table.c.user_id == user_id)
    return [table.c.user_code == _typed(user_code), table.c.expires_at > now_ms(), is_open]


def _typed(user_code: str) -> str:
    return re.sub(r"[\s-]", "", user_code).upper().replace("\0", "")


def _no_such() -> ProtocolError:
    return ProtocolError(Code.NOT_FOUND, "There is no such code.", _HINT)


async def get(connection: Connection, user_code: str, user_id: str) -> DeviceCodeRow:
    """Return who asks with a code, in whatever form it was typed; raise ``not_found``."""
    query = table.select().where(*_undecided(user_code, user_id), table.c.is_denied.is_(False))
    record = await connection.fetch_one(query)
    if record is None:
        raise _no_such()
    return DeviceCodeRow.of(record)


async def explain(connection: Connection, user_code: str) -> ProtocolError:
    """Return why nobody can approve a code (any more), for somebody who may know: the server's operator."""
    record = await connection.fetch_one(table.select().where(table.c.user_code == _typed(user_code)))
    row = None if record is None else DeviceCodeRow.of(record)
    if row is None:
        return ProtocolError(
            Code.NOT_FOUND, "There is no such code: nobody asked with it, or it was used already.", _HINT
        )
    if row.expires_at <= now_ms():
        return ProtocolError(Code.NOT_FOUND, f"The code has expired at {rfc3339(row.expires_at)}.", _HINT)
    if row.is_denied:
        return ProtocolError(Code.NOT_FOUND, "The code was denied.", _HINT)
    return ProtocolError(Code.NOT_FOUND, "Another user has approved the code already.", _HINT)


async def approve(connection: Connection, user_code: str, user_id: str) -> None:
    """Let the machine have a token of the user's; raise ``not_found``."""
    approved = table.update().where(*_undecided(user_code, user_id), table.c.is_denied.is_(False))
    if await connection.fetch_one(approved.values(user_id=user_id).returning(table.c.hash)) is None:
        raise _no_such()


async def deny(connection: Connection, user_code: str, user_id: str) -> None:
    """Refuse the machine a token, also where it was approved and has not come for it yet; raise ``not_found``."""
    denied = table.update().where(*_undecided(user_code, user_id)).values(user_id=user_id, is_denied=True)
    if await connection.fetch_one(denied.returning(table.c.hash)) is None:
        raise _no_such()


async def find(connection: Connection, device_code: str) -> DeviceCodeRow | None:
    """Return the row of a machine that asks for its token; None if its code expired, was used, or never was."""
    good = (table.c.hash == _hash(device_code), table.c.expires_at > now_ms())
    record = await connection.fetch_one(table.select().where(*good))
    return None if record is None else DeviceCodeRow.of(record)


def expired() -> ProtocolError:
    """Return the error for a code that :func:`find` does not find."""
    return ProtocolError(
        Code.TOKEN_EXPIRED, "The code has expired or was used.", "Begin again.", error="expired_token"
    )


async def redeem(store: Store, row: DeviceCodeRow) -> Granted:
    """Return the token of a machine that was approved, this once.

    Raises errors whose ``error`` is the word of RFC 8628, 3.5: ``slow_down``, ``authorization_pending``,
    ``access_denied``, ``expired_token``.
    """
    interval = await _POLL(
        store.redis, [f"device-code:{row.hash}"], [INTERVAL_SECONDS, SLOWER_SECONDS, LIFE_SECONDS]
    )
    if interval:
        raise ProtocolError(
            Code.RATE_LIMITED,
            "You ask too often.",
            f"Ask every {interval} seconds.",
            error="slow_down",
            interval=interval,
            retry_after=interval,
        )
    if row.is_denied:
        raise ProtocolError(Code.FORBIDDEN, "The request was denied.", "Ask its owner.", error="access_denied")
    if row.user_id is None:
        hint = "Type the code on the page where you are logged in, and approve it there."
        raise ProtocolError(Code.CONFLICT, "Nobody has approved yet.", hint, error="authorization_pending")
    return await _grant(store, row.hash)


async def _grant(store: Store, code_hash: str) -> Granted:
    approved = (table.c.hash == code_hash, table.c.user_id.is_not(None), table.c.is_denied.is_(False))
    async with store.database.write() as connection:
        # Whoever deletes the row gets the token: of two who ask at once, one.
        used = await connection.fetch_one(table.delete().where(*approved).returning(*table.c))
        if used is None:
            raise expired()
        row = DeviceCodeRow.of(used)
        user = UserRow.of(await connection.fetch_one(users.select().where(users.c.id == row.user_id)))
        scopes: Any = row.scopes.split()
        issued = await tokens.insert(
            connection, store.settings, user.id, name=row.name, scopes=scopes, device_id=row.device_id
        )
    return Granted(issued, user)


async def delete_approved(connection: Connection, user_id: str) -> None:
    """Forget what a user approved, where the machine has not come for its token yet."""
    await connection.execute(table.delete().where(table.c.user_id == user_id, table.c.is_denied.is_(False)))


async def delete_expired(database: Database) -> int:
    """Delete codes whose time is over; return how many."""
    async with database.write() as connection:
        deleted = await connection.fetch_all(
            table.delete().where(table.c.expires_at < now_ms()).returning(table.c.hash)
        )
    return len(deleted)
