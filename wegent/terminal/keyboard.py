"""Lines that a person types, read only while they are asked something."""

import asyncio
import contextlib
import os
import sys
import threading
from typing import TextIO

if sys.platform != "win32":
    import termios


class Keyboard:
    """Standard input, where it is a terminal."""

    def __init__(self, stdin: TextIO) -> None:
        self._stdin = stdin
        self.is_there = stdin.isatty() and _is_in_front(stdin)

    def discard(self) -> None:
        """Forget what was typed so far: called before a question is shown."""
        if sys.platform != "win32":
            with contextlib.suppress(termios.error):  # hung up: reading will tell
                termios.tcflush(self._stdin.fileno(), termios.TCIFLUSH)

    async def line(self) -> str | None:
        """Wait for a line; None when there can be no more. Being cancelled leaves the terminal as it was."""
        typed = await (self._line_by_thread() if sys.platform == "win32" else self._line_by_loop())
        if not typed:
            self.is_there = False
            return None
        return typed.decode(errors="replace").rstrip("\r\n")

    async def _line_by_loop(self) -> bytes:
        loop = asyncio.get_running_loop()
        descriptor = self._stdin.fileno()
        ready: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            try:
                typed = os.read(descriptor, 65_536)  # a terminal gives one line at a time
            except OSError:  # it was hung up
                typed = b""
            if not ready.done():
                ready.set_result(typed)

        loop.add_reader(descriptor, read)
        try:
            return await ready
        finally:
            loop.remove_reader(descriptor)

    async def _line_by_thread(self) -> bytes:
        """Read where the loop cannot watch a console; a line that comes too late is dropped with its future."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[bytes] = loop.create_future()

        def settle(typed: bytes) -> None:
            if not ready.done():
                ready.set_result(typed)

        def read() -> None:
            typed = self._stdin.readline().encode()
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, typed)

        threading.Thread(target=read, name="keyboard", daemon=True).start()
        return await ready


def _is_in_front(stdin: TextIO) -> bool:
    """Whether this job is the one that the terminal's person types to; reading would stop any other."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(stdin.fileno()) == os.getpgrp()
    except OSError:  # a terminal, but not the one that controls us
        return True
