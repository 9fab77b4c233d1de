"""What a kernel is asked to do, inside the process that hosts it: a whole notebook, or one piece of code."""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import nbformat
import psutil
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from executor.environment import SUBTASK
from executor.kernels import Kernel
from executor.shells import notebook_file
from executor.shells.cells import TIMED_OUT, Cells, Tell
from executor.shells.kernel_process import KernelFailedError, KernelProcess
from executor.shells.kernel_variables import KernelVariables, VariablesError
from executor.shells.kernel_wire import Ended, Ready, RunCode, RunNotebook, Told
from executor.shells.notebook_file import NotebookError
from wegent.protocol.errors import Code
from wegent.protocol.output_events import Cell, Notice

KEEP_EVERY = 1.0
"""Seconds between two times that a notebook is written while it runs well."""
_SHUT_DOWN_WITHIN = 10.0
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NO_INPUT = "StdinNotImplementedError"
_SET_PLACE = """\
import os as _os
for _name, _value in {changes!r}.items():
    _os.environ.pop(_name, None) if _value is None else _os.environ.__setitem__(_name, _value)
_os.chdir({folder!r})
del _os, _name, _value"""


class InterruptedTurnError(Exception):
    """The turn was interrupted."""


class CellFailedError(Exception):
    """A cell ended badly; the message is its traceback's last line."""

    def __init__(self, message: str, result: dict[str, Any], code: Code = Code.SHELL_FAILED) -> None:
        super().__init__(message)
        self.result = result
        self.code = code


class Turn(Protocol):
    """One thing that a host is asked to do."""

    async def run(self) -> Ended:
        """Do it to the end."""

    async def interrupt(self) -> None:
        """End it soon."""


