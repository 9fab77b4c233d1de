"""A stack that all tests of a module share, each with users of its own: starting one takes a second or two."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

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


@pytest_asyncio.fixture(loop_scope="module")
async def bystander(shared: Stack, user: StackUser) -> AsyncIterator[None]:
    """Another user, and a second device of the same one, both at work: neither notices anything."""
    other = await shared.user()
    async with AsyncExitStack() as stack:
        pairs = []
        for owner, device_id in ((other, "raw-device"), (user, "second")):
            worker = await stack.enter_async_context(shared.device(owner))
            viewer = await stack.enter_async_context(shared.viewer(owner))
            await worker.register(device_id)
            sent = await viewer.say("work", device_id=device_id)
            pairs.append((worker, viewer, sent, await worker.start()))
        yield
        for worker, viewer, sent, offer in pairs:
            await worker.text(offer, 1, "undisturbed")
            await worker.complete(offer, 1)
            events, done = await viewer.output(sent.subtask_id)
            assert ([event["text"] for event in events], done.state) == (["undisturbed"], "completed")
            assert not [frame for frame in [*worker.inbox, *viewer.inbox] if frame.event == "error"]
