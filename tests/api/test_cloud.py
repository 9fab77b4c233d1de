"""The cloud: a queue of its own that the operator's executors share, whosever the subtasks are."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from support.raw_device import RawDevice
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_OFFER_SECONDS": "20"}


@pytest_asyncio.fixture(loop_scope="module")
async def pool(shared: Stack) -> AsyncIterator[RawDevice]:
    """A cloud executor of an operator's, with two slots; it says goodbye in the end."""
    operator = await shared.user()
    async with RawDevice.open(shared.url, await shared.token(operator, "cloud")) as device:
        await device.register("pool-1", kind="cloud", slots=2, shells=["ClaudeCode", "Notebook"])
        yield device
        await device.request("device:goodbye", {}, dict)


async def test_without_executors_the_cloud_is_refused_unless_the_sender_waits(
    shared: Stack, user: StackUser
) -> None:
    status, problem = await shared.call(user, "POST", "/tasks", json={"prompt": "x", "device_id": "cloud"})
    assert (status, problem["code"]) == (409, "no_cloud")
    assert problem["hint"]
    sent = await shared.send(user, "x", device_id="cloud", wait=True)
    assert (sent["state"], sent["queue_position"]) == ("queued", 1)
    operator = await shared.user()
    async with RawDevice.open(shared.url, await shared.token(operator, "cloud")) as device:
        await device.register("pool", kind="cloud")
        offer = await device.start()
        assert offer.subtask_id == sent["subtask_id"]
        await device.complete(offer)
        await device.request("device:goodbye", {}, dict)


async def test_a_cloud_subtask_is_its_senders_and_shown_as_the_clouds(
    shared: Stack, user: StackUser, pool: RawDevice
) -> None:
    async with shared.viewer(user) as viewer:
        sent = await viewer.say("x", device_id="cloud")
        offer = await pool.start()
        await pool.text(offer, 1, "a")
        await pool.complete(offer, 1, text="a")
        events, done = await viewer.output(sent.subtask_id)
        assert ([event["text"] for event in events], done.state) == (["a"], "completed")
        subtask = await shared.subtask(user, sent.subtask_id)
        assert (subtask["device_id"], subtask["state"]) == ("cloud", "completed")
        # The operator's machine is none of the sender's devices.
        assert (await shared.get(user, "/devices"))["items"] == []
        assert (await shared.call(user, "GET", "/devices/pool-1"))[0] == 404


async def test_the_clouds_executors_share_its_queue_and_a_local_device_has_none_of_it(
    shared: Stack, user: StackUser, pool: RawDevice
) -> None:
    operator, other = await shared.user(), await shared.user()
    async with (
        RawDevice.open(shared.url, await shared.token(operator, "cloud")) as second,
        shared.device(user) as local,
    ):
        await local.register()
        sent = [await shared.send(user, f"{n}", device_id="cloud") for n in range(2)]
        first_two = [await pool.start() for _ in range(2)]
        third, fourth = [await shared.send(owner, "x", device_id="cloud") for owner in (other, user)]
        assert (third["queue_position"], fourth["queue_position"]) == (1, 2)
        await second.register("pool-2", kind="cloud", slots=1, shells=["ClaudeCode"])
        offer = await second.start()
        assert offer.subtask_id == third["subtask_id"]
        assert (await shared.subtask(user, fourth["subtask_id"]))["queue_position"] == 1
        assert [one.subtask_id for one in first_two] == [one["subtask_id"] for one in sent]
        await pool.complete(first_two[1])
        last = await pool.start()
        assert last.subtask_id == fourth["subtask_id"]
        await local.heartbeat()
        assert not [frame for frame in local.inbox if frame.event == "task:execute"]
        for device, one in ((second, offer), (pool, first_two[0]), (pool, last)):
            await device.complete(one)
        await second.request("device:goodbye", {}, dict)


