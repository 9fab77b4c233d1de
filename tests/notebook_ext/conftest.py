"""Kernels with the extension loaded, logged in to a real stack."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from support.kernel import Kernel, running_kernel
from support.processes import Programs
from support.stack import Stack, StackUser

StartKernel = Callable[..., Awaitable[Kernel]]


@pytest.fixture
def kernel_environment(programs: Programs, tmp_path: Path) -> dict[str, str]:
    """The environment of the test's kernels: clean, with homes of their own, and no login."""
    folders = {
        "WEGENT_HOME": str(tmp_path / "wegent"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
    }
    return programs.environment(LANG="C.UTF-8", MPLBACKEND="module://matplotlib_inline.backend_inline", **folders)


@pytest.fixture
async def start_kernel(kernel_environment: dict[str, str], tmp_path: Path) -> AsyncIterator[StartKernel]:
    """Start a kernel; with a stack and a user it is logged in there, and the extension is loaded."""
    async with AsyncExitStack() as started:

        async def start(stack: Stack | None = None, user: StackUser | None = None, **env: str) -> Kernel:
            environ = kernel_environment | env
            if stack is not None:
                environ |= {"WEGENT_BACKEND_URL": stack.url}
            if user is not None:
                environ |= {"WEGENT_TOKEN": user.token}
            kernel = await started.enter_async_context(running_kernel(environ, str(tmp_path)))
            if stack is not None:
                loaded = await kernel.run("%load_ext notebook_ext")
                assert loaded.error is None and not loaded.outputs, loaded.outputs
            return kernel

        yield start


@pytest.fixture
async def kernel(start_kernel: StartKernel) -> Kernel:
    """A kernel that knows no server."""
    return await start_kernel()
