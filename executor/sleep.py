"""Notices that the computer slept: sockets look open afterwards, and are not."""

import asyncio
import time
from collections.abc import Callable

EVERY = 1.0
JUMP = 5.0
"""Seconds by which the wall clock must run ahead of the monotonic one, which stands still during sleep."""
FROZEN = 15.0
"""Seconds of the monotonic clock that are too many for a pause: on Windows it goes on during sleep."""


async def watch(on_wake: Callable[[], None]) -> None:
    """Call ``on_wake`` each time the computer has woken, or this process has.

    Or the clock was set ahead, or much was in the way of a pause: a new connection does no harm.
    """
    while True:
        wall, steady = time.time(), time.monotonic()
        await asyncio.sleep(EVERY)
        if has_slept(time.time() - wall, time.monotonic() - steady):
            on_wake()


def has_slept(wall_seconds: float, steady_seconds: float) -> bool:
    """Whether a pause of ``EVERY`` seconds was one in which nothing ran."""
    return wall_seconds - steady_seconds > JUMP or steady_seconds > FROZEN
