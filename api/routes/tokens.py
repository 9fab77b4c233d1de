"""API tokens: made and revoked by people who are logged in."""

from typing import Annotated

import msgspec
from msgspec import Meta
from quart import Blueprint
from quart_schema import validate_querystring, validate_response

from api import auth
from api.request import json_body
from api.routes.auth import settings
from api.routes.lists import Page
from api.store import pubsub, tokens
from api.store.clock import rfc3339
from api.store.tokens import SCOPES, Scope
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.types import DeviceId, Name

blueprint = Blueprint("tokens", __name__, url_prefix="/tokens")

ANY = ("device", "send", "read", "cloud")


class NewToken(msgspec.Struct, frozen=True):
    """What the token is for; ``device_id`` binds it to one device."""

    name: Name
    scopes: Annotated[list[str], Meta(min_length=1, max_length=8)] = msgspec.field(
        default_factory=lambda: list(SCOPES)
    )
    device_id: DeviceId | None = None


class MadeToken(msgspec.Struct, frozen=True):
    """A token, shown this once."""

    id: str
    name: str
    token: str
    scopes: list[str]
    expires_at: str


class Token(msgspec.Struct, frozen=True):
    """A token, as lists show it."""

    id: str
    name: str
    scopes: list[str]
    device_id: str | None
    created_at: str
    expires_at: str


class TokenList(msgspec.Struct, frozen=True):
    """The user's tokens."""

    items: list[Token]
    next: str | None = None


def checked_scopes(asked: list[str]) -> list[Scope]:
    """Return the scopes that a token is to have; raise ``bad_message`` for those that nobody gives."""
    wrong = sorted(set(asked) - set(SCOPES))
    if wrong:
        raise ProtocolError(
            Code.BAD_MESSAGE,
            f"There is no scope {', '.join(wrong)} to give.",
            f"The scopes are {', '.join(SCOPES)}.",
            field="scopes",
        )
    return [scope for scope in SCOPES if scope in asked]


@blueprint.post("")
@auth.scope(*ANY)
@json_body(NewToken)
@validate_response(MadeToken, 201)
async def make_token(data: NewToken) -> tuple[MadeToken, int]:
    """Make a token, good for seven days. It is shown this once."""
    who = await auth.login_session()
    issued = await tokens.issue(
        auth.store().database,
        settings(),
        who.user.id,
        name=data.name,
        scopes=checked_scopes(data.scopes),
        device_id=data.device_id,
    )
    return MadeToken(*issued), 201


@blueprint.get("")
@auth.scope(*ANY)
@validate_querystring(Page)
@validate_response(TokenList)
async def list_tokens(query_args: Page) -> TokenList:
    """List the tokens that are good, newest first."""
    who = await auth.login_session()
    async with auth.store().database.read() as connection:
        rows = await tokens.select(connection, who.user.id)
    start = next((index + 1 for index, row in enumerate(rows) if row["id"] == query_args.after), 0)
    page = rows[start : start + query_args.limit]
    more = start + len(page) < len(rows)
    return TokenList(
        [
            Token(
                row["id"],
                row["name"],
                row["scopes"].split(),
                row["device_id"],
                rfc3339(row["created_at"]),
                rfc3339(row["expires_at"]),
            )
            for row in page
        ],
        page[-1]["id"] if more else None,
    )


@blueprint.delete("/<token_id>")
@auth.scope(*ANY)
async def revoke_token(token_id: str) -> tuple[str, int]:
    """Revoke a token; its sockets are closed."""
    who = await auth.login_session()
    store = auth.store()
    if not await tokens.revoke(store.database, who.user.id, token_id):
        raise ProtocolError(Code.NOT_FOUND, "There is no such token.")
    await store.pubsub.publish(pubsub.TOKENS_CHANNEL, token_id)
    return "", 204
