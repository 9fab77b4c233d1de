"""The queue of a device: five slots, first come first served, places that move up, and where a turn goes."""

import pytest
from support.processes import eventually
from support.raw_device import RawDevice
from support.raw_viewer import RawViewer
from support.stack import Stack, StackUser

from wegent.protocol.chat_messages import SubtaskState
from wegent.protocol.device_messages import Execute

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_OFFER_SECONDS": "30"}


def offered(device: RawDevice) -> list[str]:
    """Return the offers that came and that no test has taken."""
    return [frame.event for frame in device.inbox if frame.event == "task:execute"]


class Places:
    """What a viewer is told of the places in the queue; None: it does not wait."""

    def __init__(self, viewer: RawViewer) -> None:
        self._viewer = viewer
        self._told: dict[str, int | None] = {}

    async def become(self, **wanted: int | None) -> None:
        """Wait until the latest that was told is this."""
        while any(self._told.get(subtask_id, 0) != place for subtask_id, place in wanted.items()):
            told = await self._viewer.next("task:state", SubtaskState)
            self._told[told.subtask_id] = told.queue_position


async def quiet(device: RawDevice, *running: Execute) -> None:
    """Let the session have looked at everything, and check that it offered nothing."""
    for _ in range(3):
        await device.heartbeat(*(offer.subtask_id for offer in running))
    assert offered(device) == []


