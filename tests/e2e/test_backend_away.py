"""The backend goes away and comes back, whole or Redis alone: nothing fails, and nobody seems offline for long."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from support.persistent_viewer import watching
from support.processes import Programs, eventually
from support.raw_device import RawDevice
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack

from wegent.protocol.device_messages import Running

SHOWN_OFFLINE_AT_MOST = 2.0
POLL = 0.05
SILENCE = 3.0
"""Seconds between a device's heartbeats: longer than anybody may be shown offline."""

TALKATIVE = """
import sys, time
for number in range(int(sys.argv[1])):
    print(number, flush=True)
    time.sleep(float(sys.argv[2]))
"""


class Shown:
    """What REST shows of one device, asked every ``POLL`` seconds."""

    def __init__(self) -> None:
        self.offline = 0.0
        """The longest time, in seconds, for which it was shown offline without a break."""
        self.times = 0
        self._since: float | None = None

    async def watch(self, stack: Stack, user: StackUser, device_id: str) -> None:
        while True:
            try:
                device = await stack.get(user, f"/devices/{device_id}", url=stack.apis[0].url)
            except aiohttp.ClientError:
                device = None  # nobody is shown anything
            now = time.monotonic()
            if device is not None and device["status"] == "offline":
                self._since = now if self._since is None else self._since
                self.offline = max(self.offline, now - self._since)
            elif device is not None:
                self._since = None
            self.times += device is not None
            await asyncio.sleep(POLL)


@asynccontextmanager
async def shown(stack: Stack, user: StackUser, device_id: str) -> AsyncIterator[Shown]:
    """Watch what is shown of a device until the block ends."""
    found = Shown()
    watching = asyncio.create_task(found.watch(stack, user, device_id))
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert found.times > 3
    assert found.offline <= SHOWN_OFFLINE_AT_MOST, f"shown offline for {found.offline:.2f} s"


def script(tmp_path: Path, lines: int, pause: float) -> str:
    path = tmp_path / "talkative.py"
    path.write_text(TALKATIVE)
    return f"exec {sys.executable} {path} {lines} {pause}"


async def test_the_whole_backend_is_away_for_three_ttls_while_a_task_runs(
    programs: Programs, redis_server: RedisServer, sqlite_url: str, tmp_path: Path
) -> None:
    # However long the executor might wait between two tries, it is back before anybody is lost.
    environ = {"WEGENT_ONLINE_TTL_SECONDS": "2", "WEGENT_RECONNECT_MAX_SECONDS": "60"}
    async with running_stack(programs, redis_server, sqlite_url, environ=environ) as stack:
        ttl = stack.settings.timing.online_ttl
        user = await stack.user()
        (api,) = stack.apis
        await stack.start_executor(user)
        sent = await stack.send(user, script(tmp_path, 200, 0.05), device_id="executor", shell="Command")
        async with watching(stack, user, sent["subtask_id"], api.url) as watched:
            await watched.until(lambda viewer: "5\n" in viewer.text())
            api.kill()
            stack.workers[0].kill()
            redis_server.stop()
            seen = watched.viewer.seq
            await asyncio.sleep(2 * ttl)
            # Redis, which has forgotten everything, and the worker are back before anybody can serve the device.
            redis_server.start()
            await stack.start_worker()
            await asyncio.sleep(max(ttl, 2 * stack.settings.timing.monitor))
            assert watched.viewer.seq == seen
            async with shown(stack, user, "executor"):
                await api.start()
                done = await watched.end()
                # The monitor may speak only when the epoch is old enough.
                await asyncio.sleep(ttl + 2 * stack.settings.timing.monitor)
            assert (done.state, done.error) == ("completed", None)
            assert watched.viewer.text() == "".join(f"{number}\n" for number in range(200))
        subtask = await stack.subtask(user, sent["subtask_id"])
        assert (subtask["state"], subtask["attempt"]) == ("completed", 1)
        assert await stack.events(user, sent["subtask_id"]) == watched.viewer.events


