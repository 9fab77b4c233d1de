"""`AsyncClient`: everything that can be asked of a server, written once."""

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, Any, Self

from wegent.client import credentials, notebooks, variables
from wegent.client.approvals import Asked, asked_now
from wegent.client.devices import DeviceList, Where, choose
from wegent.client.errors import NotFoundError
from wegent.client.feed import FRAME_LIMIT, Feed
from wegent.client.files import Attachment, Content, attach, download, put, upload
from wegent.client.notebooks import Notebook
from wegent.client.renewal import SavedLogins
from wegent.client.rest import RETRY_SECONDS, Rest, path_of
from wegent.client.sending_many import send_all
from wegent.client.task_lists import AsyncTaskList
from wegent.client.tasks import AsyncTask
from wegent.client.watches import Watch
from wegent.protocol.output_events import Cell, File
from wegent.protocol.resources import ANY, Device, Sent, StoredFile, Subtask, Task
from wegent.protocol.timing import Timing

if TYPE_CHECKING:
    from nbformat import NotebookNode

LONGEST_WAIT = 10.0
"""Seconds between two tries to reach the server, at most: somebody is watching."""


class AsyncClient:
    """A connection to one server as one user. Belongs to the event loop that uses it; ``async with`` closes it.

    ``url`` and ``token`` are by default those of ``environ``, else what ``wegent login`` saved; :class:`Client`
    says more. Closing, leaving and being cancelled stop nothing that was sent.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.login = credentials.resolve(url, token, environ)
        is_saved = self.login.source == "file"
        self.rest = Rest(self.login, retry_seconds, SavedLogins(self.login.url, environ) if is_saved else None)
        longest_wait = min(Timing.from_env(environ).reconnect_max, LONGEST_WAIT)
        self.feed = Feed(lambda: self.rest.open_socket("/ws/chat", FRAME_LIMIT), longest_wait)

    def __repr__(self) -> str:
        """Show where it connects, and no secret."""
        return f"{type(self).__name__}({self.login.url!r})"

    async def __aenter__(self) -> Self:
        """Use it for the block."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; what was sent goes on."""
        await self.feed.close()
        await self.rest.close()

    @property
    async def devices(self) -> DeviceList:
        """One's devices."""
        return DeviceList([device async for page in self.rest.pages(Device, "/devices") for device in page])

    async def tasks(self, limit: int = 20, search: str | None = None) -> list[Task]:
        """Return the newest conversations, at most ``limit``; ``search`` is looked for in them."""
        params = {"limit": str(limit)} | ({"q": search} if search else {})
        async for page in self.rest.pages(Task, "/tasks", params):
            return page[:limit]
        return []

    async def task(self, id: str) -> AsyncTask:
        """Return the handle of a turn by its id, or of the last turn of a conversation by that one's."""
        try:
            subtask = await self.rest.call(Subtask, "GET", path_of("subtasks", id))
        except NotFoundError:
            found = (await self.rest.call(Task, "GET", path_of("tasks", id))).last_subtask
            if found is None:
                raise
            subtask = found
        return AsyncTask(self, subtask.subtask_id, subtask.task_id)

    async def approvals(self) -> list[Asked[AsyncTask]]:
        """Return the questions that wait now in the newest 100 conversations: ``(task, title, question)``."""
        return await asked_now(self)

    async def run(
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
        task: "str | AsyncTask | None" = None,
        title: str | None = None,
    ) -> AsyncTask:
        """Send a prompt and return its handle at once.

        ``device`` is a name, an id, ``"cloud"``, or labels: ``{"gpu": "yes"}`` is whichever of one's devices has
        that label and a free slot first, ``{}`` any of them. Without one the server takes the conversation's last,
        else the default one. ``wait``: queue it even if the device is offline. ``dir``: its folder to work in.
        ``files`` and ``images`` are sent along: paths, or what :meth:`upload` gave. ``task``: the conversation to
        continue. Sending is tried again while the server is away, and arrives once.
        """
        merged = _in_folder(options, dir)
        for name, given in (("files", files), ("images", images)):
            if given:
                merged[name] = [*merged.get(name, []), *await attach(self.rest, list(given))]
        body = {
            "prompt": prompt,
            **await self.target(device),
            "shell": shell,
            "wait": wait or None,
            "options": merged or None,
            "title": title if task is None else None,
        }
        return await self._send(body, task.task_id if isinstance(task, AsyncTask) else task)

    async def _send(self, body: Mapping[str, Any], task_id: str | None = None) -> AsyncTask:
        path = "/tasks" if task_id is None else path_of("tasks", task_id, "subtasks")
        body = {name: value for name, value in body.items() if value is not None}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        sent = await self.rest.call(Sent, "POST", path, body=body, headers=key)
        return AsyncTask(self, sent.subtask_id, sent.task_id)

    async def run_command(
        self,
        command: str | Sequence[str],
        *,
        device: Where | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        title: str | None = None,
    ) -> AsyncTask:
        """Run one line for the device's shell, or a program with its arguments, and return the handle."""
        merged = dict(options or {})
        if not isinstance(command, str):
            merged["argv"] = list(command)
            command = join(command)
        return await self.run(
            command, device=device, shell="Command", wait=wait, dir=dir, options=merged, title=title
        )

    async def run_code(
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
        task: "str | AsyncTask | None" = None,
        progress: Callable[[int], object] | None = None,
    ) -> AsyncTask:
        """Run Python code in a kernel of the device and return the handle; ``task`` keeps its kernel.

        ``inputs`` are its variables; :meth:`AsyncTask.variables` gives the ``outputs``. They go as pickles of at
        most 24 MiB, and only between one's own machines, since a pickle is code: never to the cloud or from it.
        ``progress`` is told how many bytes of all have gone. Raises :class:`VariableError` before that.
        """
        merged = {**(options or {}), **({} if kernel is None else {"kernel": kernel})}
        if inputs or outputs:
            device = await variables.place(self, device, task)
            merged |= await variables.send(self.rest, inputs, outputs, progress)
        return await self.run(
            code, device=device, shell="Python", wait=wait, dir=dir, options=merged, title=title, task=task
        )

    async def run_notebook(
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
        """Run a notebook on a device, wait for it and return it executed.

        It is sent as :meth:`start_notebook` says and waited for as :meth:`AsyncTask.notebook` says: a failed cell
        raises :class:`TaskFailedError` with the remote traceback and the notebook as far as it came.
        """
        notebooks.require_nbformat()
        task = await self.start_notebook(
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
        with notebooks.coming_back(task.id):
            return await task.notebook(timeout, progress=progress)

    async def start_notebook(
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
    ) -> AsyncTask:
        """Send a notebook, given by its path or itself, and return the handle; :meth:`AsyncTask.notebook` waits.

        ``parameters`` are set in a cell after the one tagged ``parameters``, as papermill does: what JSON can
        hold, else :class:`TypeError`. ``kernel`` is one that the device offers, instead of the notebook's own;
        ``cell_timeout_seconds`` is how long one cell may run. The rest is as in :meth:`run`.
        """
        given = notebooks.options_of(parameters, kernel, cell_timeout_seconds)
        stored = await notebooks.send(self.rest, notebook)
        return await self.run(
            stored.name,
            device=device,
            shell="Notebook",
            wait=wait,
            dir=dir,
            options={**(options or {}), **given, "notebook": stored.id},
            files=files,
            title=title,
        )

    async def upload(
        self, file: Content, name: str | None = None, *, progress: Callable[[int], object] | None = None
    ) -> StoredFile:
        """Store a file, given by its path or its bytes, for a day; :meth:`run` takes what is returned.

        ``progress`` is told how many bytes have gone, from whichever thread. Raises :class:`FileError`.
        """
        return await upload(self.rest, file, name, progress)

    async def download(
        self,
        file: str | StoredFile | File,
        path: str | os.PathLike[str] = ".",
        *,
        progress: Callable[[int], object] | None = None,
    ) -> Path:
        """Fetch a file by its id, or as a ``file`` event names it, and return where it is now.

        In a folder it gets its own name, made safe, and numbered where that is taken; any other path is exact, and
        what is there is replaced. ``progress`` is told how many bytes have come. Raises
        :class:`NotFoundError` once its day is over, and :class:`FileError`.
        """
        got = await download(self.rest, file if isinstance(file, str) else file.id, progress)
        return await put(Path(path), got)

    async def map(
        self,
        prompts: Iterable[str],
        *,
        device: Where | None = None,
        devices: Sequence[Where] | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> AsyncTaskList:
        """Send each prompt as a conversation of its own, and return the handles in order.

        All go to ``device``, as in :meth:`run`: labels spread them over one's devices, each of which takes the
        next one whenever it has a free slot. Or they go to ``devices`` in turn. If one cannot be sent, as when too
        many wait already (``queue_full``), no more are; the error's ``sent`` has the handles of those that were,
        ``unsent`` the other prompts.
        """
        given = {"shell": shell, "wait": wait or None, "options": _in_folder(options, dir) or None}
        if device is not None and devices is not None:
            raise TypeError("map() takes device or devices, not both")
        targets = [await self.target(where) for where in devices or (device,)]

        async def send(prompt: str, target: dict[str, Any]) -> AsyncTask:
            return await self._send({"prompt": prompt, **target, **given})

        return await send_all(send, prompts, targets)

    async def target(self, device: Where | None) -> dict[str, Any]:
        """Return what a request says of where something is to run."""
        if isinstance(device, Mapping):
            return {"device_id": ANY, "labels": dict(device)}
        return {} if device is None else {"device_id": await self.device_id(device)}

    async def device_id(self, device: str | Device | None) -> str | None:
        """Return the id of a device given by name, id, the beginning of its id, or itself."""
        if device is None or isinstance(device, Device):
            return device.device_id if device else None
        return choose(await self.devices, device)

    async def set_default(self, device: str | Device) -> None:
        """Make a device the one that new conversations go to."""
        device_id = await self.device_id(device)
        await self.rest.call(object, "PUT", path_of("devices", device_id or "", "default"), body={})

    async def unset_default(self) -> None:
        """Let no device be the default one."""
        for device in (each for each in await self.devices if each.is_default):
            await self.rest.call(object, "DELETE", path_of("devices", device.device_id, "default"))

    def watch(self) -> Watch:
        """Listen to how all devices and unsettled subtasks stand."""
        return self.feed.watch()


def _in_folder(options: Mapping[str, Any] | None, dir: str | None) -> dict[str, Any]:
    return dict(options or {}) | ({} if dir is None else {"workdir": dir})
