"""``Python``: code in a kernel that the task keeps between its turns."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from executor import environment, kernels
from executor.files.variables import Variables
from executor.processes.kept import Kept
from executor.shells.base import Here, Job, Outcome, Shell, Tools
from executor.shells.kernel_talk import HOST, KernelTalk, outcome
from executor.shells.kernel_wire import Ended, RunCode
from wegent.protocol.errors import Code
from wegent.protocol.output_events import Notice

KIND = "kernel"


class Python(Shell):
    """Runs the prompt as one cell; variables are there in the task's next turn on this device."""

    def __init__(self, job: Job, tools: Tools) -> None:
        self._job = job
        self._tools = tools
        self._kept: Kept | None = None
        self._talk: KernelTalk | None = None
        self._variables = Variables(job.options, tools)
        self._sending: asyncio.Task[tuple[dict[str, str], str]] | None = None

    @classmethod
    def unusable(cls, here: Here) -> str | None:
        """Return why no code can be run on this computer."""
        return why_no_kernel(here)

    async def run(self, attached: Sequence[Path]) -> Outcome:
        """Run the code to its end, with the variables that come with it and go back."""
        options = self._job.options
        if not options.inputs and not options.outputs:
            return outcome(await self._run())
        try:
            ended = await self._run(await self._variables.fetch(), self._variables.targets)
            return await self._with_outputs(ended) if ended.code is None else outcome(ended)
        finally:
            await self._variables.remove()

    async def _run(self, inputs: Mapping[str, Path] = {}, outputs: Mapping[str, Path] = {}) -> Ended:
        job = self._job
        wanted = job.options.kernel
        name = wanted or kernels.default(job.kernels)
        env = environment.for_children(job.environ)
        kept = await self._tools.keep(KIND, HOST, env, about=name, is_choosy=wanted is not None)
        self._kept = kept
        if kept.lost:
            text = f"This turn has a fresh kernel: the former one's state was lost, since {kept.lost}."
            await self._tools.emit(Notice("warning", text))
        self._talk = KernelTalk(kept.child, self._tools, kept.settle)
        given = dict(job.options.env)
        if job.attachments.is_dir():
            given["WEGENT_ATTACHMENTS"] = str(job.attachments)
        code = RunCode(
            code=job.prompt,
            subtask_id=job.subtask_id,
            kernel=job.kernels[kept.about],
            folder=str(job.folder),
            env=given,
            inputs={name: str(path) for name, path in inputs.items()},
            outputs={name: str(path) for name, path in outputs.items()},
        )
        ended = await self._talk.run(code)
        kept.is_at_rest = self._talk.has_ended
        return ended

    async def _with_outputs(self, ended: Ended) -> Outcome:
        """Send the outputs back; one that is missing fails the turn, and the others are there all the same."""
        self._sending = asyncio.create_task(self._variables.send(ended.unwritten))
        try:
            await asyncio.wait({self._sending})
        finally:
            self._sending.cancel()
        if self._sending.cancelled():
            return Outcome.failed(Code.SHELL_FAILED, "It was interrupted.", ended.result)
        sent, missing = self._sending.result()
        result = {**ended.result, "outputs": sent}
        if missing:
            return Outcome.failed(Code.SHELL_FAILED, missing, result)
        return Outcome("completed", result=result)

    async def interrupt(self) -> None:
        """Interrupt the kernel, whose state stays, or the sending of its variables."""
        if self._sending is not None:
            self._sending.cancel()
        elif self._talk is not None:
            await self._talk.interrupt()


def why_no_kernel(here: Here) -> str | None:
    """Return why nothing can be run in kernels here."""
    missing = [name for name in ("jupyter_client", "nbclient") if find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed. Type: pip install 'wegent[executor]'"
    if not here.kernels:
        return "There is no kernel. Type: pip install ipykernel, or name a Python that has it with --python."
    return None
