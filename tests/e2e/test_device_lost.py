"""A device that is cut off: for less than the online TTL nothing happens, for longer its subtasks fail."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.gated_command import GatedCommand
from support.marked import marked
from support.persistent_viewer import watching
from support.processes import eventually
from support.raw_device import RawDevice
from support.raw_socket import RefusedError
from support.stack import Stack, StackUser

from wegent.protocol.device_messages import Execute, Running

SLACK = 2.0
"""Seconds for a loaded machine, on top of what is promised."""


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[StackUser]:
    yield await stack.user()


async def started(stack: Stack, user: StackUser, device: RawDevice) -> Execute:
    """Register a device and let it start one subtask that has written two events."""
    await device.register()
    await stack.send(user, "work", device_id="raw-device")
    offer = await device.start()
    await device.text(offer, 1, "a", "b")
    await device.acked(2)
    return offer


async def seen(stack: Stack, user: StackUser) -> Any:
    return await stack.get(user, "/devices/raw-device")


async def test_cut_off_for_less_than_the_ttl_nothing_fails(stack: Stack, user: StackUser) -> None:
    async with stack.device(user) as device:
        offer = await started(stack, user, device)
        await device.cut()

    async def is_reconnecting() -> bool:
        return (await seen(stack, user))["reconnecting"]

    await eventually(is_reconnecting, 2)
    # Longer than one interval of the monitor, shorter than the TTL.
    until = time.monotonic() + 1.5 * stack.settings.timing.monitor
    while time.monotonic() < until:
        assert (await seen(stack, user))["status"] == "online"
        assert (await stack.subtask(user, offer.subtask_id))["state"] == "running"
    async with stack.device(user) as device:
        registered = await device.register(running=[Running(offer.subtask_id, offer.attempt, 3)])
        (resume,) = registered.resume
        assert (resume.verdict, resume.seq) == ("continue", 2)
        assert not registered.device.reconnecting
        await device.text(offer, 3, "c")
        await device.complete(offer, 3)
    subtask = await stack.subtask(user, offer.subtask_id)
    assert (subtask["state"], subtask["error"], subtask["seq"]) == ("completed", None, 3)


async def test_cut_off_for_longer_its_subtasks_fail_and_a_late_report_is_kept(
    stack: Stack, user: StackUser
) -> None:
    timing = stack.settings.timing
    async with stack.device(user) as device, stack.viewer(user) as viewer:
        offer = await started(stack, user, device)
        await viewer.subscribe(offer.subtask_id)
        queued = await stack.send(user, "later", device_id="raw-device", wait=True)
        await device.offer()
        await device.cut()
        subtask = await stack.settled(user, offer.subtask_id, timing.online_ttl + timing.monitor + SLACK)
        assert (subtask["state"], subtask["error"]["code"]) == ("failed", "device_lost")
        assert "disconnected" in subtask["error"]["message"] and "Test - raw-device" in subtask["error"]["message"]
        assert subtask["error"]["hint"]
        events, done = await viewer.output(offer.subtask_id)
        assert [event["text"] for event in events] == ["a", "b"]
        assert done.state == "failed" and done.error is not None and done.error.code == "device_lost"
        while (await viewer.device_state("raw-device", "offline", 2)).slots.used:
            continue  # the slots are free at once
    # What never started waits for the device to come back.
    assert (await stack.subtask(user, queued["subtask_id"]))["state"] == "queued"
    await reported_late(stack, user, offer)


async def reported_late(stack: Stack, user: StackUser, offer: Execute) -> None:
    """The device comes back and reports success: no state changes, and its output is kept apart."""
    before = await stack.subtask(user, offer.subtask_id)
    async with stack.device(user) as device:
        registered = await device.register(running=[Running(offer.subtask_id, offer.attempt, 4)])
        (resume,) = registered.resume
        assert (resume.verdict, resume.seq) == ("stop", 2)
        await device.text(offer, 3, "c", "d")
        with pytest.raises(RefusedError) as refused:
            await device.complete(offer, 4)
        assert refused.value.code == "settled"
        # Sent again, it is kept once and answered the same.
        await device.text(offer, 3, "c", "d")
        with pytest.raises(RefusedError):
            await device.complete(offer, 4)
        assert (await device.offer()).subtask_id != offer.subtask_id
    assert await stack.subtask(user, offer.subtask_id) == before
    assert [event["text"] for event in await stack.events(user, offer.subtask_id)] == ["a", "b"]
    path = f"/subtasks/{offer.subtask_id}/events"
    late = await stack.get(user, path, params={"late": "1"}, headers={"Accept": "application/json"})
    assert [(item["seq"], [event["text"] for event in item["events"]]) for item in late["items"]] == [
        (3, ["c", "d"])
    ]


async def test_a_computer_that_slept_for_longer_stops_its_work_and_is_a_device_again(
    stack: Stack, user: StackUser, tmp_path: Path
) -> None:
    """Frozen as by a closed lid: what it wrote is kept, nothing of it goes on, and no state flips back."""
    executor = await stack.start_executor(user)
    command = GatedCommand(tmp_path / "gates", stages=3, lines=100)
    command.open(0)
    sent = await stack.send(user, command.prompt, device_id="executor", shell="Command")
    subtask_id = sent["subtask_id"]
    async with watching(stack, user, subtask_id) as watched:
        await watched.until(lambda viewer: viewer.text() == command.output(1))
        # The command sleeps with it, and both were in the middle of something.
        work = marked(subtask_id)
        command.open(1)
        executor.freeze()
        for process in work:
            process.suspend()
        done = await watched.end()
        assert done.error is not None and done.error.code == "device_lost"
        kept = watched.viewer.text()
        for process in work:
            process.resume()
        executor.thaw()
    await stack.online(user, "executor")
    await eventually(lambda: not marked(subtask_id), what="the work was stopped")
    outboxes = stack.programs.root / "executors" / "executor" / "outbox"
    await eventually(lambda: not list(outboxes.iterdir()), what="what it had to say was taken")
    subtask = await stack.subtask(user, subtask_id)
    assert (subtask["state"], subtask["error"]["code"]) == ("failed", "device_lost")
    path = f"/subtasks/{subtask_id}/events"
    late = await stack.get(user, path, params={"late": "1"}, headers={"Accept": "application/json"})
    events = [event for item in late["items"] for event in item["events"] if event["name"] == "stdout"]
    assert command.output().startswith(kept + "".join(event["text"] for event in events))
    assert command.times_begun == 1
    after = await stack.send(user, "true", device_id="executor", shell="Command")
    assert (await stack.settled(user, after["subtask_id"]))["state"] == "completed"
