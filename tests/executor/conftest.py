"""The executor as a real process, against a scripted server."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from support.model_endpoint import ModelEndpoint, claude_env, put_claude_on_path
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


@pytest.fixture
def start_claude(start_executor: StartExecutor, tmp_path: Path) -> StartExecutor:
    """Start an executor whose Claude talks to an endpoint, with either SDK."""

    def start(endpoint: ModelEndpoint, *flags: str, sdk: str = "claude_agent_sdk", **env: str) -> Program:
        path = f"{put_claude_on_path(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
        settings = claude_env(tmp_path, endpoint) | {"PATH": path, "WEGENT_CLAUDE_SDK": sdk} | env
        return start_executor("--shell", "ClaudeCode", *flags, **settings)

    return start
