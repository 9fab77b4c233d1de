"""Heartbeats: they keep a device online, and say on both sides what runs and what must not."""

import asyncio

import pytest
from support.processes import Programs
from support.raw_device import RawDevice
from support.raw_socket import RefusedError
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack

from wegent.protocol.device_messages import Execute, Heartbeat, HeartbeatAnswer

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "1.5", "WEGENT_HEARTBEAT_SECONDS": "0.3", "WEGENT_OFFER_SECONDS": "20"}


async def started(shared: Stack, user: StackUser, device: RawDevice) -> Execute:
    """Let a registered device start one more subtask."""
    await shared.send(user, "work", device_id=device.device_id)
    return await device.start()


async def test_heartbeats_keep_a_device_online_and_its_work_going(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        offer = await started(shared, user, device)
        for _ in range(10):
            answer = await device.heartbeat(offer.subtask_id)
            assert answer.stop == []
            assert answer.server_time.endswith("Z")
            assert (await shared.get(user, "/devices/raw-device"))["status"] == "online"
            await asyncio.sleep(0.3)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "running"


async def test_the_load_is_shown_while_the_device_is_online(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        message = Heartbeat("raw-device", [], {"cpu": 0.5, "gpu": 1})
        await device.request("device:heartbeat", message, HeartbeatAnswer)
        assert (await shared.get(user, "/devices/raw-device"))["load"] == {"cpu": 0.5, "gpu": 1}
        await device.request("device:goodbye", {}, dict)
    assert (await shared.get(user, "/devices/raw-device"))["load"] == {}


async def test_a_silent_device_is_sent_away_and_offline(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register()
        offer = await started(shared, user, device)
        assert await device.closed() == 1012
        await viewer.device_state("raw-device", "offline")
    subtask = await shared.settled(user, offer.subtask_id)
    assert (subtask["state"], subtask["error"]["code"]) == ("failed", "device_lost")


async def test_anything_that_is_heard_keeps_a_device_online(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        offer = await started(shared, user, device)
        for number in range(10):
            await device.text(offer, number + 1, "a")
            await asyncio.sleep(0.3)
            assert (await shared.get(user, "/devices/raw-device"))["status"] == "online"
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "running"


async def test_what_does_not_run_here_any_more_is_to_be_stopped(shared: Stack, user: StackUser) -> None:
    stranger = await shared.user()
    async with shared.device(user) as device, shared.device(user) as second, shared.device(stranger) as foreign:
        await device.register()
        await second.register("second")
        await foreign.register()
        running, cancelling, settled = [await started(shared, user, device) for _ in range(3)]
        elsewhere, theirs = await started(shared, user, second), await started(shared, stranger, foreign)
        await shared.call(user, "POST", f"/subtasks/{cancelling.subtask_id}/cancel")
        await device.complete(settled)
        await shared.send(user, "offered", device_id="raw-device")
        offered = await device.offer()
        asked = [one.subtask_id for one in (running, cancelling, settled, elsewhere, theirs, offered)]
        answer = await device.heartbeat(*asked, "unknown")
        stop = [one.subtask_id for one in (cancelling, settled, elsewhere, theirs)]
        assert answer.stop == [*stop, "unknown"]
        await device.accept(offered)
        for owner, offer in ((user, running), (user, elsewhere), (stranger, theirs), (user, offered)):
            assert (await shared.subtask(owner, offer.subtask_id))["state"] == "running"


async def test_what_two_heartbeats_in_a_row_do_not_list_has_failed(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register(slots=2)
        offer, other = [await started(shared, user, device) for _ in range(2)]
        for _ in range(3):
            # Missed once, listed again: it is still there.
            await device.heartbeat(other.subtask_id)
            await device.heartbeat(other.subtask_id, offer.subtask_id)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "running"
        await device.text(offer, 1, "a")
        await device.acked(1)
        await shared.send(user, "next", device_id="raw-device")
        for _ in range(2):
            await device.heartbeat(other.subtask_id)
        subtask = await shared.subtask(user, offer.subtask_id)
        assert (subtask["state"], subtask["error"]["code"]) == ("failed", "executor_restarted")
        assert [event["text"] for event in await shared.events(user, offer.subtask_id)] == ["a"]
        assert (await shared.subtask(user, other.subtask_id))["state"] == "running"
        # Its slot is free.
        await device.start()


async def test_an_offer_that_is_not_listed_is_no_loss(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        offer = await device.offer()
        for _ in range(4):
            await device.heartbeat()
        await device.accept(offer)
        assert (await shared.subtask(user, offer.subtask_id))["attempt"] == 1


async def test_old_heartbeats_of_a_replaced_connection_fail_nothing(
    programs: Programs, redis_server: RedisServer, sqlite_url: str
) -> None:
    async with running_stack(programs, redis_server, sqlite_url, apis=2) as stack:
        user = await stack.user()
        one, two = stack.apis
        async with stack.device(user, one.url) as older, stack.device(user, two.url) as newer:
            await older.register()
            # Its process freezes with many heartbeats unread, which know nothing of what begins elsewhere.
            stack.proxy.targets.remove(one.port)
            one.running.freeze()
            for _ in range(40):
                await older.send("device:heartbeat", Heartbeat("raw-device", []))
            await newer.register()
            offer = await started(stack, user, newer)
            one.running.thaw()
            assert await older.closed() == 4409
            assert (await newer.heartbeat(offer.subtask_id)).stop == []
            assert (await stack.subtask(user, offer.subtask_id))["state"] == "running"


async def test_a_heartbeat_of_another_device_is_refused(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.device(user) as second:
        await device.register()
        await second.register("second")
        offer = await started(shared, user, device)
        for _ in range(3):
            with pytest.raises(RefusedError, match="not_found"):
                await second.request("device:heartbeat", Heartbeat("raw-device", []), HeartbeatAnswer)
        await device.heartbeat(offer.subtask_id)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "running"
