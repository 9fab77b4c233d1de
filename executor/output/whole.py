"""All that a subtask puts out, byte for byte, in a file on the device: for when it is more than is sent."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

from executor.workspace import folder_name

HELD = 256 << 10
"""Bytes that stay in memory: what puts out no more never touches the disk."""
_LOOK_EVERY = 128 << 10
_FREE = 1 << 30
_FREE_SHARE = 0.05
"""What stays free on the disk: so many bytes, or this share of a small one."""


def file_of(home: Path, subtask_id: str) -> Path:
    """Return where the file of a subtask stays: outside its task's folder, whose files may be sent back."""
    return home / "output" / f"{folder_name(subtask_id)}.log"


class WholeOutput:
    """Written to ``draft`` from the beginning, and moved to ``path`` once it is wanted; at most ``most`` bytes.

    A disk that is full or fails ends it, and nothing else: ``ended`` says why there is no more in it.
    """

    def __init__(self, draft: Path, path: Path, most: int) -> None:
        self.path = path
        self.size = 0
        self.ended = "" if most else "this device keeps no files of output"
        self.is_kept = False
        self._draft = draft
        self._most = most
        self._held = bytearray()
        self._file: BinaryIO | None = None
        self._look_at = 0

    def add(self, data: bytes) -> None:
        """Keep ``data``."""
        if self.ended:
            return
        if self.size + len(data) > self._most:
            data = data[: self._most - self.size]
            self.ended = f"it may have {self._most >> 20} MiB"
        self._held += data
        self.size += len(data)
        if self._file is not None or len(self._held) > HELD:
            self._write()

    def keep(self) -> None:
        """Let the file stay, at ``path``, where there is one."""
        self._write()
        if self._file is None or not self.size:
            return
        self._file.close()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.replace(self._draft, self.path)
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            self._end(error)
            return
        self.is_kept = True

    def close(self) -> None:
        """Write what is still held; a file that is not wanted is deleted."""
        if self.is_kept:
            self._write()
        if self._file is not None:
            self._file.close()
        if not self.is_kept:
            self._draft.unlink(missing_ok=True)

    def _write(self) -> None:
        if not self._held:
            return
        try:
            if self._file is None:
                self._file = open(self._draft, "wb", buffering=0, opener=_private)  # noqa: SIM115
            if self.size >= self._look_at:
                self._look_at = self.size + _LOOK_EVERY
                _check_room(self._draft.parent)
            while self._held:
                del self._held[: self._file.write(self._held)]
        except OSError as error:
            self._end(error)

    def _end(self, error: OSError) -> None:
        self.ended = error.strerror or str(error)
        self.size -= len(self._held)
        self._held.clear()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _check_room(folder: Path) -> None:
    """Raise OSError where the disk is so full that others need what is left."""
    disk = shutil.disk_usage(folder)
    if disk.free < min(_FREE, disk.total * _FREE_SHARE):
        raise OSError(28, f"the disk is nearly full ({disk.free >> 20} MiB are free)")
