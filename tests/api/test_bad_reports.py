"""Good frames that say what cannot be: of unknown subtasks, out of order, too large, before the register."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from support.raw_device import RawDevice
from support.raw_socket import RawSocket, RefusedError
from support.raw_viewer import RawViewer
from support.stack import Stack, StackUser

from wegent.protocol.codec import MAX_EVENT
from wegent.protocol.device_messages import Execute

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"  # which refuses more than SQLite does

HUGE = 2**53 - 1


@pytest_asyncio.fixture(loop_scope="module")
async def device(shared: Stack, user: StackUser) -> AsyncIterator[RawDevice]:
    """A registered device of the user's."""
    async with shared.device(user) as opened:
        await opened.register()
        yield opened


async def code_of(socket: RawSocket, event: str, data: object) -> str:
    """Send a frame and return the code that it is refused with; the message must say something."""
    with pytest.raises(RefusedError) as refused:
        await socket.request(event, data, dict)
    assert refused.value.message
    assert refused.value.hint
    return refused.value.code


async def test_a_viewers_unknown_subtask_is_not_found(shared: Stack, user: StackUser, bystander: None) -> None:
    async with shared.viewer(user) as viewer:
        for event, more in (
            ("chat:subscribe", {"seq": HUGE}),
            ("chat:unsubscribe", {}),
            ("chat:cancel", {}),
            ("chat:input", {"client_id": "c", "input": {"type": "text", "text": "x"}}),
        ):
            assert await code_of(viewer, event, {"subtask_id": "unknown", **more}) == "not_found"


async def test_a_viewer_beyond_the_end_is_told_the_end(shared: Stack, user: StackUser, device: RawDevice) -> None:
    async with shared.viewer(user) as viewer:
        sent = await viewer.say("x", device_id="raw-device")
        offer = await device.start()
        await device.text(offer, 1, "a")
        await device.complete(offer, 1)
        assert (await viewer.output(sent.subtask_id))[1].state == "completed"
        await viewer.subscribe(sent.subtask_id, HUGE)
        assert (await viewer.done()).seq == 1
        assert not [frame for frame in viewer.inbox if frame.event == "chat:chunk"]


def progress(offer: Execute, seq: int, *events: str) -> dict[str, Any]:
    """Return the data of a progress frame with events that are JSON already."""
    return {
        "subtask_id": offer.subtask_id,
        "attempt": 1,
        "seq": seq,
        "events": [json.loads(one) for one in events],
    }


async def started(shared: Stack, user: StackUser, device: RawDevice) -> Execute:
    """Send a subtask to the device and start it."""
    await shared.send(user, "x", device_id="raw-device")
    return await device.start()


async def ends_as_if_nothing_had_been(shared: Stack, user: StackUser, device: RawDevice, offer: Execute) -> None:
    """Go on with the subtask: its output is exactly what was good."""
    await device.text(offer, 1, "good")
    await device.complete(offer, 1)
    assert await shared.events(user, offer.subtask_id) == [{"type": "text", "text": "good"}]
    assert (await shared.subtask(user, offer.subtask_id))["state"] == "completed"


async def test_events_that_are_none_are_refused_whole(
    shared: Stack, user: StackUser, device: RawDevice, bystander: None
) -> None:
    offer = await started(shared, user, device)
    good = '{"type":"text","text":"x"}'
    for event in ("{}", "[]", "7", "null", '"text"', '{"type":7}', '{"type":""}', '{"type":"' + "x" * 65 + '"}'):
        assert await code_of(device, "task:progress", progress(offer, 1, good, event)) == "bad_message"
    for event in ('{"type":"approval"}', '{"type":"approval","id":"a\\u0000","tool":"t","input":{}}'):
        assert await code_of(device, "task:progress", progress(offer, 1, good, event)) == "bad_message"
    large = '{"type":"text","text":"' + "x" * MAX_EVENT + '"}'
    assert await code_of(device, "task:progress", progress(offer, 1, good, large)) == "too_large"
    await ends_as_if_nothing_had_been(shared, user, device, offer)


async def test_the_largest_event_is_kept(shared: Stack, user: StackUser, device: RawDevice) -> None:
    offer = await started(shared, user, device)
    text = "x" * (MAX_EVENT - len('{"type":"text","text":""}'))
    await device.text(offer, 1, text, text, text)
    await device.complete(offer, 3)
    assert [len(event["text"]) for event in await shared.events(user, offer.subtask_id)] == [len(text)] * 3


