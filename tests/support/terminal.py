"""A program in a terminal of its own, and a person in front of it."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from typing import Self

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """``async with`` it; the program is its foreground job, so Ctrl-C reaches it as from a keyboard."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], columns: int = 100, stdout: int | None = None
    ) -> None:
        self._argv = argv
        self._env = {"TERM": "xterm-256color", **env}
        self._columns = columns
        self._stdout = stdout
        self._read = b""
        self._seen = 0

    async def __aenter__(self) -> Self:
        self._start()
        asyncio.get_running_loop().add_reader(self._master, self._receive)
        return self

    def _start(self) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self._columns, 0, 0))
        os.set_blocking(self._master, False)
        self._process = subprocess.Popen(
            self._argv,
            env=self._env,
            stdin=slave,
            stdout=slave if self._stdout is None else self._stdout,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    async def __aexit__(self, *exc_info: object) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    @property
    def raw(self) -> str:
        """Everything written to the terminal so far."""
        return self._read.decode(errors="replace")

    @property
    def text(self) -> str:
        """The same without colours and movements."""
        return _ESCAPES.sub("", self.raw).replace("\r", "")

    @property
    def lines(self) -> list[str]:
        """The lines that are left to be seen: what was erased is gone."""
        kept = [line.rpartition("\x1b[2K")[2] for line in self.raw.replace("\r", "").split("\n")]
        return [_ESCAPES.sub("", line) for line in kept]

    def type(self, text: str) -> None:
        """Type; ``\\x03`` is Ctrl-C."""
        os.write(self._master, text.encode())

    async def shows(self, pattern: str, timeout: float = 20) -> str:
        """Wait until ``pattern`` appears behind what was waited for before; return what it matched."""
        deadline = time.monotonic() + timeout
        while True:
            if self._process.poll() is not None:
                self._receive()
                deadline = 0  # it has said all that it will
            found = re.compile(pattern).search(self.text, self._seen)
            if found:
                self._seen = found.end()
                return found[0]
            if time.monotonic() > deadline:
                raise AssertionError(f"{pattern!r} did not appear behind character {self._seen} of:\n{self.text}")
            await asyncio.sleep(0.02)

    async def ends(self, timeout: float = 20) -> int:
        """Wait for the end of the program and return its exit code."""
        deadline = time.monotonic() + timeout
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program goes on:\n{self.text}")
            await asyncio.sleep(0.02)
        self._receive()
        return self._process.returncode

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            while piece := os.read(self._master, 65_536):
                self._read += piece


def wegent(*arguments: str) -> list[str]:
    """Return the command line of `wegent`."""
    return [sys.executable, "-P", "-m", "wegent.cli", *arguments]
