"""A mark that no process loses by accident: it stays through fork, exec, setsid, an emptied environment (Linux).

It is the resource limit ``RLIMIT_LOCKS``: kept for every process and handed on to its children, and without any
effect since Linux 2.4.25 (getrlimit(2)). Each subtask has a value of its own. A program that sets out to hide can
set that limit too.
"""

import contextlib
import functools
import hashlib
import sys
from collections.abc import Iterator

import psutil

from executor.environment import Mark


@contextlib.contextmanager
def inherited(mark: Mark) -> Iterator[None]:
    """Brand what is started at the beginning of the block.

    We carry the brand ourselves meanwhile: a child that got it only after its start could have forked before.
    """
    if sys.platform != "linux":
        yield
        return
    own, most = _own_limit()
    _set((_value(mark), most))
    try:
        yield
    finally:
        _set((own, most))


def is_on(process: psutil.Process, mark: Mark) -> bool:
    """Whether ``process`` came from the subtask of this mark."""
    if sys.platform != "linux":
        return False
    try:
        return process.rlimit(psutil.RLIMIT_LOCKS)[0] == _value(mark)
    except (psutil.Error, OSError):
        return False


@functools.cache
def _own_limit() -> tuple[int, int]:
    """Return what we were started with: asked once, before it is ever changed."""
    try:
        return psutil.Process().rlimit(psutil.RLIMIT_LOCKS)
    except (psutil.Error, OSError):
        return psutil.RLIM_INFINITY, psutil.RLIM_INFINITY


def _set(limit: tuple[int, int]) -> None:
    with contextlib.suppress(psutil.Error, OSError, ValueError):  # then the other ways to find children must do
        psutil.Process().rlimit(psutil.RLIMIT_LOCKS, limit)


def _value(mark: Mark) -> int:
    digest = hashlib.sha256("\0".join(mark).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) >> 2
