"""``Notebook``: a whole notebook in a kernel of its own; what comes of it goes back as a file, however it ends."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from executor import environment
from executor.files import results
from executor.files.uploads import UploadError
from executor.shells.base import Here, Job, Outcome, Shell, Tools
from executor.shells.kernel_talk import HOST, KernelTalk, outcome
from executor.shells.kernel_wire import Ended, RunNotebook
from executor.shells.python import why_no_kernel
from wegent.client.file_name import is_numbered
from wegent.protocol.errors import Code
from wegent.protocol.output_events import Notice
from wegent.protocol.time_limit import time_limit

MEDIA_TYPE = "application/x-ipynb+json"
_SEND_WITHIN_AFTER_STOP = 4.0
"""Seconds for sending the notebook of a subtask that is being stopped."""


class NotFoundError(Exception):
    """There is no notebook to run; the message is for the sender."""


class Notebook(Shell):
    """Runs ``options.notebook``, or the one that the prompt names, with nbclient.

    That is a file sent along of that name, else the one in the folder with that path.
    """

    def __init__(self, job: Job, tools: Tools) -> None:
        self._job = job
        self._tools = tools
        self._talk: KernelTalk | None = None
        self._is_stopping = False

    @classmethod
    def unusable(cls, here: Here) -> str | None:
        """Return why no notebook can be run on this computer."""
        return why_no_kernel(here)

    async def run(self, attached: Sequence[Path]) -> Outcome:
        """Run it to its end or its first error, and send what came of it."""
        try:
            path = await asyncio.to_thread(self._path, attached)
        except NotFoundError as error:
            return Outcome.failed(Code.SHELL_FAILED, str(error))
        folder = self._job.folder if path in attached else path.parent
        target = folder / f"{path.stem.removesuffix('.executed')}.executed.ipynb"
        ended = await self._run(path, target, folder)
        sent = await self._send(target)
        return outcome(Ended(ended.code, ended.message, {**sent, **ended.result}))

    async def interrupt(self) -> None:
        """Interrupt the kernel."""
        self._is_stopping = True
        if self._talk is not None:
            await self._talk.interrupt()

    def _path(self, attached: Sequence[Path]) -> Path:
        options = self._job.options
        if options.notebook is not None:
            return attached[options.attached.index(options.notebook)]
        folder, told = self._job.folder.resolve(), self._job.prompt.strip()
        for path in attached:
            if is_numbered(path.name, told):
                return path
        try:
            path = (folder / told).resolve()
            if path.is_relative_to(folder) and path.is_file():
                return path
        except (OSError, ValueError):  # no path at all, such as a question
            pass
        raise NotFoundError(
            f"There is no notebook {told[:200]!r} in {folder}. The prompt of this shell is the path of a notebook"
            " in the task's folder, or the name of one that is sent along (`wegent run --file`)."
        )

    async def _run(self, path: Path, target: Path, folder: Path) -> Ended:
        job = self._job
        env = dict(job.options.env)
        if job.attachments.is_dir():
            env["WEGENT_ATTACHMENTS"] = str(job.attachments)
        child = await self._tools.start(HOST, environment.for_children(job.environ), needs_input=True)
        self._talk = KernelTalk(child, self._tools, lambda _: None)
        return await self._talk.run(
            RunNotebook(
                path=str(path),
                target=str(target),
                kernels=job.kernels,
                kernel=job.options.kernel,
                parameters=job.options.parameters,
                cell_seconds=job.options.cell_timeout_seconds,
                folder=str(folder),
                env=env,
            )
        )

    async def _send(self, target: Path) -> dict[str, object]:
        """Send the executed notebook; return what the result says of it. It stays in the folder too."""
        try:
            content = await asyncio.to_thread(results.read, target)
            async with time_limit(_SEND_WITHIN_AFTER_STOP if self._is_stopping else None):
                file = await self._tools.send_file(target.name, MEDIA_TYPE, content)
        except FileNotFoundError:
            return {}  # it never began
        except TimeoutError:
            why = f"{target.name} could not be sent in time."
        except results.LeftOutError as error:
            why = f"{target.name} is not sent: {error}."
        except (UploadError, OSError) as error:
            why = str(error)
        else:
            return {"notebook": file.id}
        await self._tools.emit(Notice("warning", f"{why} The executed notebook is on the device: {target}"))
        return {}