class KernelHolder:
    """The host's one kernel, and how a turn works with it."""

    def __init__(self, tell: Callable[[Told], None], tell_event: Tell) -> None:
        self.tell = tell
        self.tell_event = tell_event
        self.process: KernelProcess | None = None
        self.own_variables: dict[str, str | None] = {}
        """What a task has set in the kernel's environment, as it was before."""
        self.interrupted = asyncio.Event()
        self._cells: Cells | None = None

    def begin(self) -> None:
        """Forget the interrupt of an earlier turn; one of this turn may come before it runs."""
        self.interrupted.clear()

    async def start(self, kernel: Kernel, folder: Path, env: dict[str, str]) -> KernelProcess:
        """Start a kernel; raise KernelFailedError, or InterruptedTurnError if that comes before it is there."""
        self.process = process = KernelProcess(kernel)
        starting = asyncio.create_task(process.start(folder, env))
        interrupted = asyncio.create_task(self.interrupted.wait())
        await asyncio.wait({starting, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()
        try:
            if not starting.done():
                raise InterruptedTurnError
            starting.result()
        except (KernelFailedError, InterruptedTurnError):
            starting.cancel()
            self.kill()
            raise
        ours = psutil.Process()
        self.tell(Ready([ours.pid, *(child.pid for child in ours.children(recursive=True))]))
        return process

    async def run_cell(self, cells: Cells, index: int, number: int, count: int | None) -> None:
        """Run one cell; raise CellFailedError or InterruptedTurnError."""
        if self.interrupted.is_set():
            raise InterruptedTurnError
        self._cells = cells
        cells.on_begin = self._catch_up
        try:
            await cells.run(index, number, count)
        except CellExecutionError as error:
            if self.interrupted.is_set():
                raise InterruptedTurnError from None
            raise _failed(error) from None
        except DeadKernelError:
            assert self.process is not None
            how = f"The kernel died {self.process.how_it_ended()}."
            dead = nbformat.v4.new_output("error", ename="DeadKernelError", evalue=how, traceback=[])
            cells.nb.cells[index].outputs.append(dead)
            raise CellFailedError(how, {"ename": "DeadKernelError", "evalue": how}) from None
        finally:
            self._cells = None

    async def interrupt(self) -> None:
        """Interrupt the kernel, at once or as soon as it begins with the cell that it was given."""
        self.interrupted.set()
        if self.process is not None and self._cells is not None and self._cells.has_begun:
            await self.process.interrupt()

    def _catch_up(self) -> None:
        if self.interrupted.is_set() and self.process is not None:
            self._late = asyncio.create_task(self.process.interrupt())

    def kill(self) -> None:
        """End the kernel at once."""
        if self.process is not None:
            self.process.kill()
            self.process = None

    async def shut_down(self) -> None:
        """Let the kernel end by itself, so that what it does at its exit is done."""
        manager = None if self.process is None else self.process.manager
        if manager is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(manager.shutdown_kernel(), _SHUT_DOWN_WITHIN)
        self.kill()


class NotebookTurn:
    """A whole notebook in a kernel of its own; at any time what there is of it is on disk."""

    def __init__(self, command: RunNotebook, holder: KernelHolder) -> None:
        self._command = command
        self._holder = holder
        holder.begin()
        self._target = Path(command.target)
        self._notebook: NotebookNode | None = None
        self._kept_at = 0.0
        self._is_trouble_told = False
        self._result: dict[str, Any] = {}

    async def run(self) -> Ended:
        """Run it to its end or its first error."""
        try:
            await self._run()
        except NotebookError as error:
            return Ended(Code.SHELL_FAILED, str(error), self._result)
        except KernelFailedError as error:
            return Ended(Code.SHELL_MISSING, str(error), self._result)
        except InterruptedTurnError:
            return Ended(Code.SHELL_FAILED, "It was interrupted.", self._result)
        except CellFailedError as error:
            message = f"Cell {self._result['cell']} failed: {error}"
            return Ended(error.code, message, {**self._result, **error.result})
        finally:
            self._keep(now=True)
            await self._holder.shut_down()
        return Ended(result=self._result)

    async def interrupt(self) -> None:
        """Interrupt the kernel; what there is by now is kept, should more than that be needed to end it."""
        await self._holder.interrupt()
        self._keep(now=True)

    async def _run(self) -> None:
        command, holder = self._command, self._holder
        notebook = notebook_file.read(Path(command.path))
        kernel, remark = notebook_file.choose(notebook, command.kernels, command.kernel)
        notebook_file.inject(notebook, command.parameters, kernel)
        notebook.metadata.kernelspec = {
            "name": kernel.name,
            "display_name": kernel.display_name or kernel.name,
            "language": kernel.language,
        }
        self._notebook, self._result["kernel"] = notebook, kernel.name
        self._keep(now=True)
        if remark:
            holder.tell_event(Notice("warning", remark))
        process = await holder.start(kernel, Path(command.folder), command.env)
        notebook.metadata.language_info = process.language_info
        cells = Cells(notebook, process, holder.tell_event, command.cell_seconds)
        code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        for number, index in enumerate(code, 1):
            source = notebook.cells[index].source
            if source.strip():
                holder.tell_event(Cell(number, len(code), source))
                self._result["cell"] = number
                await holder.run_cell(cells, index, number, cells.code_cells_executed + 1)
                self._keep()
        self._result.pop("cell", None)
        self._result["cells"] = len(code)
        cells.set_widgets_metadata()

    def _keep(self, now: bool = False) -> None:
        if self._notebook is None or not (now or time.monotonic() - self._kept_at > KEEP_EVERY):
            return
        try:
            notebook_file.write(self._notebook, self._target)
        except OSError as error:
            if not self._is_trouble_told:
                self._is_trouble_told = True
                text = f"The executed notebook cannot be kept at {self._target}: {error}."
                self._holder.tell_event(Notice("warning", text))
        self._kept_at = time.monotonic()


class CodeTurn:
    """One piece of code in the kernel that is kept for its task."""

    def __init__(self, command: RunCode, holder: KernelHolder) -> None:
        self._command = command
        self._holder = holder
        holder.begin()
        self._result: dict[str, Any] = {"kernel": command.kernel.name}
        self._unwritten: dict[str, str] = {}

    async def run(self) -> Ended:
        """Run it to its end."""
        try:
            await self._run()
        except KernelFailedError as error:
            return Ended(Code.SHELL_MISSING, str(error), self._result)
        except InterruptedTurnError:
            return Ended(Code.SHELL_FAILED, "It was interrupted.", self._result)
        except CellFailedError as error:
            return Ended(error.code, str(error), {**self._result, **error.result})
        except VariablesError as error:
            is_stopped = self._holder.interrupted.is_set()
            return Ended(Code.SHELL_FAILED, "It was interrupted." if is_stopped else str(error), self._result)
        return Ended(result=self._result, unwritten=self._unwritten)

    async def interrupt(self) -> None:
        """Interrupt the kernel, which keeps its state."""
        await self._holder.interrupt()

    async def _run(self) -> None:
        command, holder = self._command, self._holder
        if (command.inputs or command.outputs) and not command.kernel.is_python:
            raise VariablesError(
                f"Variables are carried to and from kernels for Python, and {command.kernel.name} is one for"
                f" {command.kernel.language or 'another language'}. Name another kernel, or use files."
            )
        process = await self._kernel()
        await self._set_place(process)
        variables = KernelVariables(process, holder.interrupted)
        if command.inputs:
            await variables.take(command.inputs)
        cell = nbformat.v4.new_code_cell(command.code)
        cells = Cells(nbformat.v4.new_notebook(cells=[cell]), process, holder.tell_event, None)
        holder.tell_event(Cell(1, 1))
        try:
            await holder.run_cell(cells, 0, 1, None)
        finally:
            self._result["execution_count"] = cell.execution_count
        if command.outputs:
            self._unwritten = await variables.give(command.outputs)

    async def _kernel(self) -> KernelProcess:
        """Return the kernel that runs, else a fresh one."""
        command, holder = self._command, self._holder
        former = holder.process
        if former is not None and await former.is_alive():
            return former
        if former is not None:
            text = f"The kernel had died {former.how_it_ended()}. This turn has a fresh one: the state was lost."
            holder.tell_event(Notice("warning", text))
            holder.kill()
        holder.own_variables.clear()
        return await holder.start(command.kernel, Path(command.folder), {})

    async def _set_place(self, process: KernelProcess) -> None:
        """Give the kernel this turn's folder and variables, and take those of the turn before."""
        command, before = self._command, self._holder.own_variables
        if not process.kernel.is_python:
            return
        env = {**command.env, SUBTASK: command.subtask_id}
        changes = {name: value for name, value in before.items() if name not in env} | env
        self._holder.own_variables = {name: os.environ.get(name) for name in env}
        await process.run_silently(_SET_PLACE.format(changes=changes, folder=command.folder))


def _failed(error: CellExecutionError) -> CellFailedError:
    said = f"{error.ename}: {error.evalue}".removesuffix(": ")
    lines = [line for line in _ANSI.sub("", said).splitlines() if line.strip()]
    message = lines[-1] if lines else error.ename
    result = {"ename": error.ename, "evalue": _ANSI.sub("", error.evalue)[:4096]}
    if error.ename == TIMED_OUT:
        return CellFailedError(f"{error.evalue} (options.cell_timeout_seconds).", result, Code.TIMED_OUT)
    if error.ename == _NO_INPUT:
        message = "It asked for input, and nobody can type here. Set a variable, or give it as a parameter."
    return CellFailedError(message[:2000], result)
