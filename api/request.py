"""JSON bodies, read strictly: the declared type or a problem+json that names the field."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from quart import Request, Response, request
from quart_schema import document_request

from wegent.protocol.codec import MAX_FRAME, decode_data
from wegent.protocol.errors import Code, ProtocolError

T = TypeVar("T")

MAX_JSON = MAX_FRAME
MAX_DISCARDED = 8 << 20
"""So much of a body that is too large is still read: who is cut off while sending does not see why."""


class JSONRequest(Request):
    """Quart's request with msgspec as its JSON reader, so that bad UTF-8 and deep nesting are a 400."""

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body as Python objects."""
        return decode_data(await read_body(self), msgspec.Raw, "The body")


async def read_body(asking: Request) -> bytes:
    """Return the whole body; raise ``too_large`` (however it is sent) or ``bad_message`` if it is not JSON."""
    if asking.mimetype != "application/json":
        raise ProtocolError(
            Code.BAD_MESSAGE, "The body must be JSON.", "Send it with Content-Type: application/json."
        )
    body = bytearray()
    size = 0
    async for part in asking.body:
        size += len(part)
        if size <= MAX_JSON:
            body += part
        elif size > MAX_DISCARDED:
            break
    if size > MAX_JSON:
        raise ProtocolError(Code.TOO_LARGE, f"A JSON body may have {MAX_JSON} bytes.")
    return bytes(body)


def json_body(kind: type[T]) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:
    """Give a view its body as ``data``, read strictly as ``kind``, and document it.

    quart-schema's own decorator converts ("7" becomes 7); this one refuses.
    """

    def decorate(view: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(view)
        async def wrapper(*args: Any, **kwargs: Any) -> Response | Any:
            return await view(*args, data=decode_data(await read_body(request), kind, "The body"), **kwargs)

        documented: Callable[..., Awaitable[Any]] = document_request(kind)(wrapper)
        return documented

    return decorate
