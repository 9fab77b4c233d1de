"""``Command``: one line for ``/bin/sh -c`` (``cmd /c`` on Windows), or ``options.argv`` without a shell."""

import asyncio
import codecs
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from executor import environment
from executor.processes.tree import Child
from executor.shells.base import Job, Outcome, Shell, Tools
from wegent.protocol.errors import Code
from wegent.protocol.output_events import Stream

CHUNK = 16 << 10
BACKGROUND_GRACE = 0.5
"""Seconds that background processes have to end by themselves once the command has ended."""


class Command(Shell):
    """Runs one command and streams its stdout and stderr."""

    def __init__(self, job: Job, tools: Tools) -> None:
        self._job = job
        self._tools = tools
        self._child: Child | None = None

    async def run(self, attached: Sequence[Path]) -> Outcome:
        """Run it; a non-zero exit is a failure, with the exit code in the result."""
        argv = self._argv()
        env = environment.for_children(self._job.environ) | self._job.options.env
        if self._job.attachments.is_dir():
            env["WEGENT_ATTACHMENTS"] = str(self._job.attachments)
        try:
            child = await self._tools.start(argv, env)
        except OSError as error:
            return Outcome.failed(Code.SHELL_MISSING, _cannot_start(argv[0], error))
        self._child = child
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stream(child.stdout, "stdout"))
            group.create_task(self._stream(child.stderr, "stderr"))
            code = await child.wait()
            # A background process may hold the pipes open for ever: what it still writes is not the command's.
            await child.tree.end(BACKGROUND_GRACE)
        return _outcome(code)

    async def interrupt(self) -> None:
        """Send SIGINT to the command and all it started in its group."""
        if self._child is not None:
            self._child.interrupt()

    def _argv(self) -> list[str]:
        if self._job.options.argv:
            return self._job.options.argv
        if sys.platform == "win32":
            return ["cmd", "/c", self._job.prompt]
        return ["/bin/sh", "-c", self._job.prompt]

    async def _stream(self, reader: asyncio.StreamReader, name: Literal["stdout", "stderr"]) -> None:
        # What is no UTF-8 stays what it was: the file with all output has it byte for byte.
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        while chunk := await reader.read(CHUNK):
            await self._tools.emit(Stream(name, decoder.decode(chunk)))
        await self._tools.emit(Stream(name, decoder.decode(b"", final=True)))


def _outcome(code: int) -> Outcome:
    result = {"exit_code": code}
    if code == 0:
        return Outcome("completed", result=result)
    message = f"The command ended with exit code {code}."
    if code < 0:
        message = f"The command was ended by signal {_signal_name(-code)}."
    return Outcome.failed(Code.SHELL_FAILED, message, result)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _cannot_start(program: str, error: OSError) -> str:
    return f"{program} cannot be started on this device: {error}. Check that it is installed and on PATH."
