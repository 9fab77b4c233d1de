"""The worker as a process: all duties once, or for ever, also beside another worker and through an outage."""

import pytest
import sqlalchemy as sa
from support.processes import Program, Programs, eventually
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack

from api.store import tables
from api.store.database import Database

pytestmark = pytest.mark.asyncio


async def once(stack: Stack, name: str = "once", **env: str) -> Program:
    """Run every duty a single time."""
    return stack.programs.module("api.cli", "worker", "--once", name=name, env={**stack.environ, **env})


async def expire_queue(stack: Stack, user: StackUser) -> None:
    """Let everything of the user's have waited too long."""
    table = tables.subtasks
    async with Database.open(stack.database_url) as database, database.write() as connection:
        await connection.execute(sa.update(table).where(table.c.user_id == user.id).values(expires_at=1))


async def test_once_does_every_duty_and_ends(
    programs: Programs, redis_server: RedisServer, sqlite_url: str
) -> None:
    async with running_stack(programs, redis_server, sqlite_url, workers=0) as stack:
        await lose_and_expire(stack)


async def lose_and_expire(stack: Stack) -> None:
    """Leave one lost and one expired subtask to a single run of the worker."""
    user = await stack.user()
    async with stack.device(user) as device:
        await device.register()
        await stack.send(user, "work", device_id="raw-device")
        offer = await device.start()
        await device.cut()
    waiting = await stack.send(user, "later", device_id="raw-device", wait=True)
    await expire_queue(stack, user)

    async def is_offline() -> bool:
        return (await stack.get(user, "/devices/raw-device"))["status"] == "offline"

    await eventually(is_offline)
    program = await once(stack)
    assert await program.ended() == 0
    changes = {"monitor": 1, "offers": 0, "queue": 1, "stops": 0, "logs": 0, "files": 0, "tokens": 0}
    for duty, changed in changes.items():
        assert f"{duty}: {changed}\n" in program.text
    for subtask_id, code in ((offer.subtask_id, "device_lost"), (waiting["subtask_id"], "queue_expired")):
        subtask = await stack.subtask(user, subtask_id)
        assert (subtask["state"], subtask["error"]["code"]) == ("failed", code)


async def test_once_says_in_a_sentence_what_is_not_there(stack: Stack) -> None:
    program = await once(stack, WEGENT_REDIS_URL="redis://127.0.0.1:1/0")
    assert await program.ended() == 1
    assert "Traceback" not in program.text
    assert "Redis" in program.text


async def test_two_workers_and_their_viewers_see_each_end_once(stack: Stack) -> None:
    await stack.start_worker()
    user = await stack.user()
    async with stack.viewer(user) as viewer:
        async with stack.device(user) as device:
            await device.register()
            for _ in range(4):
                await stack.send(user, "work", device_id="raw-device")
            offers = [await device.start() for _ in range(4)]
            for offer in offers:
                await viewer.subscribe(offer.subtask_id)
            await device.cut()
        for _ in offers:
            done = await viewer.done()
            assert (done.state, done.error and done.error.code) == ("failed", "device_lost")
        assert {(await stack.subtask(user, offer.subtask_id))["attempt"] for offer in offers} == {1}
    assert not [frame for frame in viewer.inbox if frame.event == "chat:done"]
    for worker in stack.workers:
        assert "Traceback" not in worker.text
        assert await worker.stop() == 0


async def test_a_worker_lives_through_an_outage_of_redis_and_says_it_once(stack: Stack) -> None:
    worker = stack.workers[0]
    stack.redis.stop()
    await worker.line("monitor failed; it is tried again", 20)
    stack.redis.start()
    user = await stack.user()

    async def is_ready() -> bool:
        return await stack.status(f"{stack.apis[0].url}/readyz") == 200

    await eventually(is_ready)
    async with stack.device(user) as device:
        await device.register()
        sent = await stack.send(user, "work", device_id="raw-device")
        await device.start()
        await device.cut()
    subtask = await stack.settled(user, sent["subtask_id"])
    assert subtask["error"]["code"] == "device_lost"
    assert worker.text.count("monitor failed") == 1
