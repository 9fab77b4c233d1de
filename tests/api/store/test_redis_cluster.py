"""The store on a Redis Cluster, where a script may touch the keys of one slot only."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from support.processes import eventually
from support.redis_cluster import RedisCluster
from support.store_work import Work, migrated_store

from api.store import devices, output
from api.store.live_log import Entry, channel


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """A cluster of one node."""
    server = RedisCluster(tmp_path_factory.mktemp("cluster"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def work(sqlite_url: str, cluster: RedisCluster) -> AsyncIterator[Work]:
    """A store on that cluster."""
    async with migrated_store(sqlite_url, cluster.url) as store:
        yield Work(store)


async def test_the_main_job_works_on_a_cluster(work: Work) -> None:
    pushed: list[bytes] = []
    receiving = asyncio.create_task(work.store.pubsub.run())
    user = await work.user()
    session = await work.register(user)
    ((_, device),) = await devices.show(work.store, user)
    assert device.status == "online"
    row = await work.running(user, session)

    def push(data: bytes | None) -> None:
        if data:
            pushed.append(data)

    async with work.store.pubsub.listen(channel(row.id), push):
        appended = await asyncio.gather(*(work.append(row, n, f"{n}") for n in range(1, 51)))
        assert {one.verdict for one in appended} == {"ok"}
        assert await output.spill(work.store.database, work.store.log, row.id) == 50
        await work.append(row, 51, "51")
        assert [known async for known in work.store.log.known()] == [row.id]
        await work.complete(row)
        assert await work.stored(row) == [f"{n}" for n in range(1, 52)]
        await eventually(lambda: len(pushed) == 51)
        assert [Entry.parse(payload).first for payload in pushed] == list(range(1, 52))
    receiving.cancel()
    await asyncio.wait([receiving])


async def test_presence_and_epoch_work_on_a_cluster(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    board, row = work.store.presence, session.device.row
    assert await board.expired() == {}
    await board.clear(row, session.device.generation)
    assert row in await board.expired()
    await board.remove(row)
    assert await board.expired() == {}
    epoch = await board.renew_epoch("e-1", 60)
    assert await board.renew_epoch("e-2", 60) == epoch == await board.epoch()
    assert abs(epoch.since_ms - await board.now_ms()) < 60_000


async def test_scripts_that_a_restart_lost_are_loaded_again(work: Work) -> None:
    user = await work.user()
    row = await work.running(user, await work.register(user))
    await work.append(row, 1, "a")
    await work.store.redis.script_flush()
    assert (await work.append(row, 2, "b")).verdict == "ok"