async def test_each_message_chooses_between_the_cloud_and_a_device(
    shared: Stack, user: StackUser, pool: RawDevice
) -> None:
    async with shared.device(user) as local, shared.viewer(user) as viewer:
        await local.register()
        # Who has no default device is served by the cloud.
        sent = await viewer.say("in the cloud")
        offer = await pool.start()
        await pool.complete(offer, text="done there", session_id="of the sandbox")
        here = await viewer.say("and here", task_id=sent.task_id, device_id="raw-device")
        offer = await local.start()
        assert (offer.subtask_id, offer.history_session) == (here.subtask_id, None)
        assert offer.transcript == "User: in the cloud\nAssistant: done there\n"
        await local.complete(offer)
        again = await viewer.say("back", task_id=sent.task_id, device_id="cloud")
        offer = await pool.start()
        assert offer.subtask_id == again.subtask_id
        await pool.complete(offer)
        stays = await viewer.say("there", task_id=sent.task_id)
        offer = await pool.start()
        assert offer.subtask_id == stays.subtask_id
        await pool.complete(offer)


async def test_a_waiting_subtask_moves_to_the_cloud_and_back(
    shared: Stack, user: StackUser, pool: RawDevice
) -> None:
    async with shared.device(user) as local:
        await local.register(slots=1)
        await shared.send(user, "first", device_id="raw-device")
        await local.start()
        sent = await shared.send(user, "second", device_id="raw-device")
        path = f"/subtasks/{sent['subtask_id']}"
        status, moved = await shared.call(user, "PATCH", path, json={"device_id": "cloud"})
        assert (status, moved["device_id"]) == (200, "cloud")
        offer = await pool.start()
        assert offer.subtask_id == sent["subtask_id"]
        await pool.complete(offer)


async def test_the_cloud_refuses_what_none_of_its_executors_offers(
    shared: Stack, user: StackUser, pool: RawDevice
) -> None:
    body = {"prompt": "x", "device_id": "cloud", "shell": "Command"}
    status, problem = await shared.call(user, "POST", "/tasks", json=body)
    assert (status, problem["code"]) == (409, "shell_not_offered")
    assert "ClaudeCode, Notebook" in problem["hint"]


async def test_a_subtask_goes_to_an_executor_that_offers_its_shell(
    shared: Stack, user: StackUser, pool: RawDevice
) -> None:
    operator = await shared.user()
    async with RawDevice.open(shared.url, await shared.token(operator, "cloud")) as second:
        await second.register("pool-2", kind="cloud", shells=["ClaudeCode", "Command"])
        commands = [await shared.send(user, "x", device_id="cloud", shell="Command") for _ in range(3)]
        for sent in commands:
            offer = await second.start()
            assert offer.subtask_id == sent["subtask_id"]
        await pool.heartbeat()
        assert not [frame for frame in pool.inbox if frame.event == "task:execute"]
        await second.request("device:goodbye", {}, dict)


async def test_everybody_sees_whether_there_is_a_cloud_and_how_busy_it_is(shared: Stack, user: StackUser) -> None:
    nothing = {"executors": 0, "slots": {"used": 0, "total": 0}, "queued": 0, "shells": []}
    assert await shared.get(user, "/cloud") == nothing
    operator, other = await shared.user(), await shared.user()
    async with RawDevice.open(shared.url, await shared.token(operator, "cloud")) as device:
        await device.register("pool", kind="cloud", slots=2, shells=["Notebook", "ClaudeCode"])
        idle = {
            "executors": 1,
            "slots": {"used": 0, "total": 2},
            "queued": 0,
            "shells": ["ClaudeCode", "Notebook"],
        }
        assert await shared.get(user, "/cloud") == idle
        for owner in (user, other, other):
            await shared.send(owner, "x", device_id="cloud")
        offers = [await device.start() for _ in range(2)]
        busy = idle | {"slots": {"used": 2, "total": 2}, "queued": 1}
        assert await shared.get(user, "/cloud") == busy
        await device.complete(offers[0])
        for offer in (offers[1], await device.start()):
            await device.complete(offer)
        await device.request("device:goodbye", {}, dict)
    assert await shared.get(user, "/cloud") == nothing
    assert (await shared.call(StackUser("", "", "", await shared.token(user, "device")), "GET", "/cloud"))[
        0
    ] == 403
