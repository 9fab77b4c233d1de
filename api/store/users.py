"""Users and their passwords (argon2id)."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from databases.core import Connection

from api.store.clock import now_ms
from api.store.database import UNIQUE_VIOLATIONS, Database
from api.store.tables import users
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import User
from wegent.protocol.time_limit import time_limit

HASHES_AT_ONCE = 2
HASHING_PATIENCE_SECONDS = 5

_turns = asyncio.Semaphore(HASHES_AT_ONCE)
_hasher = PasswordHasher()


def _nobodys() -> str:
    """Return what is checked like a hash and is of no password: a real one would cost each process its time."""
    sizes = _hasher.salt_len, _hasher.hash_len
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in sizes)
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


_NOBODYS = _nobodys()
"""Verified where the name is unknown, so that the time taken does not tell which names exist."""


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``users``."""

    id: str
    name: str
    password_hash: str
    is_admin: bool
    default_device: int | None
    created_at: int

    @classmethod
    def of(cls, record: Any) -> Self:
        """Read a record of the table."""
        fields = dict(record._mapping)
        fields["is_admin"] = bool(fields["is_admin"])
        return cls(**fields)

    def shown(self) -> User:
        """Return the user as REST gives it."""
        return User(self.id, self.name, self.is_admin)


async def create(database: Database, name: str, password: str, is_admin: bool = False) -> UserRow:
    """Add a user; raise ``conflict`` if the name is taken."""
    row = UserRow(
        id=secrets.token_hex(8),
        name=name,
        password_hash=await asyncio.to_thread(_hasher.hash, password),
        is_admin=is_admin,
        default_device=None,
        created_at=now_ms(),
    )
    try:
        async with database.write() as connection:
            await connection.execute(users.insert().values(**msgspec.structs.asdict(row)))
    except UNIQUE_VIOLATIONS:
        raise ProtocolError(Code.CONFLICT, f"There is a user {name!r} already.", "Choose another name.") from None
    return row


async def find(database: Database, name: str) -> UserRow | None:
    """Return the user of that name, or None."""
    async with database.read() as connection:
        record = await connection.fetch_one(users.select().where(users.c.name == name))
    return None if record is None else UserRow.of(record)


async def set_password(connection: Connection, row: UserRow, password_hash: str) -> bool:
    """Give a user another password; return False if somebody did so since ``row`` was read."""
    unchanged = (users.c.id == row.id, users.c.password_hash == row.password_hash)
    changed = users.update().where(*unchanged).values(password_hash=password_hash).returning(users.c.id)
    return await connection.fetch_one(changed) is not None


async def has_password_still(database: Database, connection: Connection, row: UserRow) -> bool:
    """Return whether the password is the one that ``row`` was read with; it stays so for the transaction."""
    unchanged = sa.select(users.c.id).where(users.c.id == row.id, users.c.password_hash == row.password_hash)
    return await connection.fetch_one(database.locking(unchanged)) is not None


async def hash_password(password: str) -> str:
    """Return the hash of a password; raise ``rate_limited`` when too many wait for theirs."""
    async with _hashing():
        return await asyncio.to_thread(_hasher.hash, password)


async def check_password(database: Database, name: str, password: str) -> UserRow | None:
    """Return the user if name and password belong together, else None; takes as long either way."""
    row = await find(database, name)
    hashed = _NOBODYS if row is None else row.password_hash
    async with _hashing():
        is_right = await asyncio.to_thread(_verify, hashed, password)
    return row if is_right else None


@asynccontextmanager
async def _hashing() -> AsyncIterator[None]:
    """Wait for one of a few turns: a hash takes 64 MiB and a core. Raises ``rate_limited``."""
    try:
        async with time_limit(HASHING_PATIENCE_SECONDS):
            await _turns.acquire()
    except TimeoutError:
        raise ProtocolError(Code.RATE_LIMITED, "Too many people log in at this moment.") from None
    try:
        yield
    finally:
        _turns.release()


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
