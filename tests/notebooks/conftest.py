"""What the example notebooks run on: one Wegent with three devices, and the real Claude CLI on a script."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from support.processes import Programs
from support.site import Site, running_site


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A whole Wegent with three devices."""
    folder = tmp_path_factory.mktemp("notebooks")
    programs = Programs(folder)
    try:
        async with running_site(programs, folder) as running:
            for name in ("laptop", "gpu-box"):
                await running.start_executor(name, "--shell", "Python", "--slots", "2")
            yield running
    finally:
        programs.close()
