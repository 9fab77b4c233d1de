"""A thread with an event loop, so that synchronous callers can use asynchronous code from anywhere.

From a script, from several threads, and from a notebook, whose own loop is running already.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, wait
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from wegent.client.errors import ConnectionFailedError
from wegent.protocol.time_limit import time_limit

CLOSE_SECONDS = 5.0
LOOK_SECONDS = 0.5
"""A wait in the main thread wakes this often: Windows only handles Ctrl-C between waits."""

S = TypeVar("S")
T = TypeVar("T")


class Portal:
    """Runs coroutines in a thread of its own; starts it at the first use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()  # the collector may close a client from within a call
        self._is_closed = False
        self._process = os.getpid()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin to run ``coroutine``."""
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._running_loop())
        except BaseException:
            coroutine.close()
            raise

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run ``coroutine`` and return what it gives; an interrupt (Ctrl-C) ends the wait, and the coroutine."""
        future = self.submit(coroutine)
        try:
            while not wait([future], timeout=LOOK_SECONDS).done:
                pass
        except BaseException:
            future.cancel()
            raise
        return _outcome(future)

    def call_telling(
        self,
        make: Callable[[Callable[[S], object] | None], Coroutine[Any, Any, T]],
        tell: Callable[[S], object] | None,
    ) -> T:
        """Run what ``make`` gives and return what that gives; what it tells meanwhile is told in this thread."""
        if tell is None:
            return self.call(make(None))
        told: SimpleQueue[S | None] = SimpleQueue()
        future = self.submit(make(told.put))
        future.add_done_callback(lambda _: told.put(None))
        try:
            while not (future.done() and told.empty()):
                with contextlib.suppress(Empty):
                    if (each := told.get(timeout=LOOK_SECONDS)) is not None:
                        tell(each)
        except BaseException:
            future.cancel()
            raise
        return _outcome(future)

    def run(self, function: Callable[[], T]) -> T:
        """Call ``function`` in the loop's thread."""

        async def called() -> T:
            return function()

        return self.call(called())

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``last()``, cancel what else runs, and end the thread; harmless when closed or never used."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._is_closed, self._loop, self._thread = True, None, None
        if loop is None or thread is None or os.getpid() != self._process:
            return
        asyncio.run_coroutine_threadsafe(_end(loop, last), loop)
        if thread is not threading.current_thread():
            thread.join(CLOSE_SECONDS)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._is_closed:
                raise _closed()
            if os.getpid() != self._process:
                raise ConnectionFailedError(
                    "This client belongs to the process that made it.",
                    hint="Make a new client after a fork.",
                    is_lasting=True,
                )
            if threading.current_thread() is self._thread:
                raise RuntimeError("A synchronous call in the client's own thread would wait for itself.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="wegent client", daemon=True
                )
                self._thread.start()
            return self._loop


def _outcome(future: Future[T]) -> T:
    try:
        return future.result()
    except CancelledError:
        raise _closed() from None


def _closed() -> ConnectionFailedError:
    return ConnectionFailedError("This client was closed.", hint="Make a new one.", is_lasting=True)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _end(loop: asyncio.AbstractEventLoop, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        async with time_limit(CLOSE_SECONDS / 2):
            await last()
    finally:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=CLOSE_SECONDS / 4)
        loop.call_soon(loop.stop)
