"""Fixtures for the client's tests: the scripted API, and clients of it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from support.scripted_api import ScriptedApi

from wegent import AsyncClient, Client


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    """A server whose subtasks say and do what a test's script says."""
    with ScriptedApi() as server:
        yield server


@pytest.fixture
async def client(api: ScriptedApi) -> AsyncIterator[AsyncClient]:
    """An asynchronous client of it."""
    async with AsyncClient(environ=api.environ, retry_seconds=10) as made:
        yield made


@pytest.fixture
def blocking(api: ScriptedApi) -> Iterator[Client]:
    """A synchronous client of it."""
    with Client(environ=api.environ, retry_seconds=10) as made:
        yield made
