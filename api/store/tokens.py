"""Tokens: JWTs (HS256, PyJWT) whose ``jti`` is a row, so that each can be listed and revoked."""

import secrets
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jwt
import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.config import Settings
from api.store.clock import now_ms, rfc3339
from api.store.database import Database
from api.store.tables import tokens, users
from api.store.users import UserRow
from wegent.protocol.errors import Code, ProtocolError

ALGORITHM = "HS256"
LEEWAY_SECONDS = 30
"""How far the clocks of two machines may differ."""

Scope = Literal["device", "send", "read", "cloud"]
SCOPES: tuple[Scope, ...] = ("device", "send", "read")
"""What a token may do unless it was made for less; ``cloud`` is given by the operator only."""

Kind = Literal["login", "api"]


class Login(msgspec.Struct, frozen=True):
    """Whom a verified token stands for, and what it may do."""

    user: UserRow
    token_id: str
    kind: Kind
    scopes: frozenset[str]
    device_id: str | None
    expires_at: int


class IssuedToken(NamedTuple):
    """A token just made: shown now, never again."""

    id: str
    name: str
    token: str
    scopes: list[str]
    expires_at: str


async def issue(
    database: Database,
    settings: Settings,
    user_id: str,
    *,
    name: str,
    scopes: Sequence[str] = SCOPES,
    kind: Kind = "api",
    device_id: str | None = None,
) -> IssuedToken:
    """Make a token that is good for ``WEGENT_TOKEN_DAYS``."""
    async with database.write() as connection:
        return await insert(
            connection, settings, user_id, name=name, scopes=scopes, kind=kind, device_id=device_id
        )


async def insert(
    connection: Connection,
    settings: Settings,
    user_id: str,
    *,
    name: str,
    scopes: Sequence[str] = SCOPES,
    kind: Kind = "api",
    device_id: str | None = None,
) -> IssuedToken:
    """Make a token within a transaction; it is good once that is committed."""
    token_id = secrets.token_hex(10)
    now = now_ms()
    expires_at = now + int(settings.timing.token_days * 86_400_000)
    claims = {
        "sub": user_id,
        "jti": token_id,
        "iat": now // 1000,
        "exp": expires_at // 1000,
        "kind": kind,
        "scopes": list(scopes),
    }
    await connection.execute(
        tokens.insert().values(
            id=token_id,
            user_id=user_id,
            name=name,
            kind=kind,
            scopes=" ".join(scopes),
            device_id=device_id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    encoded = jwt.encode(claims, settings.secret_key, algorithm=ALGORITHM)
    return IssuedToken(token_id, name, encoded, list(scopes), rfc3339(expires_at))


async def verify(database: Database, settings: Settings, token: str) -> Login:
    """Return whom a token stands for; raise ``unauthenticated``, ``token_expired`` or ``token_revoked``."""
    try:
        claims = jwt.decode(
            token,
            settings.secret_key,
            algorithms=[ALGORITHM],
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "sub", "jti"]},
        )
    except jwt.ExpiredSignatureError:
        raise ProtocolError(Code.TOKEN_EXPIRED) from None
    except jwt.InvalidTokenError:
        raise ProtocolError(Code.UNAUTHENTICATED, "The token is not valid.") from None
    return await recheck(database, str(claims["jti"]), str(claims["sub"]))


async def recheck(database: Database, token_id: str, user_id: str) -> Login:
    """Return whom a token stands for now; raise like :func:`verify`, as when it was revoked meanwhile."""
    async with database.read() as connection:
        token = await connection.fetch_one(
            tokens.select().where(tokens.c.id == token_id, tokens.c.user_id == user_id)
        )
        user = await connection.fetch_one(users.select().where(users.c.id == user_id))
    if token is None or user is None or token["revoked_at"] is not None:
        raise ProtocolError(Code.TOKEN_REVOKED)
    if now_ms() > token["expires_at"] + LEEWAY_SECONDS * 1000:
        raise ProtocolError(Code.TOKEN_EXPIRED)
    return Login(
        user=UserRow.of(user),
        token_id=token_id,
        kind=token["kind"],
        scopes=frozenset(token["scopes"].split()),
        device_id=token["device_id"],
        expires_at=token["expires_at"],
    )


async def select(connection: Connection, user_id: str, kind: Kind = "api") -> list[Any]:
    """Return the user's tokens that are neither revoked nor expired, newest first."""
    query = (
        tokens.select()
        .where(
            tokens.c.user_id == user_id,
            tokens.c.kind == kind,
            tokens.c.revoked_at.is_(None),
            tokens.c.expires_at > now_ms(),
        )
        .order_by(tokens.c.created_at.desc(), tokens.c.id)
    )
    return list(await connection.fetch_all(query))


async def revoke(database: Database, user_id: str, token_id: str) -> bool:
    """End a token of the user's; False if there is no such. Revoking twice is harmless."""
    async with database.write() as connection:
        revoked = await connection.fetch_one(
            tokens.update()
            .where(tokens.c.id == token_id, tokens.c.user_id == user_id)
            .values(revoked_at=sa.func.coalesce(tokens.c.revoked_at, now_ms()))
            .returning(tokens.c.id)
        )
    return revoked is not None


async def revoke_logins(connection: Connection, user_id: str, *, but: str) -> list[str]:
    """End the user's login sessions except the one whose token is ``but``; return the ids of those ended."""
    ended = await connection.fetch_all(
        tokens.update()
        .where(
            tokens.c.user_id == user_id,
            tokens.c.kind == "login",
            tokens.c.id != but,
            tokens.c.revoked_at.is_(None),
        )
        .values(revoked_at=now_ms())
        .returning(tokens.c.id)
    )
    return [record[0] for record in ended]


async def delete_expired(database: Database, before: int) -> int:
    """Delete tokens that expired before ``before``; return how many."""
    async with database.write() as connection:
        deleted = await connection.fetch_all(
            tokens.delete().where(tokens.c.expires_at < before).returning(tokens.c.id)
        )
    return len(deleted)
