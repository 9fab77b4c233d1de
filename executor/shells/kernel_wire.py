"""What the executor and the process that hosts a kernel say to each other (:mod:`executor.shells.wire`)."""

from typing import Any

import msgspec

from executor.kernels import Kernel


class Command(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of what the executor says."""


class RunNotebook(Command, frozen=True, tag="notebook", kw_only=True):
    """Run the notebook at ``path`` with one of ``kernels``; what comes of it is at ``target`` from the start."""

    path: str
    target: str
    kernels: dict[str, Kernel]
    kernel: str | None = None
    parameters: dict[str, Any] = {}
    cell_seconds: float | None = None
    folder: str
    env: dict[str, str] = {}


class RunCode(Command, frozen=True, tag="code", kw_only=True):
    """Run ``code`` in a kernel; the same one as before where one runs.

    ``env`` is the task's own. In a kernel for Python each turn has its own ``folder`` and ``env``; ``inputs``
    become variables before the code runs, and ``outputs`` are written once it has ended well: pickles, by name.
    """

    code: str
    subtask_id: str
    kernel: Kernel
    folder: str
    env: dict[str, str] = {}
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}


class Interrupt(Command, frozen=True, tag="interrupt"):
    """Stop the turn."""


AnyCommand = RunNotebook | RunCode | Interrupt


class Told(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of what the host says."""


class Ready(Told, frozen=True, tag="ready"):
    """A kernel was started and is ready, and nothing has run in it: ``processes`` are the host and the kernel."""

    processes: list[int]


class Happened(Told, frozen=True, tag="happened"):
    """An output event, of any size."""

    event: msgspec.Raw


class Ended(Told, frozen=True, tag="ended"):
    """How the turn ended; without ``code`` well. ``unwritten`` says of outputs that are not there why."""

    code: str | None = None
    message: str = ""
    result: dict[str, Any] = {}
    unwritten: dict[str, str] = {}


AnyTold = Ready | Happened | Ended

commands: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
told: msgspec.json.Decoder[AnyTold] = msgspec.json.Decoder(AnyTold)
