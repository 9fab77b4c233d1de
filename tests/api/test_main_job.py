"""The main job through the real API process: send, offer, accept, output, end."""

from support.raw_socket import RefusedError
from support.stack import Stack


async def test_output_streams_from_a_device_to_a_viewer(stack: Stack) -> None:
    user = await stack.user()
    async with stack.device(user) as device, stack.viewer(user) as viewer:
        registered = await device.register()
        assert registered.device.status == "online"
        assert (registered.heartbeat_seconds, registered.online_ttl_seconds) == (0.5, 3)
        sent = await viewer.request(
            "chat:send", {"client_id": "c1", "prompt": "hi", "device_id": "raw-device"}, dict
        )
        offer = await device.start()
        assert (offer.subtask_id, offer.attempt, offer.prompt) == (sent["subtask_id"], 1, "hi")
        await device.text(offer, 1, "a", "b")
        await device.text(offer, 3, "c")
        await device.complete(offer, 3, text="abc")
        chunks = [await viewer.next("chat:chunk", dict) for _ in range(2)]
        assert [(chunk["seq"], len(chunk["events"])) for chunk in chunks] == [(1, 2), (3, 1)]
        done = await viewer.next("chat:done", dict)
        assert (done["state"], done["seq"], done["result"]) == ("completed", 3, {"text": "abc"})
    assert await stack.events(user, offer.subtask_id) == [{"type": "text", "text": text} for text in "abc"]
    subtask = await stack.subtask(user, offer.subtask_id)
    assert (subtask["state"], subtask["seq"], subtask["attempt"]) == ("completed", 3, 1)


async def test_an_offline_device_is_refused_unless_the_sender_waits(stack: Stack) -> None:
    user = await stack.user()
    async with stack.device(user) as device:
        await device.register()
        await device.request("device:goodbye", {}, dict)
    async with stack.viewer(user) as viewer:
        message = {"client_id": "c1", "prompt": "hi", "device_id": "raw-device"}
        try:
            await viewer.request("chat:send", message, dict)
        except RefusedError as refused:
            assert refused.code == "device_offline"
            assert refused.hint
        else:
            raise AssertionError("not refused")
        sent = await viewer.request("chat:send", {**message, "wait": True}, dict)
        assert (sent["state"], sent["queue_position"]) == ("queued", 1)
        async with stack.device(user) as device:
            await device.register()
            assert (await device.offer()).subtask_id == sent["subtask_id"]