async def test_progress_of_what_does_not_run_here_is_refused(
    shared: Stack, user: StackUser, device: RawDevice, bystander: None
) -> None:
    event = '{"type":"text","text":"x"}'
    unknown = Execute(subtask_id="unknown", task_id="t", attempt=1, shell="s", prompt="p")
    assert await code_of(device, "task:progress", progress(unknown, 1, event)) == "not_found"
    offer = await started(shared, user, device)
    future = progress(offer, 1, event) | {"attempt": 2}
    assert await code_of(device, "task:progress", future) == "not_current"
    assert await code_of(device, "task:progress", progress(offer, 1, event) | {"attempt": HUGE}) == "not_current"
    await ends_as_if_nothing_had_been(shared, user, device, offer)
    await device.text(offer, 2, "after the end")
    await device.acked(2)
    assert len(await shared.events(user, offer.subtask_id)) == 1


async def test_gaps_are_asked_for_once_and_nothing_is_out_of_order(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    offer = await started(shared, user, device)
    for seq in (2, 3, 9, HUGE):
        await device.text(offer, seq, "early")
    assert (await device.replay()).seq == 1
    await device.text(offer, 1, "1", "2")
    await device.text(offer, 4, "early")
    assert (await device.replay()).seq == 3
    await device.text(offer, 2, "2", "3", "4")
    await device.text(offer, 1, "known")
    await device.acked(4)
    await device.complete(offer, 4)
    assert [event["text"] for event in await shared.events(user, offer.subtask_id)] == ["1", "2", "3", "4"]
    assert not [frame for frame in device.inbox if frame.event == "task:replay"]


async def test_a_report_like_the_recorded_one_but_with_more_output_does_not_lose_it(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    offer = await started(shared, user, device)
    await device.text(offer, 1, "a")
    await device.acked(1)
    for _ in range(2):
        await device.heartbeat()
    assert (await shared.subtask(user, offer.subtask_id))["error"]["code"] == "executor_restarted"
    report = {"subtask_id": offer.subtask_id, "attempt": 1, "seq": 3, "status": "failed"}
    error = {"code": "executor_restarted", "message": "so it was"}
    asked = asyncio.create_task(code_of(device, "task:complete", report | {"error": error}))
    assert (await device.replay()).seq == 2
    await device.text(offer, 2, "b", "c")
    assert await asked == "settled"
    late = await shared.get(user, f"/subtasks/{offer.subtask_id}/events", params={"late": "1"})
    assert [event["text"] for item in late["items"] for event in item["events"]] == ["b", "c"]


async def test_events_before_the_register_are_refused_and_it_still_registers(
    shared: Stack, user: StackUser, bystander: None
) -> None:
    async with shared.device(user) as late:
        for event in ("device:heartbeat", "device:drain", "device:goodbye", "task:accept", "task:progress", "x"):
            assert await code_of(late, event, {}) == "bad_message"
        assert await code_of(late, "device:register", {"device_id": "cloud", "name": "n"}) == "bad_message"
        assert (await late.register("late")).device.status == "online"


async def test_who_sends_bad_frames_before_the_register_is_closed_with_4400(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as wild:
        for _ in range(5):
            await wild.send_text("x")
        assert await wild.closed() == 4400
    async with shared.device(user) as silent:
        started = asyncio.get_running_loop().time()
        assert await silent.closed() == 4408
        assert asyncio.get_running_loop().time() - started >= 2


async def test_registering_for_another_device_on_the_same_socket_is_a_conflict(
    shared: Stack, user: StackUser, device: RawDevice, bystander: None
) -> None:
    assert await code_of(device, "device:register", {"device_id": "third", "name": "n"}) == "conflict"
    assert await code_of(device, "device:heartbeat", {"device_id": "third", "running_task_ids": []}) == "not_found"
    again = await device.register()
    assert again.device.status == "online"
    ids = {one["device_id"] for one in (await shared.get(user, "/devices"))["items"]}
    assert ids == {"raw-device", "second"}


async def test_a_viewer_speaks_no_device_language(shared: Stack, user: StackUser, bystander: None) -> None:
    async with RawViewer.open(shared.url, user.token) as viewer:
        for event in ("device:register", "device:heartbeat", "task:progress", "chat:chunk", "task:state"):
            assert await code_of(viewer, event, {}) == "bad_message"
