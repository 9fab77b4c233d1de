"""Orphaned grandchildren become our children (``become_subreaper``); when they end somebody must wait for them."""

import contextlib
import os
import sys
import time

import psutil

SETTLED = 1.0
"""Seconds after which a zombie is nobody else's to wait for: asyncio waits for its own at once."""


class Reaper:
    """Waits for zombies that nobody else waits for."""

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}

    def look(self) -> None:
        """Reap those that were there :data:`SETTLED` seconds ago already."""
        if sys.platform != "linux":
            return
        now = time.monotonic()
        self._seen = {pid: self._seen.get(pid, now) for pid in _zombie_children()}
        for pid, since in self._seen.items():
            if now - since >= SETTLED:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)


def _zombie_children() -> list[int]:
    found = []
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
    return found
