"""``Python``: code in a kernel that the task keeps between its turns."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from executor import environment, kernels
from executor.processes.kept import Kept
from executor.shells.base import Here, Job, Outcome, Shell, Tools
from executor.shells.kernel_talk import HOST, KernelTalk, outcome
from executor.shells.kernel_wire import RunCode
from wegent.protocol.output_events import Notice

KIND = "kernel"


class Python(Shell):
    """Runs the prompt as one cell; variables are there in the task's next turn on this device."""

    def __init__(self, job: Job, tools: Tools) -> None:
        self._job = job
        self._tools = tools
        self._kept: Kept | None = None
        self._talk: KernelTalk | None = None

    @classmethod
    def unusable(cls, here: Here) -> str | None:
        """Return why no code can be run on this computer."""
        return why_no_kernel(here)

    async def run(self, attached: Sequence[Path]) -> Outcome:
        """Run the code to its end."""
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
        kernel = job.kernels[kept.about]
        code = RunCode(
            code=job.prompt, subtask_id=job.subtask_id, kernel=kernel, folder=str(job.folder), env=given
        )
        ended = await self._talk.run(code)
        kept.is_at_rest = self._talk.has_ended
        return outcome(ended)

    async def interrupt(self) -> None:
        """Interrupt the kernel; its state stays."""
        if self._talk is not None:
            await self._talk.interrupt()


def why_no_kernel(here: Here) -> str | None:
    """Return why nothing can be run in kernels here."""
    missing = [name for name in ("jupyter_client", "nbclient") if find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed. Type: pip install 'wegent[executor]'"
    if not here.kernels:
        return "There is no kernel. Type: pip install ipykernel, or name a Python that has it with --python."
    return None
