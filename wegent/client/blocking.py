"""`Client`, `Task` and `Stream`: the same as their asynchronous counterparts, without `await`.

Everything is done by an :class:`AsyncClient` in a thread of its own, so it works in scripts, in threads, and in a
notebook, where a loop is running already.
"""

import asyncio
import os
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from wegent.client.async_client import AsyncClient
from wegent.client.devices import DeviceList
from wegent.client.files import Attachment, Content
from wegent.client.portal import Portal
from wegent.client.rest import RETRY_SECONDS
from wegent.client.results import Result
from wegent.client.streams import EventStream
from wegent.client.tasks import AsyncTask
from wegent.protocol.chat_messages import Done
from wegent.protocol.output_events import AnyEvent, Approval, File
from wegent.protocol.resources import Device, StoredFile, Subtask
from wegent.protocol.resources import Task as Conversation
from wegent.protocol.states import State


class Client:
    """A connection to one server as one user. Closing, leaving and Ctrl-C stop nothing that was sent."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._core = AsyncClient(url, token, environ=environ, retry_seconds=retry_seconds)
        self._portal = Portal()
        self._close = weakref.finalize(self, self._portal.close, self._core.close)  # also at exit

    def __repr__(self) -> str:
        """Show where it connects, and no secret."""
        return f"{type(self).__name__}({self._core.login.url!r})"

    def __enter__(self) -> Self:
        """Use it for the block."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connections; what was sent goes on."""
        self._close()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._core.login.url

    @property
    def devices(self) -> DeviceList:
        """One's devices: a table in a notebook."""
        return self._portal.call(_devices(self._core))

    def tasks(self, limit: int = 20, search: str | None = None) -> list[Conversation]:
        """See :meth:`AsyncClient.tasks`."""
        return self._portal.call(self._core.tasks(limit, search))

    def task(self, id: str) -> "Task":
        """See :meth:`AsyncClient.task`."""
        return self._handle(self._portal.call(self._core.task(id)))

    def run(
        self,
        prompt: str,
        *,
        device: str | Device | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        files: Sequence[Attachment] = (),
        images: Sequence[Attachment] = (),
        task: "str | Task | None" = None,
        title: str | None = None,
    ) -> "Task":
        """See :meth:`AsyncClient.run`."""
        sending = self._core.run(
            prompt,
            device=device,
            shell=shell,
            wait=wait,
            dir=dir,
            options=options,
            files=files,
            images=images,
            task=task.task_id if isinstance(task, Task) else task,
            title=title,
        )
        return self._handle(self._portal.call(sending))

    def run_command(
        self,
        command: str | Sequence[str],
        *,
        device: str | Device | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        title: str | None = None,
    ) -> "Task":
        """See :meth:`AsyncClient.run_command`."""
        sending = self._core.run_command(command, device=device, wait=wait, dir=dir, options=options, title=title)
        return self._handle(self._portal.call(sending))

    def upload(
        self, file: Content, name: str | None = None, *, progress: Callable[[int], object] = lambda _: None
    ) -> StoredFile:
        """See :meth:`AsyncClient.upload`."""
        return self._portal.call(self._core.upload(file, name, progress=progress))

    def download(self, file: str | StoredFile | File, path: str | os.PathLike[str] = ".") -> Path:
        """See :meth:`AsyncClient.download`."""
        return self._portal.call(self._core.download(file, path))

    def map(
        self,
        prompts: Iterable[str],
        *,
        devices: Sequence[str | Device] | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> "list[Task]":
        """See :meth:`AsyncClient.map`."""
        sending = self._core.map(list(prompts), devices=devices, shell=shell, wait=wait, dir=dir, options=options)
        return [self._handle(task) for task in self._portal.call(sending)]

    def set_default(self, device: str | Device) -> None:
        """See :meth:`AsyncClient.set_default`."""
        self._portal.call(self._core.set_default(device))

    def unset_default(self) -> None:
        """See :meth:`AsyncClient.unset_default`."""
        self._portal.call(self._core.unset_default())

    def _handle(self, core: AsyncTask) -> "Task":
        return Task(self, core, self._portal)


class Task:
    """One turn of a conversation on a device. ``id`` is the turn's, ``task_id`` the conversation's."""

    def __init__(self, client: Client, core: AsyncTask, portal: Portal) -> None:
        self._client = client  # kept: the connection lives as long as a handle does
        self._core = core
        self._portal = portal
        self.id = core.id
        self.task_id = core.task_id

    def __repr__(self) -> str:
        """Show how to come back to it."""
        return f"<Task {self.id!r} of task {self.task_id!r}>"

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for the result in a running loop, a notebook's for example, without blocking it."""
        return asyncio.wrap_future(self._portal.submit(self._core.result())).__await__()

    @property
    def status(self) -> State:
        """How it stands."""
        return self.subtask().state

    def subtask(self) -> Subtask:
        """See :meth:`AsyncTask.subtask`."""
        return self._portal.call(self._core.subtask())

    def stream(self, after: int = 0) -> "Stream":
        """See :meth:`AsyncTask.stream`."""
        return Stream(self._portal.run(lambda: self._core.stream(after)), self._portal)

    def wait(self, timeout: float | None = None) -> Subtask:
        """See :meth:`AsyncTask.wait`."""
        return self._portal.call(self._core.wait(timeout))

    def begin_waiting(self) -> Future[Subtask]:
        """Return a future that is done when it has ended."""
        return self._portal.submit(self._core.wait())

    def result(self, timeout: float | None = None) -> Result:
        """See :meth:`AsyncTask.result`."""
        return self._portal.call(self._core.result(timeout))

    def output(self) -> str:
        """See :meth:`AsyncTask.output`."""
        return self._portal.call(self._core.output())

    def log(self, after: int = 0) -> list[AnyEvent]:
        """See :meth:`AsyncTask.log`."""
        return self._portal.call(self._core.log(after))

    def questions(self) -> list[Approval]:
        """See :meth:`AsyncTask.questions`."""
        return self._portal.call(self._core.questions())

    def files(self) -> list[File]:
        """See :meth:`AsyncTask.files`."""
        return self._portal.call(self._core.files())

    def cancel(self) -> State:
        """See :meth:`AsyncTask.cancel`."""
        return self._portal.call(self._core.cancel())

    def ask(
        self,
        prompt: str,
        *,
        device: str | Device | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        files: Sequence[Attachment] = (),
        images: Sequence[Attachment] = (),
    ) -> "Task":
        """See :meth:`AsyncTask.ask`."""
        sending = self._core.ask(
            prompt,
            device=device,
            shell=shell,
            wait=wait,
            dir=dir,
            options=options,
            files=files,
            images=images,
        )
        return Task(self._client, self._portal.call(sending), self._portal)

    def retry(self) -> "Task":
        """See :meth:`AsyncTask.retry`."""
        return Task(self._client, self._portal.call(self._core.retry()), self._portal)

    def move(self, device: str | Device) -> Subtask:
        """See :meth:`AsyncTask.move`."""
        return self._portal.call(self._core.move(device))

    def rename(self, title: str) -> None:
        """See :meth:`AsyncTask.rename`."""
        self._portal.call(self._core.rename(title))

    def delete(self) -> None:
        """See :meth:`AsyncTask.delete`."""
        self._portal.call(self._core.delete())

    def answer(self, approval_id: str, choice: str, message: str | None = None) -> None:
        """See :meth:`AsyncTask.answer`."""
        self._portal.call(self._core.answer(approval_id, choice, message))

    def send(self, text: str) -> None:
        """See :meth:`AsyncTask.send`."""
        self._portal.call(self._core.send(text))


class Stream(Iterator[AnyEvent]):
    """Iterate it for events; ``seq`` and ``outcome`` are as in :class:`EventStream`."""

    def __init__(self, core: EventStream, portal: Portal) -> None:
        self.seq = core.seq
        self._core = core
        self._portal = portal
        self._given: deque[AnyEvent] = deque()

    @property
    def outcome(self) -> Done | None:
        """How the subtask ended, once everything before was read."""
        return None if self._given else self._core.outcome

    def __next__(self) -> AnyEvent:
        """Return the next event."""
        if not self._given:
            self._given.extend(self._portal.call(self._core.read()))
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
        self._portal.run(self._core.leave)


async def _devices(core: AsyncClient) -> DeviceList:
    return await core.devices
