"""Many tasks at once: what `map` returns."""

import asyncio
import concurrent.futures
import os
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal, TypeVar, overload

from wegent.client.blocking_tasks import Task
from wegent.client.completion import Waited, wait
from wegent.client.devices import SHORT
from wegent.client.errors import WaitTimeoutError, WegentError
from wegent.client.results import Result
from wegent.client.tables import text_table
from wegent.client.tasks import AsyncTask
from wegent.protocol.resources import ANY, Subtask
from wegent.protocol.states import TERMINAL
from wegent.protocol.time_limit import time_limit

LOOK_SECONDS = 5.0
"""How long showing a list waits for how its tasks stand."""
PROMPT_LETTERS = 60

T = TypeVar("T")


class AsyncTaskList(list[AsyncTask]):
    """Handles of an :class:`AsyncClient`, in order: a list that can also be waited for as a whole."""

    def __repr__(self) -> str:
        """Show a table in plain text: each task as it was when the server was last asked."""
        return _text(self)

    async def wait(self, timeout: float | None = None) -> Waited[AsyncTask]:
        """Return ``(done, pending)`` once all have ended or ``timeout`` seconds are over: :func:`wegent.wait`."""
        return await wait(self, timeout)

    @overload
    async def results(
        self, timeout: float | None = None, *, return_exceptions: Literal[False] = False
    ) -> list[Result]: ...

    @overload
    async def results(
        self, timeout: float | None = None, *, return_exceptions: bool
    ) -> list[Result | BaseException]: ...

    async def results(
        self, timeout: float | None = None, *, return_exceptions: bool = False
    ) -> list[Result] | list[Result | BaseException]:
        """Wait for all and return their results in order; raise the first failure, unless ``return_exceptions``.

        Raises :class:`WaitTimeoutError` after ``timeout`` seconds.
        """
        try:
            async with time_limit(timeout) as limit:
                outcomes = await asyncio.gather(*(task.result() for task in self), return_exceptions=True)
        except TimeoutError:
            if limit.expired() and timeout is not None:
                raise WaitTimeoutError.after(timeout) from None
            raise
        return outcomes if return_exceptions else _succeeded(outcomes)

    async def subtasks(self) -> list[Subtask]:
        """Return how each stands; those that have ended are not asked for again."""
        return await asyncio.gather(*map(_look, self))

    async def cancel(self) -> None:
        """Ask all that have not ended to stop."""
        await asyncio.gather(*(task.cancel() for task in self))


class TaskList(list[Task]):
    """Handles of a :class:`Client`, in order: a list that can be waited for as a whole, and a table when shown."""

    def __repr__(self) -> str:
        """Show a table in plain text: each task as it was when the server was last asked."""
        return _text(self)

    def _repr_html_(self) -> str:
        """Show the same table in a notebook."""
        from wegent.html.standings import standing_seen  # rendering is only needed where it is shown
        from wegent.html.style import styled
        from wegent.html.task_tables import tasks_html
        from wegent.html.words import Words

        seen = [(task.id, task.last_seen) for task in self]
        standings = [standing_seen(id, last) for id, last in seen]
        return styled(tasks_html(standings, Words.for_locale(os.environ), time.time()))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Ask how they stand, then show them; in a notebook or in IPython's terminal."""
        try:
            _succeeded(_gathered([task.portal.submit(_look(task.core)) for task in self], LOOK_SECONDS))
        except WegentError as error:
            return {"text/plain": f"{self!r}\nThis may be old: {error.message}"}
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def wait(self, timeout: float | None = None) -> Waited[Task]:
        """See :meth:`AsyncTaskList.wait`."""
        return wait(self, timeout)

    @overload
    def results(
        self, timeout: float | None = None, *, return_exceptions: Literal[False] = False
    ) -> list[Result]: ...

    @overload
    def results(
        self, timeout: float | None = None, *, return_exceptions: bool
    ) -> list[Result | BaseException]: ...

    def results(
        self, timeout: float | None = None, *, return_exceptions: bool = False
    ) -> list[Result] | list[Result | BaseException]:
        """See :meth:`AsyncTaskList.results`."""
        outcomes = _gathered([task.portal.submit(task.core.result()) for task in self], timeout)
        return outcomes if return_exceptions else _succeeded(outcomes)

    def subtasks(self) -> list[Subtask]:
        """See :meth:`AsyncTaskList.subtasks`."""
        return _succeeded(_gathered([task.portal.submit(_look(task.core)) for task in self]))

    def cancel(self) -> None:
        """See :meth:`AsyncTaskList.cancel`."""
        _succeeded(_gathered([task.portal.submit(task.core.cancel()) for task in self]))


async def _look(task: AsyncTask) -> Subtask:
    """Return how a task stands; a state that is the last one never changes."""
    seen = task.last_seen
    return seen if seen is not None and seen.state in TERMINAL else await task.subtask()


def _gathered(futures: Sequence[Future[T]], timeout: float | None = None) -> list[T | BaseException]:
    """Wait for all and return what came of each, in order."""
    try:
        if concurrent.futures.wait(futures, timeout).not_done:
            raise WaitTimeoutError.after(timeout or 0)
    finally:
        for future in futures:
            future.cancel()
    return [future.exception() or future.result() for future in futures]


def _succeeded(outcomes: Sequence[T | BaseException]) -> list[T]:
    """Return what came of all; raise the first failure."""
    results: list[T] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results


def _text(tasks: Sequence[Task | AsyncTask]) -> str:
    return text_table([_row(task) for task in tasks]) or "no tasks"


def _row(task: Task | AsyncTask) -> tuple[str, ...]:
    seen = task.last_seen
    if seen is None:
        return "sent", "", "", task.id
    prompt = " ".join(seen.prompt.split())
    return (
        seen.state,
        prompt if len(prompt) <= PROMPT_LETTERS else f"{prompt[:PROMPT_LETTERS]}…",
        "any" if seen.device_id == ANY else seen.device_id[:SHORT],
        task.id,
    )
