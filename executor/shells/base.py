"""The interface of a shell: it runs one subtask and tells what happens as output events.

It is public: docs/shells.md shows how a package adds a shell of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from executor.kernels import Kernel
from executor.options import Options
from executor.permission import PermissionMode
from executor.processes.kept import Kept
from executor.processes.tree import Child
from wegent.protocol.device_messages import ReportedError
from wegent.protocol.errors import Code
from wegent.protocol.output_events import AnyEvent, File

Emit = Callable[[AnyEvent], Awaitable[None]]
"""Tell one event; waits while too much output is waiting to be sent."""


class Here(msgspec.Struct, frozen=True):
    """This computer, as far as a shell needs to know it to say whether it can run here."""

    environ: Mapping[str, str]
    kernels: Mapping[str, Kernel]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One subtask as its shell sees it. ``environ`` is the executor's own; children get what is allowed of it.

    ``raw_options`` are the task's options as they came: a shell reads those there that only it knows, and checks
    them. ``folder`` is where to work; it is there once a process was started. ``attachments`` is where files are
    that were attached to this or an earlier message of the task; that folder exists only if there are any.
    ``is_trusted``: the owner trusts the project in ``folder`` to run code. ``kernels`` are those that the owner
    offers.
    """

    subtask_id: str
    task_id: str
    prompt: str
    options: Options
    raw_options: dict[str, Any] = {}
    folder: Path
    attachments: Path
    permission_mode: PermissionMode
    is_trusted: bool = False
    history_session: str | None
    timeout: float | None
    environ: dict[str, str]
    kernels: dict[str, Kernel] = {}


class Outcome(msgspec.Struct, frozen=True):
    """How a subtask ended."""

    status: Literal["completed", "failed", "cancelled"]
    error: ReportedError | None = None
    result: dict[str, Any] | None = None

    @classmethod
    def failed(cls, code: Code, message: str, result: dict[str, Any] | None = None) -> "Outcome":
        """Make a failure; its message says what happened and what to do next."""
        return cls("failed", ReportedError(code, message[:16_000]), result)


class Decision(msgspec.Struct, frozen=True):
    """What a person answered to an approval."""

    is_allowed: bool
    message: str = ""


class Start(Protocol):
    """Starts a process of the subtask: marked, written down, and ended with the subtask."""

    async def __call__(
        self, argv: Sequence[str], env: Mapping[str, str], *, needs_input: bool = False
    ) -> Child: ...


class Keep(Protocol):
    """Lends a process that the device keeps for the task's next turn, one per task and ``kind``.

    It is started, in the executor's home, where none is kept, or one that is ``about`` something else, unless the
    shell is not choosy. When the subtask is stopped and it does not come to rest by itself, it is ended with the
    subtask.
    """

    async def __call__(
        self,
        kind: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        about: str = "",
        is_choosy: bool = True,
    ) -> Kept: ...


class Ask(Protocol):
    """Asks whoever watches whether ``tool`` may run with ``input``; waits for the answer."""

    async def __call__(self, tool: str, input: Any, *, id: str = "", reason: str | None = None) -> Decision: ...


class SendFile(Protocol):
    """Sends a file to whoever sent the subtask, and tells of it by a ``file`` event.

    Waits while the server is away. Raises ``executor.files.uploads.UploadError``, whose message is for the sender.
    """

    async def __call__(self, name: str, media_type: str, content: bytes) -> File: ...


class FetchFile(Protocol):
    """Fetches a file of the subtask's sender by its id into ``folder``, which is made; returns where it is.

    Waits while the server is away. Raises ``executor.files.attachments.AttachmentError``, whose message is for the
    sender; a shell that does not catch it fails with it.
    """

    async def __call__(self, id: str, folder: Path) -> Path: ...


class Tools(msgspec.Struct, frozen=True):
    """What the runner lends to a shell.

    ``scratch`` is where to make a folder for this subtask alone; it is deleted once the server knows the end.
    """

    emit: Emit
    start: Start
    keep: Keep
    ask: Ask
    send_file: SendFile
    fetch_file: FetchFile
    scratch: Path


class Shell(ABC):
    """One subtask's run; made anew for each. ``asks`` says whether what it runs asks for permission by itself.

    Where it does not, and the device's owner has neither named the shell nor set a looser permission mode, the
    runner asks before it begins.
    """

    asks: ClassVar[bool] = False

    @abstractmethod
    def __init__(self, job: Job, tools: Tools) -> None:
        """Take the work; nothing is done yet."""

    @classmethod
    def unusable(cls, here: Here) -> str | None:
        """Return why it cannot run on this computer and what to do about it; None if it can. Must be quick."""
        return None

    @abstractmethod
    async def run(self, attached: Sequence[Path]) -> Outcome:
        """Run to the end, with the files of this message, and return how it ended.

        What it raises becomes a failure. It must never block the event loop: what takes long belongs into a
        process (``tools.start``), which the runner ends, whatever happens.
        """

    async def interrupt(self) -> None:
        """Ask the work to stop by itself, as Ctrl-C does; the runner ends what does not."""
        return

    async def deliver(self, text: str) -> bool:
        """Hand over a follow-up; False if it cannot be taken."""
        return False
