"""Fixtures that every room's tests share: real Redis, real databases, real processes. Nothing here is a mock."""

import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from support.failures import FAILED
from support.marked import begin_run
from support.postgres import PostgresCluster
from support.processes import Programs
from support.redis import RedisServer
from support.stack import Stack, running_stack

_AMBIENT = ("ANTHROPIC_", "CLAUDE_", "CLAUDECODE", "WEGENT_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy"}


def pytest_configure() -> None:
    """Forget whatever of the developer's own environment could change what a test sees.

    A shell starts what it runs in the background with Ctrl-C ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in list(os.environ):
        if name.startswith(_AMBIENT) or name.lower() in _PROXIES:
            del os.environ[name]


_HERE = Path(__file__).parent
_IN_ONE_LOOP = {"page", "lab", "notebooks"}
"""Rooms whose tests share what takes long to start, and so the event loop that it lives in."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests in the event loop of what they share, and one file of each room after the other.

    Rooms with few files, which are the slowest, are so begun early, and what runs at a time is mixed.
    """
    files: defaultdict[str, dict[Path, int]] = defaultdict(dict)
    for item in items:
        room = _room(item)
        files[room].setdefault(item.path, len(files[room]))
        if room in _IN_ONE_LOOP and iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    items.sort(key=lambda item: (files[_room(item)][item.path], _room(item) not in _IN_ONE_LOOP, str(item.path)))


def _room(item: pytest.Item) -> str:
    return item.path.relative_to(_HERE).parts[0] if item.path.is_relative_to(_HERE) else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember a failure, so that what a browser shows then is kept."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session", autouse=True)
def _own_processes_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    begin_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def _redis_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_redis_of_session: RedisServer) -> str:
    """The URL of an empty Redis that the tests share one after the other; do not stop it."""
    _redis_of_session.flush()
    return _redis_of_session.url


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of the test's own, to flush, stop and start as it likes."""
    # Not in the test's own folder: by that a test knows the processes that it has to end.
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _postgres_of_session() -> Iterator[PostgresCluster]:
    cluster = PostgresCluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def postgres_url(_postgres_of_session: PostgresCluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    url = _postgres_of_session.create_database()
    yield url
    _postgres_of_session.drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite database of the test's own, which does not exist yet."""
    return f"sqlite:///{tmp_path / 'wegent.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Starts real processes; when the test is over they are ended, and one that is left behind fails it."""
    started = Programs(tmp_path)
    yield started
    started.close()


@pytest.fixture
async def stack(programs: Programs, redis_server: RedisServer, sqlite_url: str) -> AsyncIterator[Stack]:
    """One API process behind a proxy, one worker, SQLite, a Redis of the test's own, and fast timings."""
    async with running_stack(programs, redis_server, sqlite_url) as running:
        yield running
