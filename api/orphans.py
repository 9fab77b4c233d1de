"""Processes below us that lost their parent: adopted, so that `up` can leave none behind (Linux only).

Who ends its children itself (the executor does) leaves nothing here; this is for when it was killed.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
REAP_SECONDS = 5.0
KILL_SECONDS = 5.0


def adopt() -> None:
    """Become the parent of every descendant whose own parent dies (PR_SET_CHILD_SUBREAPER, prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


async def reap(own: Callable[[], set[int]]) -> None:
    """For ever: clear away adopted children that ended; ``own`` tells those that somebody else waits for."""
    seen: set[int] = set()
    while True:
        await asyncio.sleep(REAP_SECONDS)
        # Seen twice: one of our own that has just ended is waited for by asyncio in between.
        ended = {pid for pid in _children() - own() if _is_zombie(pid)}
        for pid in ended & seen:
            _wait_for(pid)
        seen = ended


def kill() -> int:
    """When our own children have ended: kill what else is below us, and return how many there were."""
    killed: set[int] = set()
    deadline = time.monotonic() + KILL_SECONDS
    while (children := _children()) and time.monotonic() < deadline:
        for pid in children:
            if not _is_zombie(pid):
                killed.add(pid)
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            _wait_for(pid)
        time.sleep(0.01)
    return len(killed)


def _children() -> set[int]:
    # /proc/self/task/*/children would say it at once, but not every kernel has it (CONFIG_PROC_CHILDREN).
    return {pid for pid in _all_pids() if _stat(pid)[1:2] == [str(os.getpid())]}


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")] if sys.platform == "linux" else []


def _is_zombie(pid: int) -> bool:
    return _stat(pid)[:1] == ["Z"]


def _stat(pid: int) -> list[str]:
    """Return a process's state, its parent and what follows them; nothing if there is no such process."""
    try:
        # pid (name) state parent …; the name may hold anything, parentheses too: proc(5).
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _wait_for(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
