"""Ties an executor to the program that started it: a notebook's kernel, say, ends it however that ends itself.

That program holds the other end of standard input, which ends with it. Whatever it forked may hold that end too
and outlive it; but a process whose parent is gone gets another one (POSIX). The death signal of Linux would not
do: it comes already when the thread ends that started us (prctl(2)).
"""

import asyncio
import contextlib
import logging
import os
import threading

from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


async def watch(end: asyncio.Event) -> None:
    """Set ``end`` when that program is gone, or has closed its end of our standard input."""
    parent = os.getppid()
    is_closed = _closing_of_stdin(asyncio.get_running_loop())
    while not is_closed.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            async with time_limit(LOOK_SECONDS):
                await is_closed.wait()
    log.info("The program that started this executor has ended, or wants it to.")
    end.set()


def _closing_of_stdin(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return what is set when standard input ends; read by a thread, since Windows has no other way."""
    is_closed = asyncio.Event()

    def read() -> None:
        try:
            while os.read(0, 1024):
                pass
        except OSError as error:
            log.debug("Standard input cannot be read: %s", error)
        with contextlib.suppress(RuntimeError):  # the executor has ended meanwhile, and its loop with it
            loop.call_soon_threadsafe(is_closed.set)

    threading.Thread(target=read, name="tether", daemon=True).start()
    return is_closed
