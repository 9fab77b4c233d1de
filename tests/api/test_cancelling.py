"""Stopping a subtask, and other things that are said to one that runs: told until the device confirms."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.raw_device import RawDevice
from support.raw_socket import RefusedError
from support.stack import Stack, StackUser

from wegent.protocol.device_messages import Execute, Running, TaskInput

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_STOP_UNCONFIRMED_SECONDS": "6"}


@asynccontextmanager
async def running(shared: Stack, user: StackUser) -> AsyncIterator[tuple[RawDevice, Execute]]:
    """Connect a device that runs one subtask."""
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        yield device, await device.start()


async def cancel(shared: Stack, user: StackUser, offer: Execute) -> str:
    """Press stop, and return the state that is answered."""
    status, body = await shared.call(user, "POST", f"/subtasks/{offer.subtask_id}/cancel")
    assert status == 200, body
    return str(body["state"])


async def test_a_running_subtask_is_cancelling_until_the_device_confirms(shared: Stack, user: StackUser) -> None:
    async with running(shared, user) as (device, offer), shared.viewer(user) as viewer:
        await viewer.subscribe(offer.subtask_id)
        await device.text(offer, 1, "a")
        assert (await viewer.cancel(offer.subtask_id)).state == "cancelling"
        told = await device.cancel()
        assert (told.subtask_id, told.attempt, told.grace_seconds) == (offer.subtask_id, 1, 2)
        await viewer.subtask_state(offer.subtask_id, "cancelling")
        # It keeps its slot, and may still say something.
        assert (await shared.get(user, "/devices/raw-device"))["slots"]["used"] == 1
        await device.text(offer, 2, "b")
        await device.complete(offer, 2, "cancelled")
        events, done = await viewer.output(offer.subtask_id)
        assert ([event["text"] for event in events], done.state) == (["a", "b"], "cancelled")
        assert await cancel(shared, user, offer) == "cancelled"
        assert (await shared.get(user, "/devices/raw-device"))["slots"]["used"] == 0


@pytest.mark.parametrize(("status", "error"), [("completed", ""), ("failed", "shell_failed")])
async def test_a_report_that_comes_before_the_stop_does_counts(
    shared: Stack, user: StackUser, status: str, error: str
) -> None:
    async with running(shared, user) as (device, offer):
        await cancel(shared, user, offer)
        await device.complete(offer, 0, status, error)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == status


async def test_a_stop_is_said_again_until_it_is_confirmed_and_not_for_ever(shared: Stack, user: StackUser) -> None:
    async with running(shared, user) as (device, offer):
        assert [await cancel(shared, user, offer) for _ in range(3)] == ["cancelling"] * 3
        assert (await device.cancel()).subtask_id == offer.subtask_id
        assert (await device.cancel()).subtask_id == offer.subtask_id
        subtask = await shared.settled(user, offer.subtask_id)
        assert (subtask["state"], subtask["error"]["code"]) == ("failed", "stop_unconfirmed")
        assert subtask["error"]["hint"]
        with pytest.raises(RefusedError, match="settled"):
            await device.complete(offer, 0, "cancelled")


async def test_a_stop_survives_the_devices_absence(shared: Stack, user: StackUser) -> None:
    async with running(shared, user) as (device, offer):
        await device.cut()
        assert await cancel(shared, user, offer) == "cancelling"
        async with shared.device(user) as again:
            registered = await again.register(running=[Running(offer.subtask_id, offer.attempt)])
            assert [one.verdict for one in registered.resume] == ["stop"]
            assert (await again.cancel()).subtask_id == offer.subtask_id
            assert (await again.heartbeat(offer.subtask_id)).stop == [offer.subtask_id]
            await again.complete(offer, 0, "cancelled")
    assert (await shared.subtask(user, offer.subtask_id))["state"] == "cancelled"


async def ask(device: RawDevice, offer: Execute, seq: int) -> dict[str, Any]:
    """Let the subtask ask whether it may do something; return the answer that allows it."""
    asked = {"type": "approval", "id": "q", "tool": "Bash", "input": {}, "choices": ["allow", "deny"]}
    await device.progress(offer, seq, asked)
    await device.acked(seq)
    return {"type": "approval", "id": "q", "choice": "allow"}


async def test_an_answer_is_said_again_until_the_device_has_it(shared: Stack, user: StackUser) -> None:
    async with running(shared, user) as (device, offer), shared.viewer(user) as viewer:
        answer = await ask(device, offer, 1)
        path = f"/subtasks/{offer.subtask_id}/input"
        assert (await shared.call(user, "POST", path, json={"input": answer}))[0] == 200
        first = await device.next("task:input", TaskInput)
        assert first.input.items() >= {**answer, "by": user.name}.items()
        assert await device.next("task:input", TaskInput) == first
        with pytest.raises(RefusedError, match="already_answered") as refused:
            await viewer.input(offer.subtask_id, {**answer, "choice": "deny"})
        assert user.name in refused.value.message
        await device.cut()
        async with shared.device(user) as again:
            await again.register(running=[Running(offer.subtask_id, offer.attempt, 1)])
            frame = await again.next_of({"task:input"})
            assert frame.ref is not None
            await again.send("ack", {}, frame.ref)
            # Acknowledged, it is not said again; what comes later is.
            await viewer.input(offer.subtask_id, {"type": "text", "text": "hurry"})
            later = await again.next("task:input", TaskInput)
            assert (later.input["text"], later.input_id != first.input_id) == ("hurry", True)
            # The next one is the unacknowledged one's turn again.
            assert await again.next("task:input", TaskInput) == later
            await again.complete(offer, 1)


async def test_inputs_come_in_their_order_and_once_per_client_id(shared: Stack, user: StackUser) -> None:
    async with running(shared, user) as (device, offer), shared.viewer(user) as viewer:
        ids = [uuid.uuid4().hex for _ in range(4)]
        for number, client_id in enumerate(ids):
            for _ in range(2):
                await viewer.input(offer.subtask_id, {"type": "text", "text": f"{number}"}, client_id)
        got = []
        for _ in ids:
            frame = await device.next_of({"task:input"})
            await device.send("ack", {}, frame.ref)
            got.append(frame)
        assert [frame.ref for frame in got] == sorted(frame.ref or 0 for frame in got)
        for _ in range(3):
            await device.heartbeat(offer.subtask_id)
        assert not [frame for frame in device.inbox if frame.event == "task:input"]


async def test_what_does_not_run_takes_no_input(shared: Stack, user: StackUser) -> None:
    text = {"type": "text", "text": "x"}
    async with running(shared, user) as (device, offer), shared.viewer(user) as viewer:
        queued = await shared.send(user, "next", device_id="raw-device")
        for subtask_id, given, code in (
            (queued["subtask_id"], text, "conflict"),
            (offer.subtask_id, {"type": "approval", "id": "none", "choice": "allow"}, "not_found"),
            ("unknown", text, "not_found"),
        ):
            with pytest.raises(RefusedError, match=code):
                await viewer.input(subtask_id, given)
        await ask(device, offer, 1)
        with pytest.raises(RefusedError, match="bad_message") as refused:
            await viewer.input(offer.subtask_id, {"type": "approval", "id": "q", "choice": "perhaps"})
        assert "allow, deny" in refused.value.message
        await device.complete(offer, 1)
        with pytest.raises(RefusedError, match="settled"):
            await viewer.input(offer.subtask_id, text)
