"""Any of one's devices by label: shown as such while it waits, then as the one that took it."""

import pytest
from support.stack import Stack, StackUser

from wegent.protocol.chat_messages import Send

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_OFFER_SECONDS": "30", "WEGENT_HEARTBEAT_SECONDS": "20"}
GPU = {"gpu": "yes"}


async def test_it_waits_for_any_and_is_then_shown_on_the_device_that_took_it(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as plain, shared.device(user) as busy, shared.viewer(user) as viewer:
        await plain.register("plain")
        await busy.register("busy", labels=GPU, slots=1)
        await shared.send(user, "first", device_id="*", labels=GPU)
        first = await busy.start()
        sent = await shared.send(user, "work", device_id="*", labels=GPU)
        assert sent["queue_position"] == 1
        told = await viewer.subtask_state(sent["subtask_id"], "queued")
        assert (told.device_id, told.labels) == ("*", GPU)
        shown = await shared.subtask(user, sent["subtask_id"])
        assert (shown["device_id"], shown["labels"], shown["queue_position"]) == ("*", GPU, 1)
        async with shared.device(user) as free:
            await free.register("free", labels={**GPU, "os": "linux"})
            offer = await free.start()
            assert offer.subtask_id == sent["subtask_id"]
            told = await viewer.subtask_state(sent["subtask_id"], "running")
            assert told.device_id == "free"
            shown = await shared.subtask(user, sent["subtask_id"])
            assert (shown["device_id"], shown["labels"]) == ("free", GPU)
            await free.complete(offer)
            await busy.complete(first)
            path = f"/tasks/{sent['task_id']}/subtasks"
            status, turn = await shared.call(user, "POST", path, json={"prompt": "more"})
            assert status == 201
            assert (await free.start()).subtask_id == turn["subtask_id"]
            shown = await shared.subtask(user, turn["subtask_id"])
            assert (shown["device_id"], shown["labels"]) == ("free", None)


async def test_sending_wakes_every_device_that_may_take_it_and_a_retry_goes_to_any_again(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register()
        message = Send(client_id="c-1", prompt="hi", device_id="*", shell="Command")
        sent = await viewer.request("chat:send", message, dict)
        offer = await device.start()  # woken: it would look by itself in twenty seconds only
        assert offer.subtask_id == sent["subtask_id"]
        await device.complete(offer, status="failed")
        status, again = await shared.call(user, "POST", f"/subtasks/{offer.subtask_id}/retry")
        assert status == 201
        assert (await shared.subtask(user, again["subtask_id"]))["labels"] == {}
        assert (await device.start()).subtask_id == again["subtask_id"]


async def test_what_one_device_can_never_run_goes_to_another(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as first, shared.device(user) as second:
        await first.register("first")
        sent = await shared.send(user, "work", device_id="*")
        offer = await first.offer()
        await second.register("second")
        await first.decline(offer, "no such kernel here", retry=False)
        offer = await second.start()
        assert (offer.subtask_id, offer.attempt) == (sent["subtask_id"], 2)


async def test_what_waits_is_moved_to_any_over_rest(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as paused, shared.device(user) as device:
        await paused.register("paused", paused=True)
        sent = await shared.send(user, "work", device_id="paused", wait=True)
        await device.register("gpu", labels=GPU)
        path = f"/subtasks/{sent['subtask_id']}"
        status, problem = await shared.call(user, "PATCH", path, json={"device_id": "*", "labels": {"gpu": "no"}})
        assert (status, problem["code"], problem["field"]) == (404, "not_found", "labels")
        status, moved = await shared.call(user, "PATCH", path, json={"device_id": "*", "labels": GPU})
        assert (status, moved["labels"]) == (200, GPU)
        assert (await device.start()).subtask_id == sent["subtask_id"]


@pytest.mark.parametrize(
    "labels",
    [
        {f"l{number}": "" for number in range(65)},
        {"n" * 65: "x"},
        {"": "x"},
        {"n": "v" * 201},
        {"n": 1},
        {"n\0": "v"},
        ["gpu"],
    ],
)
async def test_labels_that_no_device_could_have_are_refused(
    shared: Stack, user: StackUser, labels: object
) -> None:
    body = {"prompt": "hi", "device_id": "*", "labels": labels}
    status, problem = await shared.call(user, "POST", "/tasks", json=body)
    assert (status, problem["code"]) == (400, "bad_message")
    assert problem["field"].startswith("labels")
