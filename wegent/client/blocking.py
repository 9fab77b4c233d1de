"""`Client`: the same as :class:`AsyncClient`, without `await`.

Everything is done by an :class:`AsyncClient` in a thread of its own, so it works in scripts, in threads, and in a
notebook, where a loop is running already.
"""

import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from wegent.client.approvals import Asked
from wegent.client.async_client import AsyncClient
from wegent.client.blocking_tasks import Task
from wegent.client.devices import DeviceList, Where
from wegent.client.errors import WegentError
from wegent.client.files import Attachment, Content
from wegent.client.notebooks import Notebook, coming_back, require_nbformat
from wegent.client.portal import Portal
from wegent.client.rest import RETRY_SECONDS
from wegent.client.task_lists import TaskList
from wegent.client.tasks import AsyncTask
from wegent.protocol.output_events import Cell, File
from wegent.protocol.resources import Device, StoredFile
from wegent.protocol.resources import Task as Conversation

if TYPE_CHECKING:
    from nbformat import NotebookNode


class Client:
    """A connection to one server as one user; ``with`` closes it.

    Where ``url`` and ``token`` are not given they are ``WEGENT_BACKEND_URL`` and ``WEGENT_TOKEN`` of ``environ``,
    else what ``wegent login`` saved; :class:`LoginError` where there is none. Requests are tried again for
    ``retry_seconds`` while the server is away. Closing, leaving and Ctrl-C stop nothing that was sent. It
    belongs to the process that made it, and any of its threads may use it.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.core = AsyncClient(url, token, environ=environ, retry_seconds=retry_seconds)
        self.portal = Portal()
        self._close = weakref.finalize(self, self.portal.close, self.core.close)  # also at exit

    def __repr__(self) -> str:
        """Show where it connects, and no secret."""
        return f"{type(self).__name__}({self.core.login.url!r})"

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
        return self.core.login.url

    @property
    def devices(self) -> DeviceList:
        """One's devices: a table in a notebook."""
        return self.portal.call(_devices(self.core))

    def tasks(self, limit: int = 20, search: str | None = None) -> list[Conversation]:
        """See :meth:`AsyncClient.tasks`."""
        return self.portal.call(self.core.tasks(limit, search))

    def task(self, id: str) -> Task:
        """See :meth:`AsyncClient.task`."""
        return self._handle(self.portal.call(self.core.task(id)))

    def approvals(self) -> list[Asked[Task]]:
        """See :meth:`AsyncClient.approvals`."""
        asked = self.portal.call(self.core.approvals())
        return [Asked(self._handle(each.task), each.title, each.question) for each in asked]

    def run(
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
        task: str | Task | None = None,
        title: str | None = None,
    ) -> Task:
        """See :meth:`AsyncClient.run`."""
        sending = self.core.run(
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
        return self._handle(self.portal.call(sending))

    def run_command(
        self,
        command: str | Sequence[str],
        *,
        device: Where | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        title: str | None = None,
    ) -> Task:
        """See :meth:`AsyncClient.run_command`."""
        sending = self.core.run_command(command, device=device, wait=wait, dir=dir, options=options, title=title)
        return self._handle(self.portal.call(sending))

    def run_code(
        self,
        code: str,
        *,
        device: Where | None = None,
        kernel: str | None = None,
        inputs: Mapping[str, Any] = {},
        outputs: Sequence[str] = (),
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        title: str | None = None,
        task: str | Task | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Task:
        """See :meth:`AsyncClient.run_code`."""
        sending = self.core.run_code(
            code,
            device=device,
            kernel=kernel,
            inputs=inputs,
            outputs=outputs,
            wait=wait,
            dir=dir,
            options=options,
            title=title,
            task=task.task_id if isinstance(task, Task) else task,
            progress=progress,
        )
        return self._handle(self.portal.call(sending))

    def run_notebook(
        self,
        notebook: Notebook,
        parameters: Mapping[str, Any] | None = None,
        *,
        device: Where | None = None,
        kernel: str | None = None,
        cell_timeout_seconds: float | None = None,
        timeout: float | None = None,
        progress: Callable[[Cell], object] | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        files: Sequence[Attachment] = (),
        title: str | None = None,
    ) -> "NotebookNode":
        """See :meth:`AsyncClient.run_notebook`; ``progress`` is called in this thread."""
        require_nbformat()
        task = self.start_notebook(
            notebook,
            parameters,
            device=device,
            kernel=kernel,
            cell_timeout_seconds=cell_timeout_seconds,
            wait=wait,
            dir=dir,
            options=options,
            files=files,
            title=title,
        )
        with coming_back(task.id):
            return task.notebook(timeout, progress=progress)

    def start_notebook(
        self,
        notebook: Notebook,
        parameters: Mapping[str, Any] | None = None,
        *,
        device: Where | None = None,
        kernel: str | None = None,
        cell_timeout_seconds: float | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        files: Sequence[Attachment] = (),
        title: str | None = None,
    ) -> Task:
        """See :meth:`AsyncClient.start_notebook`."""
        sending = self.core.start_notebook(
            notebook,
            parameters,
            device=device,
            kernel=kernel,
            cell_timeout_seconds=cell_timeout_seconds,
            wait=wait,
            dir=dir,
            options=options,
            files=files,
            title=title,
        )
        return self._handle(self.portal.call(sending))

    def upload(
        self, file: Content, name: str | None = None, *, progress: Callable[[int], object] | None = None
    ) -> StoredFile:
        """See :meth:`AsyncClient.upload`; ``progress`` is called in this thread."""
        return self.portal.call_telling(lambda tell: self.core.upload(file, name, progress=tell), progress)

    def download(
        self,
        file: str | StoredFile | File,
        path: str | os.PathLike[str] = ".",
        *,
        progress: Callable[[int], object] | None = None,
    ) -> Path:
        """See :meth:`AsyncClient.download`; ``progress`` is called in this thread."""
        return self.portal.call_telling(lambda tell: self.core.download(file, path, progress=tell), progress)

    def map(
        self,
        prompts: Iterable[str],
        *,
        device: Where | None = None,
        devices: Sequence[Where] | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> TaskList:
        """See :meth:`AsyncClient.map`."""
        given = list(prompts)
        sending = self.core.map(
            given, device=device, devices=devices, shell=shell, wait=wait, dir=dir, options=options
        )
        try:
            return TaskList(map(self._handle, self.portal.call(sending)))
        except WegentError as error:
            error.sent = TaskList(map(self._handle, error.sent))
            raise

    def set_default(self, device: str | Device) -> None:
        """See :meth:`AsyncClient.set_default`."""
        self.portal.call(self.core.set_default(device))

    def unset_default(self) -> None:
        """See :meth:`AsyncClient.unset_default`."""
        self.portal.call(self.core.unset_default())

    def _handle(self, core: AsyncTask) -> Task:
        return Task(self, core, self.portal)


async def _devices(core: AsyncClient) -> DeviceList:
    return await core.devices
