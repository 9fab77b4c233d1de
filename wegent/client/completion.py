"""Tasks in the order in which they end."""

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Generic, TypeVar

from wegent.client.blocking_tasks import Task
from wegent.client.errors import WaitTimeoutError
from wegent.client.tasks import AsyncTask
from wegent.protocol.resources import Subtask

T = TypeVar("T", Task, AsyncTask)


class Completion(Generic[T]):
    """Handles, iterated as they end: ``for`` with :class:`Task`, ``async for`` with either kind."""

    def __init__(self, tasks: Iterable[T], timeout: float | None) -> None:
        self._tasks: list[T] = list(tasks)
        self._timeout = timeout

    def __iter__(self) -> Iterator[T]:
        """Wait in this thread."""
        waits = {_begin_waiting(task): task for task in self._tasks}
        try:
            for future in concurrent.futures.as_completed(waits, self._timeout):
                yield waits[future]
        except TimeoutError:
            raise WaitTimeoutError.after(self._timeout or 0) from None
        finally:
            for future in waits:
                future.cancel()

    async def __aiter__(self) -> AsyncIterator[T]:
        """Wait in the running loop."""
        waits = {asyncio.ensure_future(_ended(task)): task for task in self._tasks}
        deadline = None if self._timeout is None else asyncio.get_running_loop().time() + self._timeout
        try:
            pending = set(waits)
            while pending:
                left = None if deadline is None else max(deadline - asyncio.get_running_loop().time(), 0)
                done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    raise WaitTimeoutError.after(self._timeout or 0)
                for future in done:
                    yield waits[future]
        finally:
            for future in waits:
                future.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def as_completed(tasks: Iterable[T], timeout: float | None = None) -> Completion[T]:
    """Return an iterator over handles as they end; how each one ended is its own to tell: ``result()``.

    It raises :class:`WaitTimeoutError` if some have not ended ``timeout`` seconds after the iteration began.
    """
    return Completion(tasks, timeout)


def _begin_waiting(task: Task | AsyncTask) -> concurrent.futures.Future[Subtask]:
    if isinstance(task, AsyncTask):
        raise TypeError("Handles of an AsyncClient are iterated with `async for`.")
    return task.begin_waiting()


async def _ended(task: Task | AsyncTask) -> None:
    if isinstance(task, Task):
        await asyncio.wrap_future(task.begin_waiting())
    else:
        await task.wait()
