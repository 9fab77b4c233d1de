"""`Task` and `Stream`: handles of :class:`Client`, as their asynchronous counterparts, without `await`."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from wegent.client.devices import Where
from wegent.client.files import Attachment
from wegent.client.logs import Log
from wegent.client.portal import Portal
from wegent.client.results import Result
from wegent.client.streams import EventStream
from wegent.client.tasks import AsyncTask
from wegent.protocol.chat_messages import Done
from wegent.protocol.output_events import AnyEvent, Approval, Cell, File
from wegent.protocol.resources import Subtask
from wegent.protocol.states import State

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from wegent.client.blocking import Client


class Task:
    """One turn of a conversation on a device. ``id`` is the turn's, ``task_id`` the conversation's."""

    def __init__(self, client: "Client", core: AsyncTask, portal: Portal) -> None:
        self.client = client  # kept: the connection lives as long as a handle does
        self.core = core
        self.portal = portal
        self.id = core.id
        self.task_id = core.task_id

    def __repr__(self) -> str:
        """Show how to come back to it."""
        return f"<Task {self.id!r} of task {self.task_id!r}>"

    def _repr_html_(self) -> str:
        """Show, in a notebook, how it stands and what it has said until now; says so if that cannot be known."""
        from wegent.client.snapshots import snapshot_html  # rendering is only needed where it is shown

        return self.portal.call(snapshot_html(self.client.core, self.core))

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for the result in a running loop, a notebook's for example, without blocking it."""
        return asyncio.wrap_future(self.portal.submit(self.core.result())).__await__()

    @property
    def status(self) -> State:
        """How it stands."""
        return self.subtask().state

    def subtask(self) -> Subtask:
        """See :meth:`AsyncTask.subtask`."""
        return self.portal.call(self.core.subtask())

    def stream(self, after: int = 0) -> "Stream":
        """See :meth:`AsyncTask.stream`."""
        return Stream(self.portal.run(lambda: self.core.stream(after)), self.portal)

    @property
    def last_seen(self) -> Subtask | None:
        """What the server said of it when it was last asked."""
        return self.core.last_seen

    def wait(self, timeout: float | None = None) -> Subtask:
        """See :meth:`AsyncTask.wait`."""
        return self.portal.call(self.core.wait(timeout))

    def begin_waiting(self) -> Future[Subtask]:
        """Return a future that is done when it has ended."""
        return self.portal.submit(self.core.wait())

    def result(self, timeout: float | None = None) -> Result:
        """See :meth:`AsyncTask.result`."""
        return self.portal.call(self.core.result(timeout))

    def notebook(
        self, timeout: float | None = None, *, progress: Callable[[Cell], object] | None = None
    ) -> "NotebookNode":
        """See :meth:`AsyncTask.notebook`; ``progress`` is called in this thread."""
        return self.portal.call_telling(lambda tell: self.core.notebook(timeout, progress=tell), progress)

    def variables(self, timeout: float | None = None) -> dict[str, Any]:
        """See :meth:`AsyncTask.variables`."""
        return self.portal.call(self.core.variables(timeout))

    def output(self) -> str:
        """See :meth:`AsyncTask.output`."""
        return self.portal.call(self.core.output())

    def log(self, after: int = 0) -> Log:
        """See :meth:`AsyncTask.log`."""
        return self.portal.call(self.core.log(after))

    def questions(self) -> list[Approval]:
        """See :meth:`AsyncTask.questions`."""
        return self.portal.call(self.core.questions())

    def files(self) -> list[File]:
        """See :meth:`AsyncTask.files`."""
        return self.portal.call(self.core.files())

    def download(
        self, folder: str | os.PathLike[str] = ".", *, progress: Callable[[int], object] | None = None
    ) -> list[Path]:
        """See :meth:`AsyncTask.download`; ``progress`` is called in this thread."""
        return self.portal.call_telling(lambda tell: self.core.download(folder, progress=tell), progress)

    def cancel(self) -> State:
        """See :meth:`AsyncTask.cancel`."""
        return self.portal.call(self.core.cancel())

    def ask(
        self,
        prompt: str,
        *,
        device: Where | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        files: Sequence[Attachment] = (),
        images: Sequence[Attachment] = (),
    ) -> "Task":
        """See :meth:`AsyncTask.ask`."""
        sending = self.core.ask(
            prompt,
            device=device,
            shell=shell,
            wait=wait,
            dir=dir,
            options=options,
            files=files,
            images=images,
        )
        return Task(self.client, self.portal.call(sending), self.portal)

    def retry(self) -> "Task":
        """See :meth:`AsyncTask.retry`."""
        return Task(self.client, self.portal.call(self.core.retry()), self.portal)

    def move(self, device: Where) -> Subtask:
        """See :meth:`AsyncTask.move`."""
        return self.portal.call(self.core.move(device))

    def rename(self, title: str) -> None:
        """See :meth:`AsyncTask.rename`."""
        self.portal.call(self.core.rename(title))

    def delete(self) -> None:
        """See :meth:`AsyncTask.delete`."""
        self.portal.call(self.core.delete())

    def approve(self, question: str | Approval, *, for_task: bool = False) -> None:
        """See :meth:`AsyncTask.approve`."""
        self.portal.call(self.core.approve(question, for_task=for_task))

    def deny(self, question: str | Approval, message: str | None = None) -> None:
        """See :meth:`AsyncTask.deny`."""
        self.portal.call(self.core.deny(question, message))

    def answer(self, approval_id: str, choice: str, message: str | None = None) -> None:
        """See :meth:`AsyncTask.answer`."""
        self.portal.call(self.core.answer(approval_id, choice, message))

    def send(self, text: str) -> None:
        """See :meth:`AsyncTask.send`."""
        self.portal.call(self.core.send(text))


class Stream(Iterator[AnyEvent]):
    """Iterate it for events; ``seq`` and ``outcome`` are as in :class:`EventStream`."""

    def __init__(self, core: EventStream, portal: Portal) -> None:
        self.seq = core.seq
        self.core = core
        self.portal = portal
        self._given: deque[AnyEvent] = deque()

    @property
    def outcome(self) -> Done | None:
        """How the subtask ended, once everything before was read."""
        return None if self._given else self.core.outcome

    def __next__(self) -> AnyEvent:
        """Return the next event."""
        if not self._given:
            self._given.extend(self.portal.call(self.core.read()))
        if not self._given:
            raise StopIteration
        self.seq += 1
        return self._given.popleft()

    def __enter__(self) -> Self:
        """Follow until the block is left."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Follow no more."""
        self.leave()

    def leave(self) -> None:
        """Follow no more; the subtask goes on."""
        self.portal.run(self.core.leave)
