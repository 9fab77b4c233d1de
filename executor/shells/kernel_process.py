"""A kernel's process and the channels to it, inside the process that hosts it."""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from executor.kernels import Kernel

START_WITHIN = 120.0
"""Seconds that a kernel has to start: the computer may be busy."""
_TRIES = 2
"""The ports of a kernel are chosen before it has them: another process may be faster."""
_COMPLAINTS = 2000
_NO_HISTORY = "--HistoryManager.hist_file=:memory:"
"""IPython's history is one SQLite file for all: kernels that run at once would wait for each other."""


class KernelFailedError(Exception):
    """A kernel that does not start; the message is for the sender."""


class KernelProcess:
    """Starts the ``kernel`` when it is needed, also anew when it has died."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.manager: AsyncKernelManager | None = None
        self.client: AsyncKernelClient | None = None
        self.language_info: dict[str, Any] = {}
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process

    async def start(self, folder: Path, env: dict[str, str]) -> None:
        """Start it in ``folder`` with ``env`` besides this process's environment; wait until it is ready."""
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                return await self._start(folder, {**os.environ, **env})
            except (RuntimeError, OSError) as error:
                self.kill()
                failure = error
        raise KernelFailedError(f"The kernel {self.kernel.name} does not start: {self._why(failure)}")

    async def _start(self, folder: Path, env: dict[str, str]) -> None:
        spec = _OneSpec(self.kernel)
        manager = AsyncKernelManager(kernel_name=self.kernel.name, kernel_spec_manager=spec)
        self.manager = manager
        is_ipython = "ipykernel_launcher" in self.kernel.argv
        await manager.start_kernel(
            cwd=str(folder),
            env=env,
            extra_arguments=[_NO_HISTORY] if is_ipython else [],
            stdout=self._said,
            stderr=self._said,
        )
        client = manager.client()
        client.context.rcvhwm = 0  # else ZeroMQ drops what comes faster than it is read; Cells bounds what is kept
        client.start_channels()
        self.client = client
        await client.wait_for_ready(timeout=START_WITHIN)
        client.allow_stdin = False
        manager.cleanup_connection_file()  # the key in it is not needed any more
        reply = await client.kernel_info(reply=True, timeout=START_WITHIN)
        self.language_info = reply["content"].get("language_info", {})

    async def is_alive(self) -> bool:
        """Whether it runs."""
        return self.manager is not None and await self.manager.is_alive()

    async def interrupt(self) -> None:
        """Interrupt what it runs, as Jupyter's button does."""
        if self.manager is not None:
            await self.manager.interrupt_kernel()

    async def run_silently(self, code: str) -> None:
        """Run ``code`` of our own, which leaves no trace in its history."""
        assert self.client is not None
        await self.client.execute(code, silent=True, store_history=False, reply=True, timeout=START_WITHIN)

    async def ask_silently(self, code: str, expressions: dict[str, str], seconds: float) -> dict[str, Any]:
        """Run ``code`` of our own as :meth:`run_silently` does; return the reply, with the ``expressions``."""
        assert self.client is not None
        reply = await self.client.execute(
            code, silent=True, store_history=False, user_expressions=expressions, reply=True, timeout=seconds
        )
        content: dict[str, Any] = reply["content"]
        return content

    def how_it_ended(self) -> str:
        """Return the end of a kernel that has died, in words."""
        code = self._exit_code()
        if code is None:
            return "for an unknown reason"
        if code >= 0:
            return f"with exit code {code}"
        hint = "; the computer may have run out of memory" if -code == signal.SIGKILL else ""
        return f"by {signal.Signals(-code).name}{hint}"

    def kill(self) -> None:
        """End it at once, with what it has started in its group."""
        pid = getattr(getattr(self.manager, "provisioner", None), "pid", None)
        if self.client is not None:
            self.client.stop_channels()
        if pid is not None:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM) if sys.platform == "win32" else os.killpg(pid, signal.SIGKILL)
        self.manager = self.client = None

    def _exit_code(self) -> int | None:
        process = getattr(getattr(self.manager, "provisioner", None), "process", None)
        return None if process is None else process.poll()

    def _why(self, failure: Exception | None) -> str:
        self._said.seek(0, os.SEEK_END)
        left_out = max(self._said.tell() - _COMPLAINTS, 0)
        self._said.seek(left_out)
        if left_out:
            self._said.readline()  # half a line may begin with half a secret, which nobody would know as one
        said = self._said.read().decode(errors="replace").strip()
        return f"{failure}. {said}".strip()


class _OneSpec(KernelSpecManager):
    """Knows the one kernel that the executor has found."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self._kernel = kernel

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        kernel = self._kernel
        return KernelSpec(
            argv=list(kernel.argv),
            language=kernel.language,
            display_name=kernel.display_name,
            env=dict(kernel.env),
            interrupt_mode=kernel.interrupt_mode,
            metadata=dict(kernel.metadata),
            resource_dir=kernel.folder,
        )