async def test_five_at_once_the_rest_in_order_with_places_that_move_up(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        assert (await device.register()).device.slots.total == 5
        sent = [await shared.send(user, f"work {n}", device_id="raw-device") for n in range(8)]
        offers = [await device.start() for _ in range(5)]
        assert [offer.prompt for offer in offers] == [f"work {n}" for n in range(5)]
        await viewer.device_state("raw-device", "busy")
        shown = await shared.get(user, "/devices/raw-device")
        assert (shown["status"], shown["slots"], shown["queued"]) == ("busy", {"used": 5, "total": 5}, 3)
        assert shown["running"] == [offer.subtask_id for offer in offers]
        waiting = [subtask["subtask_id"] for subtask in sent[5:]]
        places = Places(viewer)
        await places.become(**{subtask_id: number for number, subtask_id in enumerate(waiting, 1)})
        for number, subtask_id in enumerate(waiting, 1):
            assert (await shared.subtask(user, subtask_id))["queue_position"] == number
        await quiet(device, *offers)
        for done, next_one in ((offers[3], waiting[0]), (offers[0], waiting[1])):
            await device.complete(done)
            assert (await device.start()).subtask_id == next_one
        await places.become(**{waiting[0]: None, waiting[1]: None, waiting[2]: 1})
        assert (await shared.subtask(user, waiting[2]))["queue_position"] == 1
        assert (await shared.subtask(user, waiting[1]))["queue_position"] is None
        # A busy device takes what is sent to it: it waits in its place.
        last = await shared.send(user, "last", device_id="raw-device")
        assert (last["state"], last["queue_position"]) == ("queued", 2)


async def test_the_device_says_how_many_slots_it_has(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register(slots=1)
        for _ in range(2):
            await shared.send(user, "work", device_id="raw-device")
        offer = await device.start()
        await quiet(device, offer)
        await device.register(slots=2, running=[])
        # The register did not list what runs: that failed, and both slots are free.
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "failed"
        assert (await device.start()).subtask_id != offer.subtask_id


async def test_cancelled_in_the_queue_it_is_gone_at_once_and_the_others_move_up(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register(slots=1)
        sent = [await shared.send(user, "work", device_id="raw-device") for _ in range(3)]
        offer = await device.start()
        assert (await viewer.cancel(sent[1]["subtask_id"])).state == "cancelled"
        await Places(viewer).become(**{sent[1]["subtask_id"]: None, sent[2]["subtask_id"]: 1})
        await device.complete(offer)
        assert (await device.offer()).subtask_id == sent[2]["subtask_id"]
        assert not [frame for frame in device.inbox if frame.event == "task:cancel"]


async def turn(shared: Stack, user: StackUser, task_id: str, **fields: object) -> str:
    """Send one more turn of a task."""
    path = f"/tasks/{task_id}/subtasks"
    status, body = await shared.call(user, "POST", path, json={"prompt": "next", **fields})
    assert status == 201, body
    return str(body["subtask_id"])


async def test_turns_of_one_task_run_one_after_the_other(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.device(user) as other:
        await device.register()
        await other.register("other")
        sent = await shared.send(user, "first", device_id="raw-device")
        first = await device.start()
        second = await turn(shared, user, sent["task_id"])
        third = await turn(shared, user, sent["task_id"], device_id="other")
        apart = await shared.send(user, "apart", device_id="raw-device")
        # What is behind it in the queue need not wait.
        beside = await device.start()
        assert beside.subtask_id == apart["subtask_id"]
        await quiet(device, first, beside)
        await quiet(other)
        await device.complete(first)
        by_whom: dict[str, RawDevice] = {}

        async def one_is_offered() -> bool:
            for each in (device, other):
                if offered(each):
                    by_whom["it"] = each
            return bool(by_whom)

        await eventually(one_is_offered)
        winner = by_whom["it"]
        loser = other if winner is device else device
        offer = await winner.start()
        assert offer.subtask_id == (second if winner is device else third)
        await quiet(loser, *([beside] if loser is device else []))
        await winner.complete(offer)
        assert (await loser.start()).subtask_id == (third if winner is device else second)


async def test_who_names_no_device_gets_the_tasks_last_then_the_default_then_the_cloud(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as one, shared.device(user) as two, shared.viewer(user) as viewer:
        await one.register("one")
        await two.register("two")
        status, problem = await shared.call(user, "POST", "/tasks", json={"prompt": "x"})
        assert (status, problem["code"]) == (409, "no_cloud")
        assert (await shared.call(user, "PUT", "/devices/two/default"))[0] == 200
        sent = await viewer.say("by default")
        offer = await two.start()
        assert offer.subtask_id == sent.subtask_id
        await two.complete(offer)
        # Chosen once, the task stays there, and each message may say otherwise.
        moved = await viewer.say("elsewhere", task_id=sent.task_id, device_id="one")
        offer = await one.start()
        assert offer.subtask_id == moved.subtask_id
        await one.complete(offer)
        stays = await viewer.say("again", task_id=sent.task_id)
        assert (await one.offer()).subtask_id == stays.subtask_id
        fresh = await viewer.say("a new conversation")
        assert (await two.offer()).subtask_id == fresh.subtask_id
        assert (await shared.call(user, "DELETE", "/devices/two/default"))[0] == 200
        status, problem = await shared.call(user, "POST", "/tasks", json={"prompt": "x"})
        assert (status, problem["code"]) == (409, "no_cloud")


async def test_who_names_no_shell_gets_the_tasks_last(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.device(user) as other, shared.viewer(user) as viewer:
        await device.register("raw", shells=["ClaudeCode", "Python", "Command"])
        await other.register("other", shells=["ClaudeCode"])
        sent = await viewer.say("x = 1", device_id="raw", shell="Python")
        await device.complete(await device.start())
        await viewer.say("x", task_id=sent.task_id)
        offer = await device.start()
        assert (offer.prompt, offer.shell) == ("x", "Python")
        await device.complete(offer)
        body = {"prompt": "x", "device_id": "other"}
        status, problem = await shared.call(user, "POST", f"/tasks/{sent.task_id}/subtasks", json=body)
        assert (status, problem["code"]) == (409, "shell_not_offered"), "code is not for a model to guess at"
        await viewer.say("What is x?", task_id=sent.task_id, shell="ClaudeCode")
        assert (await device.offer()).shell == "ClaudeCode"


async def test_a_queued_subtask_moves_to_another_device_and_a_started_one_does_not(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as one, shared.device(user) as two:
        await one.register("one", slots=1)
        await two.register("two")
        await shared.send(user, "first", device_id="one")
        offer = await one.start()
        waiting = [(await shared.send(user, "work", device_id="one"))["subtask_id"] for _ in range(2)]
        path = f"/subtasks/{waiting[0]}"
        status, moved = await shared.call(user, "PATCH", path, json={"device_id": "two"})
        assert (status, moved["device_id"]) == (200, "two")
        assert (await two.start()).subtask_id == waiting[0]
        assert (await shared.subtask(user, waiting[1]))["queue_position"] == 1
        for subtask_id in (waiting[0], offer.subtask_id):
            status, problem = await shared.call(
                user, "PATCH", f"/subtasks/{subtask_id}", json={"device_id": "one"}
            )
            assert (status, problem["code"]) == (409, "conflict")
        for target, code in (("nowhere", "not_found"), ("cloud", "no_cloud")):
            status, problem = await shared.call(
                user, "PATCH", f"/subtasks/{waiting[1]}", json={"device_id": target}
            )
            assert problem["code"] == code
        await one.complete(offer)
        assert (await one.start()).subtask_id == waiting[1]


async def test_a_draining_device_gets_nothing_new_until_it_registers_again(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        offer = await device.start()
        await device.request("device:drain", {"reason": "an update"}, dict)
        sent = await shared.send(user, "later", device_id="raw-device")
        await quiet(device, offer)
        await device.text(offer, 1, "a")
        await device.complete(offer, 1)
        await quiet(device)
        assert (await shared.subtask(user, sent["subtask_id"]))["state"] == "queued"
        await device.register()
        assert (await device.start()).subtask_id == sent["subtask_id"]


async def test_a_paused_device_shows_that_and_what_waits_for_it_never_fails(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as device:
        await device.register(paused=True)
        sent = await shared.send(user, "work", device_id="raw-device")
        await quiet(device)
        shown = await shared.get(user, "/devices/raw-device")
        assert (shown["status"], shown["paused"]) == ("online", True)
        for _ in range(4):  # each time the offer crosses the device's word that it takes nothing new
            await device.register()
            offer = await device.offer()
            await device.request("device:drain", {"reason": "paused"}, dict)
            assert (await shared.get(user, "/devices/raw-device"))["paused"] is True
            await device.decline(offer, "Paused.")
            assert (await shared.subtask(user, sent["subtask_id"]))["state"] == "queued"
    async with shared.device(user) as device:
        await device.register()
        assert (await shared.get(user, "/devices/raw-device"))["paused"] is False
        assert (await device.start()).subtask_id == sent["subtask_id"]


async def test_a_retry_is_the_tasks_next_turn(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device", shell="Command")
        offer = await device.start()
        assert (await shared.call(user, "POST", f"/subtasks/{offer.subtask_id}/retry"))[0] == 409
        await device.complete(offer, 0, "failed", "shell_failed")
        status, body = await shared.call(user, "POST", f"/subtasks/{offer.subtask_id}/retry")
        assert (status, body["task_id"]) == (201, offer.task_id)
        again: Execute = await device.start()
        assert (again.subtask_id, again.attempt) == (body["subtask_id"], 1)
        assert (again.prompt, again.shell) == ("work", "Command")
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "failed"


async def test_what_waits_survives_the_devices_absence(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register(slots=1)
        sent = [await shared.send(user, "work", device_id="raw-device") for _ in range(3)]
        offer = await device.start()
        await device.complete(offer)
        await device.offer()
        await device.cut()
    async with shared.device(user) as device:
        await device.register(slots=1)
        for subtask in sent[1:]:
            offer = await device.start()
            assert offer.subtask_id == subtask["subtask_id"]
            await device.complete(offer)
