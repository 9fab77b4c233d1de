"""Work that a cancellation must not tear, and cancellations that must not get lost."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from redis.asyncio.connection import AbstractConnection

T = TypeVar("T")
Undo = Callable[[], Coroutine[Any, Any, None]]


async def to_its_end(
    work: Coroutine[Any, Any, T], undo: Callable[[], Coroutine[Any, Any, None]] | None = None
) -> T:
    """Return what ``work`` returns; if the wait is cancelled, wait for its end anyway, and then ``undo`` it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled() and task.exception() is None and undo is not None:
            await to_its_end(undo())
        raise


def cancellable(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """Return ``kind`` of connection to Redis, so that a cancelled command is a cancelled command.

    redis-py sends within ``asyncio.wait_for``. On Python 3.11 that forgets a cancellation that comes in the moment
    in which all is sent, and the task that was to end goes on for ever: a worker ignores SIGTERM, a session
    outlives its socket. https://github.com/python/cpython/issues/86296, mended in 3.12.
    """
    if sys.version_info >= (3, 12):
        return kind

    class Cancellable(kind):  # type: ignore[misc, valid-type]  # which kind it is depends on the URL
        async def send_packed_command(
            self, command: bytes | str | Iterable[bytes], check_health: bool = True
        ) -> None:
            task = asyncio.current_task()
            before = 0 if task is None else task.cancelling()
            await super().send_packed_command(command, check_health)
            if task is not None and task.cancelling() > before:
                # Its answer will come, and must not be taken for the next command's.
                await self.disconnect(nowait=True)
                raise asyncio.CancelledError

    return Cancellable
