"""Logging in and out."""

from typing import Annotated

import msgspec
from msgspec import Meta
from quart import Blueprint, Response, current_app, request
from quart_schema import document_response, validate_response

from api import auth
from api.config import Settings
from api.request import json_body
from api.store import attempts, device_codes, pubsub, tokens, users
from api.store.store import Store
from api.store.users import UserRow
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import User
from wegent.protocol.types import Name

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


class Credentials(msgspec.Struct, frozen=True):
    """A name and its password."""

    username: Name
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class LoggedIn(msgspec.Struct, frozen=True):
    """A token and whose it is; that of a login session is also set as a cookie."""

    token: str
    expires_at: str
    user: User


class NewPassword(msgspec.Struct, frozen=True):
    """The present password and the one to have from now on."""

    old: Annotated[str, Meta(min_length=1, max_length=1024)]
    new: Annotated[str, Meta(min_length=8, max_length=1024)]


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
    key = f"{data.username} {attempts.network(request.remote_addr)}"
    await attempts.count(store.redis, key)
    user = await users.check_password(store.database, data.username, data.password)
    issued = None if user is None else await _begin_session(store, user)
    if user is None or issued is None:
        raise ProtocolError(
            Code.UNAUTHENTICATED, "The name or the password is wrong.", "Check both, then try again."
        )
    await attempts.forgive(store.redis, key)
    answer = LoggedIn(issued.token, issued.expires_at, user.shown())
    return _with_cookie(answer)


def _with_cookie(answer: LoggedIn) -> Response:
    """Return the answer with its token as the browser's cookie too."""
    response = Response(msgspec.json.encode(answer), content_type="application/json")
    response.set_cookie(
        auth.COOKIE,
        answer.token,
        max_age=int(settings().timing.token_days * 86_400),
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https"),
    )
    return response


async def _begin_session(store: Store, user: UserRow) -> tokens.IssuedToken | None:
    """Return a login session's token; None if the password was changed while it was checked.

    Who changes it ends all other sessions: one that begins a moment later must not be overlooked.
    """
    async with store.database.write() as connection:
        if not await users.has_password_still(store.database, connection, user):
            return None
        return await tokens.insert(connection, settings(), user.id, name="login", kind="login")


@blueprint.post("/password")
@auth.scope("device", "send", "read", "cloud")
@json_body(NewPassword)
async def change_password(data: NewPassword) -> tuple[str, int]:
    """Change the password; all other login sessions end, and their sockets are closed.

    What was approved and not fetched yet is void. API tokens stay as they are: computers go on working. Revoke
    them one by one where that is wanted.
    """
    who = await auth.login_session()
    store = auth.store()
    key = f"{who.user.name} {attempts.network(request.remote_addr)}"
    await attempts.count(store.redis, key)
    user = await users.check_password(store.database, who.user.name, data.old)
    if user is None:
        raise ProtocolError(Code.FORBIDDEN, "The present password is wrong.", "Check it, then try again.")
    await attempts.forgive(store.redis, key)
    hashed = await users.hash_password(data.new)
    async with store.database.write() as connection:
        if not await users.set_password(connection, user, hashed):
            raise ProtocolError(Code.CONFLICT, "The password has just been changed elsewhere.")
        ended = await tokens.revoke_logins(connection, user.id, but=who.token_id)
        await device_codes.delete_approved(connection, user.id)
    await store.pubsub.publish_all(*((pubsub.TOKENS_CHANNEL, token_id) for token_id in ended))
    return "", 204


@blueprint.post("/renew")
@auth.scope("device", "send", "read", "cloud")
@document_response(LoggedIn)
async def renew() -> Response:
    """Give the caller's token a successor, good for seven days: the same in all but its end.

    The former one stays good until its own end or until the successor has one itself; whoever comes with it again
    is given the same successor. Revoking one revokes them all. A login session's cookie is renewed too.
    """
    who, store = auth.login(), auth.store()
    issued = await tokens.renew(store.database, settings(), who)
    answer = LoggedIn(issued.token, issued.expires_at, who.user.shown())
    if who.kind == "login":
        return _with_cookie(answer)
    return Response(msgspec.json.encode(answer), content_type="application/json")


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
