"""A cell that waits for its task: what comes from it, and interrupts, one after the other in the cell's thread."""

import asyncio
import queue
import signal
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import FrameType
from typing import Any, NamedTuple, Self

from notebook_ext import showing
from notebook_ext.errors import CellError, in_notebook, remote_error
from notebook_ext.outputs import Outputs, RemoteValue
from notebook_ext.session import Session
from notebook_ext.stage import Stage
from wegent.client.blocking_tasks import Task
from wegent.client.cell_outputs import completed
from wegent.client.errors import SettledError, WegentError
from wegent.protocol.chat_messages import Done
from wegent.protocol.output_events import AnyEvent, Approval
from wegent.protocol.resources import CLOUD, Subtask, TaskError
from wegent.protocol.states import State

LOOK_SECONDS = 0.2
"""Windows handles an interrupt only between waits."""


class Interrupted(NamedTuple):
    """The stop button was pressed."""


class CannotStop(NamedTuple):
    """The wish to stop it did not arrive."""

    reason: str


News = list[AnyEvent] | Subtask | Done | WegentError | Interrupted | CannotStop


class Ears:
    """Within the block an interrupt raises nothing: it is news like what comes from the task."""

    def __init__(self) -> None:
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Take interrupts over; in a thread that is not the main one there are none."""
        self._is_main = threading.current_thread() is threading.main_thread()
        if self._is_main:
            self._before = signal.signal(signal.SIGINT, self._pressed)
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Give them back."""
        if self._is_main:
            signal.signal(signal.SIGINT, self._before)

    def next(self) -> News | None:
        """Return the next piece of news; None after a moment without any."""
        try:
            return self.news.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return None

    def _pressed(self, number: int, frame: FrameType | None) -> None:
        self.news.put(Interrupted())


def follow(session: Session, task: Task, is_code: bool = False) -> RemoteValue | None:
    """Show a task until it has ended; raise :class:`CellError` if it failed, was stopped, or was left."""
    if not session.in_kernel and not is_code:
        _in_terminal(session, task)
        return None
    outputs = Outputs(lambda: task.subtask().device_id == CLOUD)
    with Ears() as ears:
        stage = Stage(session, task, is_code)
        following = task.portal.submit(_read(task, ears) if stage.is_bare else _wait(task, ears))
        try:
            ended = _listen(session, task, ears, outputs, stage)
        finally:
            following.cancel()
            stage.end()
    _conclude(session, ended.state, ended.error, outputs)
    return outputs.value


def _listen(session: Session, task: Task, ears: Ears, outputs: Outputs, stage: Stage) -> Subtask | Done:
    """Handle what comes until the task has ended. The first interrupt asks to stop, the second leaves."""
    words, is_stopping = session.words, False
    while True:
        news = ears.next()
        stage.tend(isinstance(news, list) and any(isinstance(event, Approval) for event in news))
        match news:
            case None:
                pass
            case list() as events:
                for event in events:
                    outputs.publish(event)
            case Subtask() | Done() as ended:
                return ended
            case Interrupted() if is_stopping:
                raise CellError(words("left_cell_stopping", id=task.id))
            case Interrupted():
                is_stopping = True
                print(words("stopping_cell"), file=sys.stderr)
                _begin_stopping(task, ears)
            case CannotStop(reason):
                is_stopping = False
                print(words("cannot_stop", reason=reason), file=sys.stderr)
            case WegentError() as error:
                raise error


def _conclude(session: Session, state: State, error: TaskError | None, outputs: Outputs) -> None:
    if state is State.CANCELLED:
        raise CellError(session.words("stopped_cell"))
    if state is State.FAILED:
        if outputs.error is not None:
            raise remote_error(outputs.error)
        told = error or TaskError("", session.words(State.FAILED))
        message, hint = session.words.problem(told.code, told.message, told.hint)
        raise CellError(in_notebook(f"{message} {hint}".strip()))


async def _wait(task: Task, ears: Ears) -> None:
    await _told(ears, task.core.wait())


async def _read(task: Task, ears: Ears) -> None:
    await _told(ears, _read_all(task, ears))


async def _read_all(task: Task, ears: Ears) -> Done:
    async with task.core.stream() as stream:
        while events := await stream.read():
            ears.news.put(await completed(task.client.core.rest, events))
        assert stream.outcome is not None
        return stream.outcome


async def _told(ears: Ears, coroutine: Coroutine[Any, Any, Subtask | Done]) -> None:
    """Tell how it ended, or why that cannot be known."""
    try:
        ears.news.put(await coroutine)
    except WegentError as error:
        ears.news.put(error)


def _begin_stopping(task: Task, ears: Ears) -> None:
    def asked(future: Future[State]) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, WegentError) and not isinstance(error, SettledError):
            ears.news.put(CannotStop(str(error)))

    task.portal.submit(task.core.cancel()).add_done_callback(asked)


def _in_terminal(session: Session, task: Task) -> None:
    """Follow as `wegent attach` does, questions and Ctrl-C included."""
    from wegent.terminal.following import COMPLETED
    from wegent.terminal.sending import attach
    from wegent.terminal.session import for_process

    loop = asyncio.new_event_loop()
    try:
        code = loop.run_until_complete(attach(for_process(session.words, None, as_json=False), task.id, None))
    finally:
        loop.close()
    if code != COMPLETED:
        state = task.status
        raise CellError(session.words(state))


def leave(session: Session, task: Task) -> None:
    """Let it go on in the background, with a live view where there are some."""
    if showing.has_views(session):
        showing.show_task(session, task)
