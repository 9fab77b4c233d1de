"""Logging a machine in by a code that a person approves elsewhere (RFC 8628)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta
from quart import Blueprint, Response, request
from quart_schema import document_response, validate_response

from api import auth
from api.errors import problem
from api.request import json_body
from api.routes.auth import settings
from api.routes.tokens import ANY, NewToken, checked_scopes
from api.store import attempts, device_codes
from api.store.clock import rfc3339
from wegent.protocol.errors import ProtocolError
from wegent.protocol.resources import User

blueprint = Blueprint("device_codes", __name__, url_prefix="/auth")

CODES_PER_ADDRESS = 30
"""Codes that one address may ask for in five minutes: an office has one address."""
UNKNOWN_PER_ADDRESS = 60
"""Codes that are none with which one address may ask for a token in five minutes."""


class AskingForCode(NewToken, frozen=True):
    """Which machine asks, by its own word, and what its token is for; ``device_id`` binds it to one device."""


class MadeCodes(msgspec.Struct, frozen=True):
    """The code to ask for the token with, the one to show, and where a person types that; seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class AskingForToken(msgspec.Struct, frozen=True):
    """The code that the machine was given."""

    device_code: Annotated[str, Meta(min_length=1, max_length=128)]


class DeviceToken(msgspec.Struct, frozen=True):
    """The token of a machine that was approved, shown this once."""

    token: str
    token_id: str
    expires_at: str
    user: User


class UserCode(msgspec.Struct, frozen=True):
    """The code that the machine shows; upper or lower case, with or without the hyphen."""

    user_code: Annotated[str, Meta(min_length=1, max_length=64)]


class AskingMachine(msgspec.Struct, frozen=True):
    """Who asks with a code: its name is its own word, its address is where the server saw it."""

    user_code: str
    name: str
    address: str
    scopes: list[str]
    device_id: str | None
    expires_at: str


def address() -> str:
    """Return where the request comes from, as far as the server sees."""
    return request.remote_addr or "unknown"


@blueprint.post("/device-code")
@json_body(AskingForCode)
@validate_response(MadeCodes)
async def ask_for_code(data: AskingForCode) -> MadeCodes:
    """Ask to be let in: a machine gets a code to show to its user, who approves it where they are logged in."""
    store = auth.store()
    scopes = checked_scopes(data.scopes)
    who, what = f"device codes {attempts.network(address())}", "codes asked for from your address"
    await attempts.count(store.redis, who, limit=CODES_PER_ADDRESS, what=what)
    codes = await device_codes.insert(store, data.name, address(), scopes, data.device_id)
    user_code = device_codes.shown(codes.user_code)
    page = f"{settings().public_url}/app/devices/pair"
    return MadeCodes(
        device_code=codes.device_code,
        user_code=user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}?{urlencode({'code': user_code})}",
        expires_in=device_codes.LIFE_SECONDS,
        interval=device_codes.INTERVAL_SECONDS,
    )


@blueprint.post("/device-token")
@json_body(AskingForToken)
@document_response(DeviceToken)
async def ask_for_token(data: AskingForToken) -> DeviceToken | Response:
    """Ask for the token of a code, every ``interval`` seconds until a person has decided.

    Until then, and where there is none, the answer is 400 with RFC 8628's word as ``error`` beside ``code``:
    ``authorization_pending``, ``slow_down`` (the interval is ``interval`` seconds now), ``access_denied`` or
    ``expired_token``.
    """
    store = auth.store()
    who = f"device tokens {attempts.network(address())}"
    await attempts.count(store.redis, who, limit=UNKNOWN_PER_ADDRESS, what="codes that are none")
    try:
        async with store.database.read() as connection:
            row = await device_codes.find(connection, data.device_code)
        if row is None:
            raise device_codes.expired()
        await attempts.take_back(store.redis, who)
        issued, user = await device_codes.redeem(store, row)
    except ProtocolError as error:
        if "error" not in error.extra:
            raise
        return problem(error, HTTPStatus.BAD_REQUEST)  # RFC 6749, 5.2
    return DeviceToken(issued.token, issued.id, issued.expires_at, user.shown())


@asynccontextmanager
async def trying_codes() -> AsyncIterator[str]:
    """Give the id of the person who types a code; one that is none counts, too many are ``rate_limited``."""
    store, user_id = auth.store(), (await auth.login_session()).user.id
    who = f"user codes {user_id}"
    await attempts.count(store.redis, who, what="wrong codes")
    yield user_id
    await attempts.take_back(store.redis, who)


@blueprint.get("/device-code/<user_code>")
@auth.scope(*ANY)
@validate_response(AskingMachine)
async def get_code(user_code: str) -> AskingMachine:
    """Tell which machine asks with a code. This approves nothing."""
    async with trying_codes() as user_id, auth.store().database.read() as connection:
        row = await device_codes.get(connection, user_code, user_id)
    return AskingMachine(
        user_code=device_codes.shown(row.user_code),
        name=row.name,
        address=row.address,
        scopes=row.scopes.split(),
        device_id=row.device_id,
        expires_at=rfc3339(row.expires_at),
    )


@blueprint.post("/device-code/approve")
@auth.scope(*ANY)
@json_body(UserCode)
async def approve_code(data: UserCode) -> tuple[str, int]:
    """Let the machine that shows this code have a token of the caller's. Harmless when repeated."""
    async with trying_codes() as user_id, auth.store().database.write() as connection:
        await device_codes.approve(connection, data.user_code, user_id)
    return "", 204


@blueprint.post("/device-code/deny")
@auth.scope(*ANY)
@json_body(UserCode)
async def deny_code(data: UserCode) -> tuple[str, int]:
    """Refuse the machine that shows this code. Harmless when repeated."""
    async with trying_codes() as user_id, auth.store().database.write() as connection:
        await device_codes.deny(connection, data.user_code, user_id)
    return "", 204