async def test_an_idle_device_that_is_slow_to_come_back_is_reconnecting_and_one_that_left_is_offline(
    stack: Stack,
) -> None:
    user = await stack.user()
    (api,) = stack.apis
    async with stack.device(user) as device, stack.device(user) as leaver:
        await device.register()
        await leaver.register("leaver")
        await leaver.request("device:goodbye", {}, dict)
        api.kill()
        await device.closed()
    await asyncio.sleep(1.2 * stack.settings.timing.online_ttl)
    await api.start()
    seen = {each["device_id"]: each for each in (await stack.get(user, "/devices"))["items"]}
    assert (seen["raw-device"]["status"], seen["raw-device"]["reconnecting"]) == ("online", True)
    assert (seen["leaver"]["status"], seen["leaver"]["reconnecting"]) == ("offline", False)

    async def is_offline() -> bool:
        return bool((await stack.get(user, "/devices/raw-device"))["status"] == "offline")

    await eventually(is_offline)  # it never came: the monitor speaks when the epoch is old enough


async def test_a_device_at_work_that_is_slow_to_come_back_is_reconnecting(stack: Stack) -> None:
    user = await stack.user()
    (api,) = stack.apis
    async with stack.device(user) as device:
        await device.register(slots=2)
        await stack.send(user, "work", device_id="raw-device")
        offer = await device.start()
        await device.text(offer, 1, "a", "b")
        await device.acked(2)
        api.kill()
        stack.redis.stop()
        await device.closed()
    stack.redis.start()
    await api.start()
    until = time.monotonic() + 0.7 * stack.settings.timing.online_ttl
    while time.monotonic() < until:
        seen = await stack.get(user, "/devices/raw-device")
        assert (seen["status"], seen["reconnecting"], seen["running"]) == ("online", True, [offer.subtask_id])
        await asyncio.sleep(POLL)
    later = await stack.send(user, "more", device_id="raw-device")
    async with stack.device(user) as device:
        registered = await device.register(slots=2, running=[Running(offer.subtask_id, 1, 2)])
        assert [(resume.verdict, resume.seq) for resume in registered.resume] == [("continue", 0)]
        assert not registered.device.reconnecting
        await device.text(offer, 1, "a", "b")
        await device.complete(offer, 2)
        assert (await device.offer()).subtask_id == later["subtask_id"]


async def test_redis_forgets_while_the_device_is_silent_and_nobody_sends(
    programs: Programs, redis_server: RedisServer, sqlite_url: str
) -> None:
    """Flushed, then restarted: it is as if nothing had happened."""
    environ = {"WEGENT_HEARTBEAT_SECONDS": str(SILENCE), "WEGENT_ONLINE_TTL_SECONDS": str(2 * SILENCE)}
    async with running_stack(programs, redis_server, sqlite_url, environ=environ) as stack:
        user = await stack.user()
        timing = stack.settings.timing
        async with stack.device(user) as device:
            await device.register()
            await stack.send(user, "work", device_id="raw-device")
            offer = await device.start()
            await device.text(offer, 1, "a", "b")
            await device.acked(2)
            await beats(device, offer.subtask_id, timing.online_ttl)  # so that the monitor may speak
            async with shown(stack, user, "raw-device"):
                redis_server.flush()
                # Asked for what Redis alone had, as soon as that is noticed.
                assert (await device.replay()).seq == 1
                await beats(device, offer.subtask_id, SILENCE)
                redis_server.stop()
                redis_server.start()
                assert (await device.replay()).seq == 1
                await beats(device, offer.subtask_id, timing.online_ttl + 2 * timing.monitor)
                assert (await stack.subtask(user, offer.subtask_id))["state"] == "running"
            await device.text(offer, 1, "a", "b")
            await device.text(offer, 3, "c")
            await device.complete(offer, 3)
        subtask = await stack.subtask(user, offer.subtask_id)
        assert (subtask["state"], subtask["seq"], subtask["error"]) == ("completed", 3, None)
        assert [event["text"] for event in await stack.events(user, offer.subtask_id)] == ["a", "b", "c"]


async def beats(device: RawDevice, running: str, seconds: float) -> None:
    """Do nothing but send heartbeats, each after a silence."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(SILENCE)
        assert (await device.heartbeat(running)).stop == []
