"""Requests for files, asked again while the server cannot be reached or cannot answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

from wegent.client.rest import retry_after
from wegent.protocol.backoff import full_jitter

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT = 0.5
LONGEST_WAIT = 15.0
TIMEOUT = aiohttp.ClientTimeout(sock_connect=10, sock_read=30)
_ASK_AGAIN = frozenset({401, 408, 425, 429, 500, 502, 503, 504})
"""Answers that pass: also a token that has expired, since the executor waits for a new login."""


class NotYetError(Exception):
    """The server cannot do it just now; ask again, not before ``after`` seconds."""

    def __init__(self, message: str, after: float = 0) -> None:
        super().__init__(message)
        self.after = after


def check_passing(answer: aiohttp.ClientResponse) -> None:
    """Raise :class:`NotYetError` for an answer that passes."""
    if answer.status in _ASK_AGAIN:
        after = retry_after(answer.headers)
        raise NotYetError(f"the server answered HTTP {answer.status}", after)


class Transfer:
    """Repeats what failed on the way; ``tell`` is given the first reason for which nothing happens for a while."""

    def __init__(self, tell: Callable[[str], Awaitable[None]]) -> None:
        self._tell = tell
        self._is_trouble_told = False

    async def repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what ``attempt`` gives in the end; how long that may take is the caller's to say."""
        for wait in full_jitter(FIRST_WAIT, LONGEST_WAIT):
            try:
                return await attempt()
            except NotYetError as error:
                pause = max(wait, error.after)
                await self._tell_once(str(error))
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                pause = wait
                await self._tell_once(str(error) or type(error).__name__)
            await asyncio.sleep(pause)
        raise AssertionError("full_jitter never ends")

    async def _tell_once(self, reason: str) -> None:
        log.info("A file is not transferred yet: %s", reason)
        if not self._is_trouble_told:
            self._is_trouble_told = True
            await self._tell(reason)
