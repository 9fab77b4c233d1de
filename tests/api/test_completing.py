"""How a device's subtask ends: with all of its output, once, and what comes after its end is kept apart."""

import asyncio
from typing import Any

import pytest
from support.processes import eventually
from support.raw_device import RawDevice
from support.raw_socket import RefusedError
from support.stack import Stack, StackUser

from wegent.protocol.device_messages import Execute, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60"}


async def started(shared: Stack, user: StackUser, device: RawDevice) -> Execute:
    """Register a device and let it start one subtask."""
    await device.register()
    await shared.send(user, "work", device_id="raw-device")
    return await device.start()


async def texts(shared: Stack, user: StackUser, offer: Execute) -> list[str]:
    """Return what the subtask wrote."""
    return [event["text"] for event in await shared.events(user, offer.subtask_id)]


async def late(shared: Stack, user: StackUser, offer: Execute) -> list[Any]:
    """Return what came after the subtask's end."""
    path = f"/subtasks/{offer.subtask_id}/events"
    answer = await shared.get(user, path, params={"late": "1"}, headers={"Accept": "application/json"})
    return [(item["seq"], [event["text"] for event in item["events"]]) for item in answer["items"]]


async def test_a_report_waits_for_the_output_that_is_missing(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        await device.text(offer, 1, "a")
        await device.text(offer, 3, "c")
        completing = asyncio.ensure_future(device.complete(offer, 4))
        assert (await device.replay()).seq == 2
        await device.heartbeat(offer.subtask_id)
        assert not completing.done()
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "running"
        await device.text(offer, 2, "b", "c", "d")
        await completing
    assert await texts(shared, user, offer) == ["a", "b", "c", "d"]
    assert (await shared.subtask(user, offer.subtask_id))["seq"] == 4


async def test_what_a_flush_took_is_asked_for_before_the_subtask_ends(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        await device.text(offer, 1, "a", "b", "c")
        await device.acked(3)
        await asyncio.to_thread(shared.redis.flush)
        completing = asyncio.ensure_future(device.complete(offer, 3))
        assert (await device.replay()).seq == 1
        await device.text(offer, 1, "a", "b", "c")
        await completing
    assert await texts(shared, user, offer) == ["a", "b", "c"]
    subtask = await shared.subtask(user, offer.subtask_id)
    assert (subtask["state"], subtask["seq"]) == ("completed", 3)


async def test_a_report_whose_output_does_not_come_is_answered_that_it_be_sent_again(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        with pytest.raises(RefusedError) as refused:
            await device.complete(offer, 1)
        assert refused.value.code == "unavailable"
        assert (await device.replay()).seq == 1
        completing = asyncio.ensure_future(device.complete(offer, 1))
        assert (await device.replay()).seq == 1
        await device.text(offer, 1, "a")
        await completing
    assert await texts(shared, user, offer) == ["a"]


async def test_output_that_an_earlier_session_left_in_redis_is_stored_by_the_next(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        await device.text(offer, 1, "a", "b")
        assert (await device.acked(2)).stored == 0
        await device.cut()
    async with shared.device(user) as device:
        registered = await device.register(running=[Running(offer.subtask_id, offer.attempt, 2)])
        assert registered.resume[0].seq == 2
        ack = await device.acked(2)
        assert (ack.seq, ack.stored) == (2, 2)
        await device.complete(offer, 2)


async def test_a_repeated_report_is_answered_as_the_first_was(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        await device.text(offer, 1, "a")
        await device.complete(offer, 1, "failed", "shell_failed", exit_code=3)
        before = await shared.subtask(user, offer.subtask_id)
        assert (before["state"], before["error"]["code"]) == ("failed", "shell_failed")
        assert (before["error"]["message"], before["result"]) == ("shell_failed happened", {"exit_code": 3})
        await device.complete(offer, 1, "failed", "shell_failed", exit_code=4)
        await device.cut()
    async with shared.device(user) as device:
        registered = await device.register(running=[Running(offer.subtask_id, offer.attempt, 1)])
        assert registered.resume[0].verdict == "stop"
        await device.complete(offer, 1, "failed", "shell_failed")
        with pytest.raises(RefusedError, match="settled"):
            await device.complete(offer, 1, "completed")
    assert await shared.subtask(user, offer.subtask_id) == before
    assert await late(shared, user, offer) == []


async def test_what_comes_after_the_end_is_kept_apart(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        offer = await started(shared, user, device)
        await viewer.subscribe(offer.subtask_id)
        await device.text(offer, 1, "a")
        await device.acked(1)
        for _ in range(2):
            await device.heartbeat()
        assert (await viewer.done()).seq == 1
        before = await shared.subtask(user, offer.subtask_id)
        assert (before["state"], before["error"]["code"]) == ("failed", "executor_restarted")
        # The session did not settle it: it finds the end when the log refuses what comes next.
        await device.text(offer, 2, "b")
        assert (await device.replay()).seq == 2
        await device.text(offer, 2, "b")
        await device.text(offer, 4, "d")
        assert (await device.replay()).seq == 3
        await device.text(offer, 3, "c", "d")
        assert (await device.acked(4)).stored == 4
        with pytest.raises(RefusedError, match="settled"):
            await device.complete(offer, 4)
        assert await shared.subtask(user, offer.subtask_id) == before
        assert await texts(shared, user, offer) == ["a"]
        assert await late(shared, user, offer) == [(2, ["b"]), (3, ["c", "d"])]
        await viewer.ping()
        assert not [frame for frame in viewer.inbox if frame.event in ("chat:chunk", "chat:done")][1:]


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed"])
async def test_each_way_to_end_frees_the_slot(shared: Stack, user: StackUser, status: str) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        await device.complete(offer, 0, status)
        subtask = await shared.subtask(user, offer.subtask_id)
        assert subtask["state"] == status
        assert (subtask["error"] or {}).get("code") == ("shell_failed" if status == "failed" else None)
        assert (await shared.get(user, "/devices/raw-device"))["slots"]["used"] == 0


async def test_reports_of_what_is_not_the_devices_change_nothing(shared: Stack, user: StackUser) -> None:
    other = await shared.user()
    async with shared.device(user) as device, shared.device(other) as foreign:
        offer = await started(shared, user, device)
        await foreign.register()
        wrong = Execute(subtask_id=offer.subtask_id, task_id="", attempt=2, shell="", prompt="")
        unknown = Execute(subtask_id="unknown", task_id="", attempt=1, shell="", prompt="")
        for socket, asked, code in (
            (foreign, offer, "not_found"),
            (device, unknown, "not_found"),
            (device, wrong, "not_current"),
        ):
            with pytest.raises(RefusedError, match=code):
                await socket.complete(asked)
            await socket.text(asked, 1, "x")
            assert (await socket.error()).code == code
        await device.complete(offer)
    assert await texts(shared, user, offer) == []


async def test_a_reported_session_is_handed_to_the_tasks_next_turn(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.device(user) as other:
        offer = await started(shared, user, device)
        assert (offer.history_session, offer.transcript) == (None, None)
        await device.complete(offer, text="an answer", session_id="s-1")
        await shared.call(user, "POST", f"/tasks/{offer.task_id}/subtasks", json={"prompt": "and?"})
        second = await device.start()
        assert (second.history_session, second.transcript) == ("s-1", None)
        await device.complete(second, text="more")
        await other.register("other")
        body = {"prompt": "elsewhere", "device_id": "other"}
        await shared.call(user, "POST", f"/tasks/{offer.task_id}/subtasks", json=body)
        third = await other.offer()
        assert third.history_session is None
        assert third.transcript == "User: work\nAssistant: an answer\nUser: and?\nAssistant: more\n"


async def test_a_task_deleted_while_its_report_waits_lets_the_device_go_on(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        offer = await started(shared, user, device)
        assert (await shared.call(user, "POST", f"/subtasks/{offer.subtask_id}/cancel"))[0] == 200
        await device.cancel()
        await device.complete(offer, 0, "cancelled")
        assert (await shared.call(user, "DELETE", f"/tasks/{offer.task_id}"))[0] == 204
        with pytest.raises(RefusedError, match="not_found"):
            await device.complete(offer, 0, "cancelled")

        async def is_free() -> bool:
            return bool((await shared.get(user, "/devices/raw-device"))["slots"]["used"] == 0)

        await eventually(is_free)
