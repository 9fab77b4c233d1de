"""Painting not more often than eyes see: at once, then at most ten times a second, and only after a change."""

import asyncio
from collections.abc import Callable

INTERVAL = 0.1
"""Seconds between two paintings of one view."""


class Painter:
    """Calls ``paint`` in the loop in which it is touched: on the leading and on the trailing edge of a burst."""

    def __init__(self, paint: Callable[[], None], interval: float = INTERVAL) -> None:
        self._paint = paint
        self._interval = interval
        self._waiting: asyncio.TimerHandle | None = None
        self._is_dirty = False

    def touch(self) -> None:
        """Note that something changed."""
        self._is_dirty = True
        if self._waiting is None:
            self._now()

    def close(self) -> None:
        """Paint what has changed, and no more."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._is_dirty:
            self._is_dirty = False
            self._paint()

    def _now(self) -> None:
        self._waiting = None
        if not self._is_dirty:
            return
        self._is_dirty = False
        self._waiting = asyncio.get_running_loop().call_later(self._interval, self._now)
        self._paint()
