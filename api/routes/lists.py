"""Lists are ``{items, next}`` with ``?limit=&after=``; ``after`` is the ``next`` of the page before."""

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from wegent.protocol.errors import Code, ProtocolError

T = TypeVar("T")

Limit = Annotated[int, Meta(ge=1, le=200)]


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for."""

    limit: Limit = 50
    after: str = ""


def keys(after: str, count: int) -> tuple[int, ...] | None:
    """Return the numbers in ``after``; None for the first page; raise ``bad_message`` for what is no cursor."""
    if not after:
        return None
    parts = after.split("-")
    if len(parts) != count or not all(re.fullmatch("[0-9]{1,18}", part) for part in parts):
        raise ProtocolError(Code.BAD_MESSAGE, "`after` is not the `next` of a page.", field="after")
    return tuple(map(int, parts))


def cursor(items: Sequence[T], limit: int, *key: int) -> str | None:
    """Return ``next``: None where the list ended."""
    return "-".join(map(str, key)) if len(items) >= limit else None
