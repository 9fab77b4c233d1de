"""Tokens: JWTs (HS256, PyJWT) whose ``jti`` is a row, so that each can be listed and revoked.

A row is a chain: renewing moves its end and gives it a successor, one ``gen`` higher, with the same ``jti``. So
whatever ends a token ends all of its chain, and a socket that was opened with a former one lives as long as that.
"""

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
"""How far the clocks of two machines may differ; never more than a tenth of a token's life."""

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
    generation: int


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
    now = now_ms()
    values = {
        "id": secrets.token_hex(10),
        "user_id": user_id,
        "name": name,
        "kind": kind,
        "scopes": " ".join(scopes),
        "device_id": device_id,
        "created_at": now,
        "expires_at": now + _life_ms(settings),
    }
    return _signed(settings, await connection.fetch_one(tokens.insert().values(values).returning(*tokens.c)))


def _life_ms(settings: Settings) -> int:
    return int(settings.timing.token_days * 86_400_000)


def _leeway_ms(settings: Settings) -> int:
    return min(LEEWAY_SECONDS * 1000, _life_ms(settings) // 10)


def _signed(settings: Settings, row: Any) -> IssuedToken:
    """Return the present token of a chain: signed again, it is the same to the last byte."""
    scopes = row["scopes"].split()
    claims = {
        "sub": row["user_id"],
        "jti": row["id"],
        "gen": row["generation"],
        "iat": (row["renewed_at"] or row["created_at"]) // 1000,
        "exp": row["expires_at"] // 1000,
        "kind": row["kind"],
        "scopes": scopes,
    }
    encoded = jwt.encode(claims, settings.secret_key, algorithm=ALGORITHM)
    return IssuedToken(row["id"], row["name"], encoded, scopes, rfc3339(row["expires_at"]))


async def renew(database: Database, settings: Settings, login: Login) -> IssuedToken:
    """Give a verified token a successor; raise ``token_revoked`` or ``token_expired`` if it ended meanwhile.

    Whoever comes with a token that has one already (its answer was lost, another process was faster) is given
    that one: a chain has two live tokens at most, the present one and the one before it.
    """
    now = now_ms()
    present = (
        tokens.c.id == login.token_id,
        tokens.c.user_id == login.user.id,
        tokens.c.generation == login.generation,
        tokens.c.revoked_at.is_(None),
        tokens.c.expires_at >= now - _leeway_ms(settings),
    )
    successor = {
        "generation": tokens.c.generation + 1,
        "renewed_at": now,
        "expires_at": now + _life_ms(settings),
    }
    async with database.write() as connection:
        row = await connection.fetch_one(
            tokens.update().where(*present).values(successor).returning(*tokens.c)
        ) or await connection.fetch_one(tokens.select().where(tokens.c.id == login.token_id))
    _check(settings, row)
    return _signed(settings, row)


async def verify(database: Database, settings: Settings, token: str) -> Login:
    """Return whom a token stands for; raise ``unauthenticated``, ``token_expired`` or ``token_revoked``."""
    try:
        claims = jwt.decode(
            token,
            settings.secret_key,
            algorithms=[ALGORITHM],
            leeway=_leeway_ms(settings) / 1000,
            options={"require": ["exp", "sub", "jti"]},
        )
    except jwt.ExpiredSignatureError:
        raise ProtocolError(Code.TOKEN_EXPIRED) from None
    except jwt.InvalidTokenError:
        raise ProtocolError(Code.UNAUTHENTICATED, "The token is not valid.") from None
    login = await recheck(database, settings, str(claims["jti"]), str(claims["sub"]))
    generation = int(claims.get("gen", 0))  # the version before wrote none
    if generation < login.generation - 1:
        raise ProtocolError(Code.TOKEN_EXPIRED, "The token was renewed, and its successor too.")
    return msgspec.structs.replace(login, generation=generation)


async def recheck(database: Database, settings: Settings, token_id: str, user_id: str) -> Login:
    """Return whom a token's chain stands for now; raise as :func:`verify`, as when it was revoked meanwhile."""
    async with database.read() as connection:
        token = await connection.fetch_one(
            tokens.select().where(tokens.c.id == token_id, tokens.c.user_id == user_id)
        )
        user = await connection.fetch_one(users.select().where(users.c.id == user_id))
    _check(settings, token if user is not None else None)
    return Login(
        user=UserRow.of(user),
        token_id=token_id,
        kind=token["kind"],
        scopes=frozenset(token["scopes"].split()),
        device_id=token["device_id"],
        expires_at=token["expires_at"],
        generation=token["generation"],
    )


def _check(settings: Settings, row: Any) -> None:
    """Raise what is wrong with a chain; one whose row is gone counts as revoked."""
    if row is None or row["revoked_at"] is not None:
        raise ProtocolError(Code.TOKEN_REVOKED)
    if now_ms() > row["expires_at"] + _leeway_ms(settings):
        raise ProtocolError(Code.TOKEN_EXPIRED)


async def select(connection: Connection, user_id: str, kind: Kind = "api") -> list[Any]:
    """Return the user's tokens that are neither revoked nor expired, one row per chain, newest first."""
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
    """End a token of the user's with its whole chain; False if there is no such. Revoking twice is harmless."""
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
