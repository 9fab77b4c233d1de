"""Viewers: on another API process than the device's, deaf for a while, and many at once."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest
from support.processes import Programs
from support.proxy import proxied
from support.raw_device import RawDevice
from support.redis import RedisServer
from support.stack import Stack, running_stack

from wegent.protocol.device_messages import Execute

WINDOW = 8 << 20
"""Bytes that a device has under way, as an executor does: then it waits for acknowledgements."""
PIECE = "x" * (60 << 10)
PIECES = 1000
MEMORY_BOUND = 20 << 20
"""What a process may grow by while a deaf viewer has 60 MB waiting: the bounded queues, with room for Python."""


@pytest.fixture
async def wide(programs: Programs, redis_server: RedisServer, sqlite_url: str) -> AsyncIterator[Stack]:
    """Two API processes; raw devices send no heartbeats by themselves."""
    environ = {"WEGENT_ONLINE_TTL_SECONDS": "30"}
    async with running_stack(programs, redis_server, sqlite_url, apis=2, environ=environ) as stack:
        yield stack


async def test_a_viewer_on_another_process_sees_it_all_as_it_happens(wide: Stack) -> None:
    user = await wide.user()
    one, two = wide.apis
    async with wide.device(user, one.url) as device, wide.viewer(user, two.url) as viewer:
        await device.register()
        sent = await viewer.say("work", device_id="raw-device")
        offer = await device.start()
        assert offer.subtask_id == sent.subtask_id
        await viewer.subtask_state(sent.subtask_id, "running")
        for number in range(1, 6):
            await device.text(offer, number, str(number))
            assert (await viewer.chunk(2)).seq == number, "each piece comes before the next is written"
        await viewer.cancel(sent.subtask_id)
        await viewer.subtask_state(sent.subtask_id, "cancelling")
        await device.cancel(2)
        await device.complete(offer, 5, "cancelled")
        assert (await viewer.done(2)).state == "cancelled"


async def emit(device: RawDevice, offer: Execute, first: int = 1, last: int = PIECES) -> None:
    """Write pieces ``first`` to ``last`` with a bounded window, and return when they are held."""
    acked = first - 1
    for seq in range(first, last + 1):
        while (seq - acked) * len(PIECE) > WINDOW:
            acked = (await device.acked(acked + 1)).seq
        await device.text(offer, seq, f"{seq} {PIECE}")
    await device.acked(last)


async def test_a_deaf_viewer_slows_nobody_costs_little_and_gets_everything_later(wide: Stack) -> None:
    user = await wide.user()
    one, two = wide.apis
    async with (
        proxied(two.port) as network,
        wide.device(user, one.url) as device,
        wide.viewer(user, network.url, headers={"Host": f"127.0.0.1:{two.port}"}) as deaf,
        wide.viewer(user, two.url) as viewer,
    ):
        await device.register()
        sent = await viewer.say("work", device_id="raw-device")
        await deaf.subscribe(sent.subtask_id)
        offer = await device.start()
        await emit(device, offer, 1, 1)
        await deaf.chunk()
        reading = asyncio.create_task(viewer.output(sent.subtask_id))
        process = psutil.Process(two.running.pid)
        before = process.memory_info().rss
        network.stall()
        await emit(device, offer, 2)
        await device.complete(offer, PIECES)
        events, done = await asyncio.wait_for(reading, 20)
        grown = process.memory_info().rss - before
        assert [event["text"].split()[0] for event in events] == [str(n) for n in range(1, PIECES + 1)]
        assert done.state == "completed"
        assert grown < MEMORY_BOUND, f"grew by {grown >> 20} MB"
        network.resume()
        late, done = await deaf.output(sent.subtask_id, 1)
        assert [event["text"] for event in late] == [event["text"] for event in events[1:]]
        assert done.seq == PIECES
        # It never lost its socket.
        await deaf.ping()


async def test_a_viewer_that_comes_late_reads_from_where_it_was(wide: Stack) -> None:
    """Part of the output is in SQL, part in the live log, part comes while it reads."""
    user = await wide.user()
    one, two = wide.apis
    async with wide.device(user, one.url) as device, wide.viewer(user, two.url) as viewer:
        await device.register()
        sent = await wide.send(user, "work", device_id="raw-device")
        offer = await device.start()
        await emit(device, offer, 1, PIECES // 2)
        emitting = asyncio.create_task(emit(device, offer, PIECES // 2 + 1))
        await viewer.subscribe(sent["subtask_id"], 100)
        await emitting
        await device.complete(offer, PIECES)
        events, done = await viewer.output(sent["subtask_id"], 100)
        assert [event["text"].split()[0] for event in events] == [str(n) for n in range(101, PIECES + 1)]
        assert (done.seq, done.state) == (PIECES, "completed")
