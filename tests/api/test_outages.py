"""Redis goes away and comes back: sockets and requests are told so, and everything goes on."""

import asyncio

import pytest
from support.http import ask
from support.processes import eventually
from support.raw_socket import RefusedError
from support.redis import RedisServer
from support.stack import Stack


async def test_without_redis_everybody_is_told_to_ask_again_and_nothing_is_lost(
    stack: Stack, redis_server: RedisServer
) -> None:
    user = await stack.user()
    api = stack.apis[0]
    async with stack.device(user) as device, stack.viewer(user) as viewer:
        await device.register()
        sent = await viewer.say("x", device_id="raw-device")
        offer = await device.start()
        await device.text(offer, 1, "before")
        await device.acked(1)
        redis_server.stop()
        for socket, event, data in (
            (viewer, "chat:send", {"client_id": "c", "prompt": "x", "device_id": "raw-device"}),
            (device, "device:heartbeat", {"device_id": "raw-device", "running_task_ids": [offer.subtask_id]}),
        ):
            with pytest.raises(RefusedError) as refused:
                await socket.request(event, data, dict)
            assert refused.value.code == "unavailable"
        await device.text(offer, 2, "meanwhile")
        body = {"prompt": "x", "device_id": "raw-device"}
        answer = await ask("POST", f"{api.url}/tasks", token=user.token, json=body)
        answer.problem(503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        (await ask("GET", f"{api.url}/readyz")).problem(503, "unavailable")
        assert (await ask("GET", f"{api.url}/healthz")).status == 200
        subtask = await ask("GET", f"{api.url}/subtasks/{offer.subtask_id}", token=user.token)
        assert subtask.status in (200, 503)
        await viewer.ping()
        await device.ping()

        redis_server.start()
        finishing = asyncio.create_task(device.complete(offer, 3))
        wanted = (await device.replay()).seq
        assert wanted in (1, 2)  # what was stored is not asked for again
        await device.text(offer, wanted, *["before", "meanwhile", "after"][wanted - 1 :])
        await finishing
        events, done = await viewer.output(sent.subtask_id)
        assert ([event["text"] for event in events], done.state) == (["before", "meanwhile", "after"], "completed")

        async def is_ready() -> bool:
            return (await ask("GET", f"{api.url}/readyz")).status == 200

        await eventually(is_ready)
        await device.heartbeat()
        await viewer.say("and on", device_id="raw-device")
        assert (await device.start()).prompt == "and on"
    assert "a session failed" not in api.running.text
    assert "unhandled error" not in api.running.text
