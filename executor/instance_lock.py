"""One executor per home: a lock that the kernel gives up when its holder dies, however it dies."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class LockedError(Exception):
    """Another executor uses this home already."""


class InstanceLock:
    """Holds ``executor.lock`` in ``home`` until it is released."""

    def __init__(self, home: Path) -> None:
        self._path = home / "executor.lock"
        # Not inherited by children (PEP 446): a task that outlives us must not hold the lock.
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)

    def acquire(self) -> Self:
        """Take the lock at once; raise :class:`LockedError` when somebody else has it."""
        try:
            if sys.platform == "win32":
                msvcrt.locking(self._descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = self._holder()
            os.close(self._descriptor)
            raise LockedError(
                f"Another executor{holder} runs with {self._path.parent} already."
                " `wegent-executor status` shows it; stop it first (`wegent-executor stop`), or give this one a"
                " home of its own (WEGENT_HOME=/another/folder), with an id of its own in its file device_id."
            ) from None
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # on a full disk the next one does not learn our process id
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        return self

    def _holder(self) -> str:
        """Name the holder's process id where it can be read (a lock on Windows keeps readers out too)."""
        if sys.platform == "win32":
            return ""
        written = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
        return f" (process {written})" if written.isdigit() else ""

    def release(self) -> None:
        """Give the lock up."""
        os.close(self._descriptor)
