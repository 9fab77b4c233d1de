"""Registering: in time, once or again, beside another connection, after a goodbye, after the device's deletion."""

import asyncio
from typing import Any

import pytest
from support.processes import eventually
from support.raw_device import RawDevice
from support.raw_socket import RefusedError
from support.stack import Stack, StackUser

from wegent.protocol.device_messages import Execute, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_REGISTER_SECONDS": "1.5"}


async def seen(shared: Stack, user: StackUser, device_id: str = "raw-device") -> Any:
    """Return a device as REST gives it."""
    return await shared.get(user, f"/devices/{device_id}")


async def started(shared: Stack, user: StackUser, device: RawDevice, device_id: str = "raw-device") -> Execute:
    """Let a registered device start one more subtask."""
    await shared.send(user, "work", device_id=device_id)
    return await device.start()


def listed(offer: Execute, seq: int = 0) -> Running:
    """Return an offer as a register lists it."""
    return Running(offer.subtask_id, offer.attempt, seq)


async def test_what_a_device_says_of_itself_is_shown(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        about = {
            "name": "Linux - büro",
            "slots": 3,
            "version": "1.2",
            "platform": "linux",
            "shells": ["Command"],
            "folders": ["/data"],
            "kernels": ["python3"],
            "labels": {"gpu": "yes"},
        }
        registered = await device.register("my.pc:1_-", **about)
        assert registered.server_time.endswith("Z")
        assert (registered.heartbeat_seconds, registered.online_ttl_seconds) == (0.5, 60)
        assert registered.max_frame == 1 << 20
        told = await viewer.device_state("my.pc:1_-", "online")
        shown = await seen(shared, user, "my.pc:1_-")
        for name, value in about.items():
            assert shown[name] == (value if name != "slots" else {"used": 0, "total": 3})
        assert (shown["status"], shown["reconnecting"], shown["is_default"]) == ("online", False, False)
        assert (told.name, told.kernels, told.labels) == ("Linux - büro", ["python3"], {"gpu": "yes"})


async def test_who_does_not_register_in_time_is_sent_away(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as silent, shared.device(user) as talkative:
        for number in range(3):
            await talkative.ping() if number else None
            with pytest.raises(RefusedError) as refused:
                await talkative.heartbeat()
            assert refused.value.code == "bad_message"
            assert "device:register" in refused.value.message
        assert [await silent.closed(), await talkative.closed()] == [4408, 4408]
    assert (await shared.get(user, "/devices"))["items"] == []


async def test_registering_again_on_the_same_socket_reconciles_again(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        first = await device.register()
        going, ended = [await started(shared, user, device) for _ in range(2)]
        await device.text(going, 1, "a")
        await device.acked(1)
        again = await device.register(running=[listed(going, 1)], labels={"a": "b"})
        assert again.session == first.session
        assert [(one.subtask_id, one.seq, one.verdict) for one in again.resume] == [
            (going.subtask_id, 1, "continue")
        ]
        assert (await shared.subtask(user, ended.subtask_id))["error"]["code"] == "executor_restarted"
        assert (await seen(shared, user))["labels"] == {"a": "b"}
        await device.text(going, 2, "b")
        await device.complete(going, 2)
        with pytest.raises(RefusedError, match="conflict"):
            await device.register("another")
        await device.ping()


async def test_a_newer_connection_takes_the_device_over(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as older, shared.device(user) as newer:
        await older.register(instance="a", connection=9)
        offer = await started(shared, user, older)
        resumed = await newer.register(instance="b", connection=1, running=[listed(offer)])
        assert [one.verdict for one in resumed.resume] == ["continue"]
        assert await older.closed() == 4409
        assert (await seen(shared, user))["status"] == "online"
        await newer.complete(offer)


async def test_of_one_instance_the_lower_connection_loses(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as newer, shared.device(user) as older, shared.device(user) as newest:
        await newer.register(instance="a", connection=2)
        await older.send("device:register", {"device_id": "raw-device", "name": "n", "instance": "a"}, 1)
        assert await older.closed() == 4409
        await newer.heartbeat()
        assert (await seen(shared, user))["name"] == "Test - raw-device"
        await newest.register(instance="a", connection=3)
        assert await newer.closed() == 4409
        await newest.heartbeat()


async def test_after_a_goodbye_the_device_is_offline_at_once(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        registered = await device.register()
        await viewer.device_state("raw-device", "online")
        await asyncio.sleep(0.01)
        await device.request("device:goodbye", {"reason": "lid closed"}, dict)
        await viewer.device_state("raw-device", "offline")
        shown = await seen(shared, user)
        assert (shown["status"], shown["reconnecting"]) == ("offline", False)
        assert registered.device.last_seen is not None
        assert shown["last_seen"] > registered.device.last_seen
        # What it still says does not bring it back; a register does.
        await device.heartbeat()
        assert (await seen(shared, user))["status"] == "offline"
        assert (await device.register()).device.status == "online"
        await device.heartbeat()
        await started(shared, user, device)
        await device.cut()

    async def is_reconnecting() -> bool:
        return bool((await seen(shared, user))["reconnecting"])

    await eventually(is_reconnecting)


async def test_a_deleted_device_is_told_and_registers_anew(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register(slots=1)
        await shared.call(user, "PATCH", "/devices/raw-device", json={"name": "mine"})
        await shared.call(user, "PUT", "/devices/raw-device/default")
        offer = await started(shared, user, device)
        waiting = await shared.send(user, "later", device_id="raw-device")
        await device.text(offer, 1, "a")
        await device.acked(1)
        assert (await shared.call(user, "DELETE", "/devices/raw-device"))[0] == 204
        assert await device.closed() == 4404
        for subtask_id in (offer.subtask_id, waiting["subtask_id"]):
            subtask = await shared.subtask(user, subtask_id)
            assert (subtask["state"], subtask["error"]["code"]) == ("failed", "device_deleted")
        while not (told := await viewer.device_state("raw-device", "offline")).removed:
            continue
        assert (told.running, told.queued) == ([], 0)
    assert [event["text"] for event in await shared.events(user, offer.subtask_id)] == ["a"]
    async with shared.device(user) as device:
        registered = await device.register(running=[listed(offer, 1)])
        assert [one.verdict for one in registered.resume] == ["stop"]
        assert (registered.device.name, registered.device.is_default) == ("Test - raw-device", False)
        with pytest.raises(RefusedError, match="not_found"):
            await device.complete(offer, 1)
        await started(shared, user, device)


async def test_the_register_answers_for_each_subtask_that_it_lists(shared: Stack, user: StackUser) -> None:
    stranger = await shared.user()
    async with shared.device(user) as device, shared.device(stranger) as foreign:
        await foreign.register()
        theirs = await started(shared, stranger, foreign)
        await device.register()
        going, cancelling, settled, unlisted = [await started(shared, user, device) for _ in range(4)]
        await device.text(going, 1, "a", "b")
        await device.text(settled, 1, "a")
        await device.complete(settled, 1)
        await device.acked(2)
        await shared.call(user, "POST", f"/subtasks/{cancelling.subtask_id}/cancel")
        await shared.send(user, "offered", device_id="raw-device")
        offered = await device.offer()
        await shared.send(user, "offered too", device_id="raw-device")
        unseen = await device.offer()
        await device.cut()
        async with shared.device(user) as again:
            unknown = Running("unknown", 1, 7)
            old = Running(going.subtask_id, 3, 2)
            asked = [listed(one, 3) for one in (going, cancelling, settled, theirs, offered)] + [unknown, old]
            registered = await again.register(running=asked)
            answers = [(one.subtask_id, one.attempt, one.seq, one.verdict) for one in registered.resume]
            assert answers == [
                (going.subtask_id, 1, 2, "continue"),
                (cancelling.subtask_id, 1, 0, "stop"),
                (settled.subtask_id, 1, 1, "stop"),
                (theirs.subtask_id, 1, 0, "stop"),
                # Its accept was sent: that counts as answered.
                (offered.subtask_id, 1, 0, "continue"),
                ("unknown", 1, 0, "stop"),
                (going.subtask_id, 3, 0, "stop"),
            ]
            lost = await shared.subtask(user, unlisted.subtask_id)
            assert (lost["state"], lost["error"]["code"]) == ("failed", "executor_restarted")
            assert (await again.cancel()).subtask_id == cancelling.subtask_id
            # What it never saw is offered anew.
            anew = await again.start()
            assert (anew.subtask_id, anew.attempt) == (unseen.subtask_id, 2)
            await again.text(going, 3, "c")
            await again.complete(going, 3)
            await again.text(offered, 1, "a")
            await again.complete(offered, 1)
        assert (await shared.subtask(stranger, theirs.subtask_id))["state"] == "running"


async def test_two_users_of_one_computer_have_a_device_each(shared: Stack, user: StackUser) -> None:
    other = await shared.user()
    async with shared.device(user) as mine, shared.device(other) as theirs:
        await mine.register("same", instance="a")
        await theirs.register("same", instance="a")
        offer = await started(shared, user, mine, "same")
        await theirs.heartbeat()
        assert not [frame for frame in theirs.inbox if frame.event == "task:execute"]
        assert (await seen(shared, user, "same"))["running"] == [offer.subtask_id]
        assert (await seen(shared, other, "same"))["running"] == []
        assert (await shared.call(other, "DELETE", "/devices/same"))[0] == 204
        assert await theirs.closed() == 4404
        await mine.complete(offer)
