"""How the executor and a process that hosts a shell's work talk: JSON lines over its pipes."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec


def line(message: msgspec.Struct) -> bytes:
    """Write one message as a line."""
    return msgspec.json.encode(message) + b"\n"


class Reader(Protocol):
    """A byte stream, such as asyncio.StreamReader."""

    async def read(self, n: int) -> bytes:
        """Return up to ``n`` bytes, none at the end."""


async def lines(reader: Reader) -> AsyncIterator[bytes]:
    """Yield whole lines of any length; a torn last one is dropped."""
    pieces: list[bytes] = []
    while chunk := await reader.read(64 << 10):
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            yield b"".join((*pieces, end))
            pieces = []
        if rest:
            pieces.append(rest)


def last_said(pieces: deque[bytes]) -> str:
    """Return the end of what a process said. Where its beginning is lost, so is the rest of that line.

    Half a secret would not be known as one.
    """
    said = b"".join(pieces)
    if len(pieces) == pieces.maxlen:
        said = said.partition(b"\n")[2]
    return said.decode(errors="replace").strip()
