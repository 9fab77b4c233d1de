"""The executor as a real process, against a scripted server."""

from collections.abc import AsyncIterator, Callable

import pytest
from support.processes import Program, Programs
from support.scripted_backend import ScriptedBackend, scripted_backend

FAST = {
    "WEGENT_CANCEL_SECONDS": "1",
    "WEGENT_TERMINATE_SECONDS": "0.5",
    "WEGENT_RECONNECT_MAX_SECONDS": "0.3",
    "WEGENT_REGISTER_SECONDS": "3",
}

StartExecutor = Callable[..., Program]


@pytest.fixture
async def backend() -> AsyncIterator[ScriptedBackend]:
    """A scripted server."""
    async with scripted_backend() as serving:
        yield serving


@pytest.fixture
async def start_executor(programs: Programs, backend: ScriptedBackend) -> AsyncIterator[StartExecutor]:
    """Start an executor that offers Command; called again it starts a further one on the same home."""
    started: list[Program] = []

    def start(*flags: str, **env: str) -> Program:
        settings = FAST | {"WEGENT_BACKEND_URL": backend.url, "WEGENT_TOKEN": "token"} | env
        arguments = flags if "--shell" in flags else ("--shell", "Command", *flags)
        started.append(programs.module("executor.main", *arguments, name="executor", env=settings))
        return started[-1]

    yield start
    for program in started:
        await program.stop()
