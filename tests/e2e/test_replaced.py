"""Two connections of one device: the newer one lives, wherever it is and whenever the older one wakes up."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from support.processes import Programs, eventually
from support.proxy import proxied
from support.raw_socket import ClosedError, RefusedError
from support.redis import RedisServer
from support.stack import ApiProcess, Stack, StackUser, running_stack

from wegent.protocol.device_messages import Running


@pytest.fixture
async def pair(
    programs: Programs, redis_server: RedisServer, postgres_url: str
) -> AsyncIterator[tuple[Stack, StackUser, ApiProcess, ApiProcess]]:
    """Two API processes on one database and one Redis."""
    # Raw devices send no heartbeats by themselves.
    environ = {"WEGENT_ONLINE_TTL_SECONDS": "30"}
    async with running_stack(programs, redis_server, postgres_url, apis=2, environ=environ) as stack:
        yield stack, await stack.user(), stack.apis[0], stack.apis[1]


def freeze(stack: Stack, api: ApiProcess) -> None:
    """Stop a process in its tracks; people are served by the others."""
    stack.proxy.targets.remove(api.port)
    api.running.freeze()


async def newer_has_it(stack: Stack, user: StackUser, *, status: str = "online", used: int = 0) -> None:
    """The newer connection has the device: it is there, and stays so when the older one has gone."""
    device = await stack.get(user, "/devices/raw-device", url=stack.apis[1].url)
    assert (device["status"], device["reconnecting"], device["slots"]["used"]) == (status, False, used)


async def test_a_newer_register_on_another_process_closes_the_older_socket(
    pair: tuple[Stack, StackUser, ApiProcess, ApiProcess],
) -> None:
    stack, user, one, two = pair
    async with stack.device(user, one.url) as older, stack.device(user, two.url) as newer:
        await older.register(instance="a", connection=7)
        await stack.send(user, "work", device_id="raw-device")
        offer = await older.start()
        registered = await newer.register(
            instance="b", connection=1, running=[Running(offer.subtask_id, offer.attempt)]
        )
        assert [resume.verdict for resume in registered.resume] == ["continue"]
        assert await older.closed(5) == 4409
        # The older one's leaving takes nothing away from the newer.
        await newer_has_it(stack, user, used=1)
        await newer.text(offer, 1, "a")
        await newer.complete(offer, 1)
        await stack.send(user, "more", device_id="raw-device")
        await newer.start()


async def test_an_older_register_that_thaws_later_changes_nothing(
    pair: tuple[Stack, StackUser, ApiProcess, ApiProcess],
) -> None:
    """The older register was sent, its process froze before it read it, and thaws when the newer is at work."""
    stack, user, one, two = pair
    async with stack.device(user, one.url) as older, stack.device(user, two.url) as newer:
        freeze(stack, one)
        delayed = asyncio.ensure_future(older.register(instance="a", connection=1))
        await newer.register(instance="a", connection=2)
        await stack.send(user, "work", device_id="raw-device")
        offer = await newer.start()
        one.running.thaw()
        with pytest.raises(ClosedError) as closed:
            await delayed
        assert closed.value.code == 4409
        await newer_has_it(stack, user, used=1)
        await newer.text(offer, 1, "a")
        await newer.complete(offer, 1)
        assert (await stack.settled(user, offer.subtask_id))["state"] == "completed"


async def test_a_session_that_froze_before_it_was_replaced_can_do_nothing(
    pair: tuple[Stack, StackUser, ApiProcess, ApiProcess],
) -> None:
    """What the frozen process would do on waking, claim and write presence, is refused by SQL and by Redis."""
    stack, user, one, two = pair
    async with stack.device(user, one.url) as older, stack.device(user, two.url) as newer:
        await older.register(instance="a")
        freeze(stack, one)
        await newer.register(instance="b", slots=1)
        subtasks = [await stack.send(user, "work", device_id="raw-device") for _ in range(3)]
        # The frozen one's client goes on talking: all of this is read at the thaw.
        beating = asyncio.ensure_future(older.heartbeat())
        offer = await newer.start()
        one.running.thaw()
        assert await older.closed(10) == 4409
        await asyncio.gather(beating, return_exceptions=True)
        assert not [frame for frame in older.inbox if frame.event == "task:execute"]
        await newer_has_it(stack, user, status="busy", used=1)
        for subtask in subtasks:
            assert offer.subtask_id == subtask["subtask_id"]
            await newer.complete(offer)
            assert (await stack.settled(user, offer.subtask_id))["attempt"] == 1
            if subtask is not subtasks[-1]:
                offer = await newer.start()


async def test_a_session_that_never_hears_of_its_successor_can_do_nothing_either(
    pair: tuple[Stack, StackUser, ApiProcess, ApiProcess],
) -> None:
    """The message that it was replaced is lost, and there is work to take: SQL alone says no."""
    stack, user, one, two = pair
    async with stack.device(user, one.url) as older, stack.device(user, two.url) as newer:
        await older.register(instance="a")
        freeze(stack, one)
        await newer.register(instance="b")
        await newer.request("device:drain", {}, dict)
        sent = [await stack.send(user, "work", device_id="raw-device") for _ in range(2)]
        stack.redis.cut("pubsub")
        one.running.thaw()
        assert await older.closed(10) == 4409
        assert not [frame for frame in older.inbox if frame.event == "task:execute"]
        for subtask in sent:
            found = await stack.subtask(user, subtask["subtask_id"])
            assert (found["state"], found["attempt"]) == ("queued", 0)


async def test_registers_that_race_leave_exactly_one(
    pair: tuple[Stack, StackUser, ApiProcess, ApiProcess],
) -> None:
    stack, user, one, two = pair
    for round in range(5):
        async with stack.device(user, one.url) as first, stack.device(user, two.url) as second:
            sockets = [first, second]
            await asyncio.gather(
                *(
                    socket.register(instance="x", connection=2 * round + index)
                    for index, socket in enumerate(sockets, 1)
                ),
                return_exceptions=True,
            )
            # Of one instance, the higher connection has it, whichever came first.
            assert await first.closed(5) == 4409
            await second.heartbeat()
            device = await stack.get(user, "/devices/raw-device", url=one.url)
            assert (device["status"], device["reconnecting"]) == ("online", False)


async def test_a_register_that_was_held_up_on_the_way_does_not_win(
    pair: tuple[Stack, StackUser, ApiProcess, ApiProcess],
) -> None:
    """A network that delivers late: the older connection's register arrives after the newer's."""
    stack, user, one, two = pair
    async with proxied(one.port) as network:
        host = {"Host": f"127.0.0.1:{one.port}"}
        async with (
            stack.device(user, network.url, headers=host) as older,
            stack.device(user, two.url) as newer,
        ):
            network.stall()
            delayed = asyncio.ensure_future(older.register(instance="a", connection=1))
            await newer.register(instance="a", connection=2)
            network.resume()
            with pytest.raises((ClosedError, RefusedError)):
                await delayed
            assert await older.closed(5) == 4409
            await newer.heartbeat()
            await newer_has_it(stack, user)


async def test_an_executor_that_another_instance_replaced_ends_with_exit_code_4(stack: Stack) -> None:
    user = await stack.user()
    older = await stack.start_executor(user, "older", device_id="twin")
    sent = await stack.send(user, "exec sleep 600", device_id="twin", shell="Command")

    async def is_running() -> bool:
        return (await stack.subtask(user, sent["subtask_id"]))["state"] == "running"

    await eventually(is_running)
    newer = await stack.start_executor(user, "newer", device_id="twin")
    assert await older.ended(20) == 4
    assert "Another executor has connected as this device" in older.text
    assert newer.returncode is None
    # The newer one never had the older's work.
    subtask = await stack.settled(user, sent["subtask_id"])
    assert (subtask["state"], subtask["error"]["code"]) == ("failed", "executor_restarted")
    sent = await stack.send(user, "echo ok", device_id="twin", shell="Command")
    assert (await stack.settled(user, sent["subtask_id"]))["state"] == "completed"
    assert newer.returncode is None
