"""Ctrl-C as something to wait for."""

import asyncio
import signal
from types import FrameType
from typing import Self


class Interrupts:
    """Within the block Ctrl-C does not end the program; :meth:`next` tells of it."""

    def __init__(self) -> None:
        self._pressed: asyncio.Queue[None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._by_loop = True

    def __enter__(self) -> Self:
        """Take Ctrl-C over."""
        self._before = signal.getsignal(signal.SIGINT)
        try:
            self._loop.add_signal_handler(signal.SIGINT, self._pressed.put_nowait, None)
        except NotImplementedError:  # Windows
            self._by_loop = False
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Give it back."""
        if self._by_loop:
            self._loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, self._before)

    async def next(self) -> None:
        """Wait until Ctrl-C is pressed (again)."""
        await self._pressed.get()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._pressed.put_nowait, None)
