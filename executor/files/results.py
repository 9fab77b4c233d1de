"""Result files: what a task's sender asked to get back from the folder in which it worked."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from executor.files.uploads import UploadError
from executor.shells.base import Emit, Job, SendFile
from wegent.client.file_name import media_type_of
from wegent.protocol.output_events import Notice
from wegent.protocol.resources import MAX_FILE
from wegent.protocol.time_limit import time_limit

MAX_FILES = 50
MAX_ALL = 200 << 20
"""Bytes that all files of one subtask have together."""
ALL_WITHIN = 600.0
"""Seconds that finding and sending them may take together."""
SHOWN = 10
"""Files of which it is told why they are not sent; of further ones, how many there are."""
_PLAIN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""However a file was exchanged since it was looked at, opening it neither waits nor leads elsewhere."""


class LeftOutError(Exception):
    """A file that is not sent, and why."""


class Found(msgspec.Struct):
    """The files to send, relative to the folder, and what is told of the others."""

    paths: list[Path] = []
    left_out: list[str] = []


class Results:
    """Sends the files of ``job`` that its sender asked for."""

    def __init__(self, job: Job, send_file: SendFile, emit: Emit) -> None:
        self._job = job
        self._send_file = send_file
        self._emit = emit
        self._bytes = 0

    async def send(self) -> None:
        """Send what there is, and tell what is not sent."""
        found = Found()
        try:
            async with time_limit(ALL_WITHIN):
                job = self._job
                found = await asyncio.to_thread(find, job.folder, job.options.results, job.attachments)
                for path in found.paths:
                    await self._send(path, found)
        except TimeoutError:
            found.left_out.append(f"what is left after {ALL_WITHIN:g} seconds")
        if found.left_out:
            more = len(found.left_out) - SHOWN
            told = [*found.left_out[:SHOWN], *([f"{more} more"] if more > 0 else [])]
            await self._emit(Notice("warning", f"Not sent back: {'; '.join(told)}."))

    async def _send(self, path: Path, found: Found) -> None:
        try:
            content = await asyncio.to_thread(read, self._job.folder / path)
            if self._bytes + len(content) > MAX_ALL:
                raise LeftOutError(f"all files together may have {MAX_ALL >> 20} MiB")
            self._bytes += len(content)
            await self._send_file(path.name, media_type_of(path.name), content)
        except UploadError as error:
            found.left_out.append(str(error).rstrip("."))
        except (LeftOutError, OSError) as error:
            found.left_out.append(_named(path, error))


def find(folder: Path, patterns: Sequence[str], but: Path) -> Found:
    """Return the plain files in ``folder`` that match, at most ``MAX_FILES``, and none in the folder ``but``."""
    found = Found()
    taken: dict[Path, Path] = {}
    root = folder.resolve()
    for pattern in patterns:
        matches = sorted(_matches(folder, pattern, but))
        if not matches:
            found.left_out.append(f"nothing matches {pattern}")
        for path in matches:
            try:
                real = _real(path, root)
                taken.setdefault(real, real.relative_to(root))
            except (LeftOutError, OSError, RuntimeError) as error:
                found.left_out.append(_named(path.relative_to(folder), error))
    found.paths = list(taken.values())[:MAX_FILES]
    if len(taken) > MAX_FILES:
        found.left_out.append(f"{len(taken) - MAX_FILES} further files (at most {MAX_FILES} are sent)")
    return found


def _matches(folder: Path, pattern: str, but: Path) -> Iterator[Path]:
    """Yield what a pattern names; folders only where nothing else could be meant, hidden ones only by a dot."""
    is_hidden_meant = any(part.startswith(".") for part in pattern.split("/"))
    is_exact = not any(mark in pattern for mark in "*?[")
    for path in folder.glob(pattern):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_relative_to(but) or (is_hidden and not is_hidden_meant):
            continue
        if is_exact or path.is_symlink() or not path.is_dir():
            yield path


def _real(path: Path, root: Path) -> Path:
    """Return where a file really is; raise if that is not inside ``root``, or if it is no plain file."""
    real = path.resolve(strict=True)
    if not real.is_relative_to(root):
        raise LeftOutError("a link that leads out of the folder")
    if not real.is_file():
        raise LeftOutError("no plain file")
    return real


def _named(path: Path, error: Exception) -> str:
    return f"{path.as_posix()} ({getattr(error, 'strerror', None) or error})"


def read(path: Path) -> bytes:
    """Return a plain file's content; raise OSError or :class:`LeftOutError`."""
    with open(os.open(path, _PLAIN), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise LeftOutError("no plain file")
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise LeftOutError(f"it has more than {MAX_FILE >> 20} MiB")
    return content
