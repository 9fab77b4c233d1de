"""What is unread, and what a user's other pages are told when a conversation changes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from support.raw_device import RawDevice
from support.raw_viewer import RawViewer
from support.stack import Stack, StackUser

from wegent.protocol.chat_messages import TaskChanged

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"

QUESTION = {"type": "approval", "id": "a", "tool": "Bash", "input": {}, "choices": ["allow"]}


@pytest_asyncio.fixture(loop_scope="module")
async def device(shared: Stack, user: StackUser) -> AsyncIterator[RawDevice]:
    """A registered device of the user's."""
    async with shared.device(user) as opened:
        await opened.register()
        yield opened


async def is_unread(shared: Stack, user: StackUser, task_id: str) -> bool:
    """Return what REST says, which is the same in the list."""
    task = await shared.get(user, f"/tasks/{task_id}")
    listed = next(one for one in (await shared.get(user, "/tasks"))["items"] if one["task_id"] == task_id)
    assert task["unread"] is listed["unread"]
    unread: bool = task["unread"]
    return unread


async def see(shared: Stack, user: StackUser, task_id: str) -> None:
    """Say that the user has seen it."""
    assert await shared.call(user, "PUT", f"/tasks/{task_id}/seen") == (204, None)


async def changed(viewer: RawViewer) -> TaskChanged:
    """Return the next ``task:changed``."""
    return await viewer.next("task:changed", TaskChanged)


async def test_a_turn_that_ends_makes_a_task_unread_until_it_is_seen(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    for status in ("completed", "failed"):
        task_id = (await shared.send(user, "x", device_id="raw-device"))["task_id"]
        offer = await device.start()
        await device.text(offer, 1, "working")
        await device.acked(1)
        assert not await is_unread(shared, user, task_id)
        await device.complete(offer, 1, status=status, error="shell_failed" if status == "failed" else None)
        for _ in range(2):
            assert await is_unread(shared, user, task_id)
            await see(shared, user, task_id)
            assert not await is_unread(shared, user, task_id)
            await shared.call(user, "POST", f"/tasks/{task_id}/subtasks", json={"prompt": "again"})
            assert not await is_unread(shared, user, task_id)
            await device.complete(await device.start())


async def test_going_on_with_a_task_is_seeing_it(shared: Stack, user: StackUser, device: RawDevice) -> None:
    task_id = (await shared.send(user, "x", device_id="raw-device"))["task_id"]
    await device.complete(await device.start())
    assert await is_unread(shared, user, task_id)
    await shared.call(user, "POST", f"/tasks/{task_id}/subtasks", json={"prompt": "again"})
    assert not await is_unread(shared, user, task_id)


async def test_an_approval_makes_a_task_unread_and_its_replay_does_not(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    async with shared.viewer(user) as viewer:
        await viewer.device_state("raw-device", "online")  # from then on it is told of changes
        task_id = (await shared.send(user, "x", device_id="raw-device"))["task_id"]
        assert await changed(viewer) == TaskChanged(task_id)
        offer = await device.start()
        await device.progress(offer, 1, QUESTION)
        await device.acked(1)
        assert await changed(viewer) == TaskChanged(task_id)
        assert await is_unread(shared, user, task_id)
        await see(shared, user, task_id)
        await device.progress(offer, 1, QUESTION)
        await device.progress(offer, 2, QUESTION | {"id": "b"}, {"type": "text", "text": "x"})
        await device.acked(3)
        assert await is_unread(shared, user, task_id)
        await see(shared, user, task_id)
        await device.progress(offer, 2, QUESTION | {"id": "b"}, {"type": "text", "text": "x"})
        await device.heartbeat(offer.subtask_id)
        assert not await is_unread(shared, user, task_id)


async def test_every_page_of_the_user_is_told_and_nobody_elses(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    other = await shared.user()
    async with shared.viewer(user) as here, shared.viewer(user) as there, shared.viewer(other) as elsewhere:
        await here.device_state("raw-device", "online")
        task_id = (await shared.send(user, "x", device_id="raw-device"))["task_id"]
        offer = await device.start()
        for happen in (
            device.complete(offer),
            shared.call(user, "PATCH", f"/tasks/{task_id}", json={"title": "new"}),
            shared.call(user, "PUT", f"/tasks/{task_id}/seen"),
        ):
            for viewer in (here, there):
                assert await changed(viewer) == TaskChanged(task_id)
            await happen
        for viewer in (here, there):
            assert await changed(viewer) == TaskChanged(task_id)
        await see(shared, user, task_id)  # it is seen already: nobody need know
        assert (await shared.call(user, "DELETE", f"/tasks/{task_id}"))[0] == 204
        for viewer in (here, there):
            assert await changed(viewer) == TaskChanged(task_id, removed=True)
        await elsewhere.ping()
        assert not [frame for frame in elsewhere.inbox if frame.event == "task:changed"]


async def test_who_comes_later_is_told_only_of_what_changes_then(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    sent = [await shared.send(user, "x", device_id="raw-device") for _ in range(2)]
    async with shared.viewer(user) as viewer:
        await viewer.subtask_state(sent[0]["subtask_id"], "queued")
        await shared.call(user, "POST", f"/subtasks/{sent[1]['subtask_id']}/cancel")
        assert (await changed(viewer)).task_id == sent[1]["task_id"]
        await shared.call(user, "DELETE", f"/tasks/{sent[1]['task_id']}")
        assert await changed(viewer) == TaskChanged(sent[1]["task_id"], removed=True)


async def test_who_may_only_read_marks_nothing_as_seen(shared: Stack, user: StackUser, device: RawDevice) -> None:
    task_id = (await shared.send(user, "x", device_id="raw-device"))["task_id"]
    await device.complete(await device.start())
    reader = StackUser(user.id, user.name, user.password, await shared.token(user, "read"))
    assert (await shared.call(reader, "PUT", f"/tasks/{task_id}/seen"))[0] == 403
    assert await is_unread(shared, user, task_id)
