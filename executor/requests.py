"""Questions to the server that want an answer, and what the answers can be."""

import asyncio
from typing import Protocol, TypeVar

import msgspec

from wegent.protocol.errors import Code

ANSWER_WITHIN = 20.0
"""Seconds after which a question is repeated; every one is safe to send twice."""
PAUSE = 1.0
"""Seconds before a question is repeated that the server could not answer just then."""
_ASK_AGAIN = frozenset({Code.RATE_LIMITED, Code.UNAVAILABLE})

T = TypeVar("T")


class Refused(msgspec.Struct, frozen=True):
    """The data of the ``error`` that answers a question."""

    code: str
    message: str = ""
    hint: str = ""


class Done(msgspec.Struct, frozen=True):
    """The ``{}`` that answers a question."""


class RefusedError(Exception):
    """The server said no."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.message} {refused.hint} ({refused.code})".strip())
        self.code = refused.code


class Connection(Protocol):
    """What can be done with a connection: :class:`executor.session.Session`, seen from those it serves."""

    async def request(self, event: str, data: object, kind: type[T], deadline: float) -> T:
        """Send a question and return its answer; raise RefusedError, TimeoutError or ConnectionLostError."""

    async def send(self, frame: bytes) -> None:
        """Send a frame that wants no answer."""


async def ask(connection: Connection, event: str, data: object) -> None:
    """Ask until the server answers ``{}``; raise RefusedError when it says no for good."""
    while True:
        try:
            await connection.request(event, data, Done, ANSWER_WITHIN)
            return
        except TimeoutError:
            continue
        except RefusedError as refused:
            if refused.code not in _ASK_AGAIN:
                raise
            await asyncio.sleep(PAUSE)
