"""Waiting for several tasks: one after the other as they end, or for all."""

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Awaitable, Generator, Iterable, Iterator
from typing import Generic, NamedTuple, Self, TypeVar, overload

from wegent.client.blocking_tasks import Task
from wegent.client.errors import WaitTimeoutError
from wegent.client.tasks import AsyncTask
from wegent.protocol.resources import Subtask

T = TypeVar("T", Task, AsyncTask)


class Waited(NamedTuple, Generic[T]):
    """Handles of what has ended and of what has not, both in the order in which they were given."""

    done: list[T]
    pending: list[T]

    def __await__(self) -> Generator[None, None, Self]:
        """Give itself: waiting for no tasks is over at once, also for who awaits it."""
        yield from ()
        return self


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


@overload
def wait(tasks: Iterable[Task], timeout: float | None = None) -> Waited[Task]: ...


@overload
def wait(tasks: Iterable[AsyncTask], timeout: float | None = None) -> Awaitable[Waited[AsyncTask]]: ...


def wait(
    tasks: Iterable[Task] | Iterable[AsyncTask], timeout: float | None = None
) -> Waited[Task] | Awaitable[Waited[AsyncTask]]:
    """Return ``(done, pending)`` once all have ended, or after ``timeout`` seconds; it raises nothing.

    How each one ended is its own to tell: ``result()``. Handles of an :class:`AsyncClient` are awaited:
    ``done, pending = await wegent.wait(tasks)``.
    """
    handles = list(tasks)
    if any(isinstance(task, AsyncTask) for task in handles):
        return _wait_in_loop([task for task in handles if isinstance(task, AsyncTask)], timeout)
    return _wait_here([task for task in handles if isinstance(task, Task)], timeout)


def _wait_here(tasks: list[Task], timeout: float | None) -> Waited[Task]:
    waits = [task.begin_waiting() for task in tasks]
    try:
        concurrent.futures.wait(waits, timeout)
        return _waited(tasks, [each.done() for each in waits])
    finally:
        for each in waits:
            each.cancel()


async def _wait_in_loop(tasks: list[AsyncTask], timeout: float | None) -> Waited[AsyncTask]:
    waits = [asyncio.ensure_future(_ended(task)) for task in tasks]
    try:
        if waits:
            await asyncio.wait(waits, timeout=timeout)
        return _waited(tasks, [each.done() for each in waits])
    finally:
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def _waited(tasks: list[T], have_ended: list[bool]) -> Waited[T]:
    pairs = list(zip(tasks, have_ended, strict=True))
    return Waited([task for task, has in pairs if has], [task for task, has in pairs if not has])


def _begin_waiting(task: Task | AsyncTask) -> concurrent.futures.Future[Subtask]:
    if isinstance(task, AsyncTask):
        raise TypeError("Handles of an AsyncClient are iterated with `async for`.")
    return task.begin_waiting()


async def _ended(task: Task | AsyncTask) -> None:
    if isinstance(task, Task):
        await asyncio.wrap_future(task.begin_waiting())
    else:
        await task.wait()
