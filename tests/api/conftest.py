"""A stack that all tests of a module share, each with users of its own: starting one takes a second or two."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from support.processes import Programs
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One API process and one worker; the module's ENVIRON is on top of the fast timings.

    PostgreSQL, which is the stricter one, where the module says ``DATABASE = "postgres"``; else SQLite. The tests
    of such a module run in one event loop: ``pytestmark = pytest.mark.asyncio(loop_scope="module")``.
    """
    root = tmp_path_factory.mktemp("shared")
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    programs = Programs(root)
    database_url = f"sqlite:///{root / 'wegent.db'}"
    cluster = None
    if getattr(request.module, "DATABASE", "sqlite") == "postgres":
        cluster = request.getfixturevalue("_postgres_of_session")
        database_url = cluster.create_database()
    redis.start()
    try:
        environ = getattr(request.module, "ENVIRON", {})
        async with running_stack(programs, redis, database_url, environ=environ) as stack:
            yield stack
            assert "unhandled error" not in stack.apis[0].running.text, stack.apis[0].running.text[-6000:]
            assert "a session failed" not in stack.apis[0].running.text, stack.apis[0].running.text[-6000:]
    finally:
        programs.close()
        redis.stop()
        if cluster is not None:
            cluster.drop_database(database_url)


@pytest_asyncio.fixture(loop_scope="module")
async def user(shared: Stack) -> StackUser:
    """A user of the test's own on the shared stack."""
    return await shared.user()
