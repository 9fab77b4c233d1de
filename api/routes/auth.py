"""Logging in and out."""

from typing import Annotated

import msgspec
from msgspec import Meta
from quart import Blueprint, Response, current_app, request
from quart_schema import document_response, validate_response

from api import auth
from api.config import Settings
from api.request import json_body
from api.store import attempts, pubsub, tokens, users
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import User
from wegent.protocol.types import Name

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


class Credentials(msgspec.Struct, frozen=True):
    """A name and its password."""

    username: Name
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class LoggedIn(msgspec.Struct, frozen=True):
    """A login session's token, which is also set as a cookie."""

    token: str
    expires_at: str
    user: User


def settings() -> Settings:
    """Return the app's settings."""
    found: Settings = current_app.extensions["wegent"].settings
    return found


@blueprint.post("/login")
@json_body(Credentials)
@document_response(LoggedIn)
async def login(data: Credentials) -> Response:
    """Begin a login session.

    Gives a token for the Authorization header, and the same as an HttpOnly cookie for browsers.
    """
    store = auth.store()
    key = f"{data.username} {request.remote_addr}"
    await attempts.count(store.redis, key)
    user = await users.check_password(store.database, data.username, data.password)
    if user is None:
        raise ProtocolError(
            Code.UNAUTHENTICATED, "The name or the password is wrong.", "Check both, then try again."
        )
    await attempts.forgive(store.redis, key)
    issued = await tokens.issue(store.database, settings(), user.id, name="login", kind="login")
    answer = LoggedIn(issued.token, issued.expires_at, user.shown())
    response = Response(msgspec.json.encode(answer), content_type="application/json")
    response.set_cookie(
        auth.COOKIE,
        issued.token,
        max_age=int(settings().timing.token_days * 86_400),
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https"),
    )
    return response


@blueprint.post("/logout")
@auth.scope("device", "send", "read", "cloud")
async def logout() -> Response:
    """End this session or token; its sockets are closed."""
    store = auth.store()
    await tokens.revoke(store.database, auth.login().user.id, auth.login().token_id)
    await store.pubsub.publish(pubsub.TOKENS_CHANNEL, auth.login().token_id)
    response = Response(b"{}", content_type="application/json")
    response.delete_cookie(auth.COOKIE)
    return response


@blueprint.get("/me")
@auth.scope("device", "send", "read", "cloud")
@validate_response(User)
async def me() -> User:
    """Tell who is logged in."""
    return auth.login().user.shown()
