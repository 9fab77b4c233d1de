"""Offers: accepted once, declined, left to expire, taken back; and what a device may not accept."""

import asyncio

import pytest
from support.processes import eventually
from support.raw_socket import RefusedError
from support.stack import Stack, StackUser

from wegent.protocol.device_messages import Accept, Decline, Execute

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_OFFER_SECONDS": "1"}


async def test_an_accepted_offer_runs_and_the_same_question_gets_the_same_answer(
    shared: Stack, user: StackUser
) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register()
        options = {"timeout_seconds": 7, "max_turns": 3}
        sent = await shared.send(user, "work", device_id="raw-device", shell="Command", options=options)
        offer = await device.offer()
        assert (offer.subtask_id, offer.task_id, offer.attempt) == (sent["subtask_id"], sent["task_id"], 1)
        assert (offer.prompt, offer.shell, offer.options, offer.timeout_seconds) == ("work", "Command", options, 7)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "offered"
        await device.accept(offer)
        await viewer.subtask_state(offer.subtask_id, "running")
        before = await shared.subtask(user, offer.subtask_id)
        await device.accept(offer)
        assert await shared.subtask(user, offer.subtask_id) == before
        # Accepted, it does not expire.
        await asyncio.sleep(1.2)
        await device.accept(offer)
        assert await shared.subtask(user, offer.subtask_id) == before
        await device.complete(offer)
        with pytest.raises(RefusedError, match="not_current"):
            await device.accept(offer)


async def test_nobody_accepts_what_is_not_theirs_at_this_attempt(shared: Stack, user: StackUser) -> None:
    stranger = await shared.user()
    async with (
        shared.device(user) as device,
        shared.device(user) as second,
        shared.device(stranger) as foreign,
    ):
        await device.register()
        await second.register("second")
        await foreign.register()
        await shared.send(user, "work", device_id="raw-device")
        offer = await device.offer()
        asked = Accept(offer.subtask_id, offer.attempt)
        for socket, message in (
            (second, asked),
            (foreign, asked),
            (device, Accept(offer.subtask_id, 2)),
            (device, Accept("unknown", 1)),
        ):
            with pytest.raises(RefusedError, match="not_current"):
                await socket.request("task:accept", message, dict)
            with pytest.raises(RefusedError, match="not_current"):
                await socket.request("task:decline", Decline("unknown", 1), dict)
        # Declining what is somebody else's changes nothing either.
        with pytest.raises(RefusedError, match="not_current"):
            await foreign.decline(offer, retry=False)
        await device.request("task:decline", Decline(offer.subtask_id, 2, retry=False), dict)
        await device.accept(offer)
        assert (await shared.subtask(user, offer.subtask_id))["attempt"] == 1


async def test_an_offer_that_was_cancelled_is_not_accepted(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        offer = await device.offer()
        status, body = await shared.call(user, "POST", f"/subtasks/{offer.subtask_id}/cancel")
        assert (status, body) == (200, {"state": "cancelled"})
        with pytest.raises(RefusedError, match="not_current"):
            await device.accept(offer)
        await device.decline(offer)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "cancelled"


async def test_offers_that_nobody_answers_fail_after_the_third(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register(slots=1)
        sent = await shared.send(user, "work", device_id="raw-device")
        offers: list[Execute] = []
        for attempt in (1, 2, 3):
            offers.append(await device.offer())
            assert (offers[-1].subtask_id, offers[-1].attempt) == (sent["subtask_id"], attempt)
            if attempt > 1:
                with pytest.raises(RefusedError, match="not_current"):
                    await device.accept(offers[0])
                shown = await shared.subtask(user, sent["subtask_id"])
                assert "did not answer" in shown["waiting_reason"]
        subtask = await shared.settled(user, sent["subtask_id"])
        assert (subtask["state"], subtask["error"]["code"]) == ("failed", "declined")
        assert "Offered 3 times, never accepted." in subtask["error"]["message"]
        with pytest.raises(RefusedError, match="not_current"):
            await device.accept(offers[-1])
        # Its slot is free for the next.
        await shared.send(user, "more", device_id="raw-device")
        await device.start()


async def test_an_offer_accepted_at_the_second_time_of_asking_runs(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        await device.offer()
        offer = await device.start()
        assert offer.attempt == 2
        subtask = await shared.subtask(user, offer.subtask_id)
        assert (subtask["state"], subtask["waiting_reason"]) == ("running", None)
        await device.text(offer, 1, "a")
        await device.complete(offer, 1)
        assert [event["text"] for event in await shared.events(user, offer.subtask_id)] == ["a"]


async def test_a_decline_says_why_and_leaves_the_device_alone_for_a_while(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register()
        sent = await shared.send(user, "work", device_id="raw-device")
        first = await device.offer()
        await device.decline(first, "The disk is full.")
        told = await viewer.subtask_state(sent["subtask_id"], "queued")
        while told.waiting_reason is None:
            told = await viewer.subtask_state(sent["subtask_id"], "queued")
        assert told.waiting_reason == "The disk is full."
        shown = await shared.subtask(user, sent["subtask_id"])
        assert (shown["state"], shown["waiting_reason"]) == ("queued", "The disk is full.")
        # Nothing is offered meanwhile, other subtasks neither, though the device says that it lives.
        other = await shared.send(user, "more", device_id="raw-device")
        for _ in range(4):
            await device.heartbeat()
            await asyncio.sleep(0.5)
        assert not [frame for frame in device.inbox if frame.event == "task:execute"]
        again = await device.start(10)
        assert (again.subtask_id, again.attempt) == (sent["subtask_id"], 2)
        await device.complete(again)
        # An accepted offer makes the pause short again: the second decline costs no more than the first.
        second = await device.offer()
        assert second.subtask_id == other["subtask_id"]
        await device.decline(second)
        assert (await device.start(8.5)).attempt == 2


async def test_a_decline_for_ever_fails_with_its_reason(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        offer = await device.offer()
        reason = "No\0 such shell."
        await device.decline(offer, reason, retry=False)
        subtask = await shared.subtask(user, offer.subtask_id)
        assert (subtask["state"], subtask["error"]["code"]) == ("failed", "declined")
        assert subtask["error"]["message"] == "No such shell."
        # Said again, it is harmless; and the device gets the next offer at once.
        await device.decline(offer, "No such shell.", retry=False)
        await shared.send(user, "more", device_id="raw-device")
        await device.start(3)


async def test_an_offer_whose_session_died_goes_back_to_the_queue(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "work", device_id="raw-device")
        offer = await device.offer()
        await device.cut()

    async def is_queued() -> bool:
        subtask = await shared.subtask(user, offer.subtask_id)
        return bool(subtask["state"] == "queued" and subtask["waiting_reason"])

    await eventually(is_queued)
    async with shared.device(user) as device:
        await device.register()
        assert (await device.start()).attempt == 2
