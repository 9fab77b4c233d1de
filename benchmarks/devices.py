"""A crowd of devices in a process of its own: ``python -m benchmarks.devices ORDERS``."""

import asyncio
import random
import time

import aiohttp
import msgspec

from benchmarks.connection import PATIENCE, Connection
from benchmarks.crowd import run_crowd
from benchmarks.orders import DeviceReport, Job, Member
from wegent.protocol.codec import Frame, decode_data
from wegent.protocol.device_messages import Accept, Ack, Complete, Execute, Heartbeat, Register
from wegent.protocol.time_limit import time_limit

HEARTBEAT_SECONDS = 30
YIELD_FRAMES = 16
"""After so many frames the others of the crowd have a turn."""


class Emission:
    """The output of one subtask: what was sent, and what the server holds of it."""

    def __init__(self, offer: Execute, job: Job) -> None:
        self.offer = offer
        self.job = job
        self.sent = 0
        self.held = 0
        self.advanced = asyncio.Event()

    def frame(self, due_ns: int) -> bytes:
        """Return the next frame; its first event says when it was due."""
        first = f'{{"type":"text","text":"{due_ns}'
        padding = "." * max(0, self.job.event_bytes - len(first) - 2)
        other = '{"type":"text","text":"' + "." * (self.job.event_bytes - 25) + '"}'
        events = ",".join([f'{first}{padding}"}}', *[other] * (self.job.events_per_frame - 1)])
        data = f'{{"subtask_id":"{self.offer.subtask_id}","attempt":{self.offer.attempt}'
        frame = f'{{"event":"task:progress","data":{data},"seq":{self.sent + 1},"events":[{events}]}}}}'
        self.sent += self.job.events_per_frame
        return frame.encode()

    async def room(self) -> None:
        """Wait while the device's window is full, as the executor does."""
        while self.sent - self.held >= self.job.window * self.job.events_per_frame:
            self.advanced.clear()
            async with time_limit(PATIENCE):
                await self.advanced.wait()


class Device:
    """One device: takes every offer, emits what the job says, completes."""

    def __init__(self, member: Member, report: DeviceReport) -> None:
        self._member = member
        self._report = report
        self._emissions: dict[str, Emission] = {}
        self._group: asyncio.TaskGroup
        self._connection: Connection

    async def run(self, session: aiohttp.ClientSession, ready: asyncio.Event, ending: asyncio.Event) -> None:
        """Connect, register, say ``ready``, and serve until ``ending``."""
        url = f"{self._member.url}/ws/device"
        async with Connection.open(session, url, self._member.token, self._heard) as connection:
            self._connection = connection
            async with asyncio.TaskGroup() as self._group:
                device_id = self._member.device_id
                register = Register(device_id=device_id, name=device_id, shells=["Command"], platform="benchmark")
                await connection.request("device:register", register, dict)
                beating = self._group.create_task(self._beat())
                ready.set()
                await ending.wait()
                beating.cancel()

    async def act(self) -> None:
        """Do nothing: a device acts when it is offered something."""

    async def _beat(self) -> None:
        await asyncio.sleep(random.uniform(0, HEARTBEAT_SECONDS))
        while True:
            beat = Heartbeat(self._member.device_id, list(self._emissions))
            await self._connection.request("device:heartbeat", beat, dict)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    def _heard(self, frame: Frame, size: int) -> None:
        if frame.event == "task:ack":
            ack = decode_data(frame.data, Ack)
            if (emission := self._emissions.get(ack.subtask_id)) is not None:
                emission.held = ack.seq
                emission.advanced.set()
        elif frame.event == "task:execute":
            arrived = time.monotonic_ns()
            offer = decode_data(frame.data, Execute)
            job = msgspec.json.decode(offer.prompt, type=Job)
            self._report.execute_ns.append(arrived - job.sent_ns)
            self._group.create_task(self._perform(Emission(offer, job)))

    async def _perform(self, emission: Emission) -> None:
        offer = emission.offer
        self._emissions[offer.subtask_id] = emission
        asked = time.monotonic_ns()
        await self._connection.request("task:accept", Accept(offer.subtask_id, offer.attempt), dict)
        self._report.accept_ns.append(time.monotonic_ns() - asked)
        await asyncio.sleep(emission.job.pause)
        if emission.job.rate is not None:
            await self._emit_steadily(emission, emission.job.rate)
        elif emission.job.seconds > 0:
            await self._emit_fully(emission)
        await asyncio.sleep(emission.job.pause)
        ended = time.monotonic_ns()
        complete = Complete(offer.subtask_id, offer.attempt, emission.sent, "completed")
        await self._connection.request("task:complete", complete, dict)
        self._report.complete_ns.append(time.monotonic_ns() - ended)
        del self._emissions[offer.subtask_id]

    async def _emit_fully(self, emission: Emission) -> None:
        end = time.monotonic_ns() + int(emission.job.seconds * 1e9)
        while (now := time.monotonic_ns()) < end:
            await emission.room()
            await self._post(emission, now)
            if self._report.frames % YIELD_FRAMES == 0:
                await asyncio.sleep(0)

    async def _emit_steadily(self, emission: Emission, rate: float) -> None:
        """Send each frame when it is due; one that is late still carries the time at which it was due."""
        interval = 1e9 / rate
        start = time.monotonic_ns() + int(random.uniform(0, interval))
        for number in range(max(1, int(emission.job.seconds * rate))):
            due = start + int(number * interval)
            if (wait := due - time.monotonic_ns()) > 0:
                await asyncio.sleep(wait / 1e9)
            await self._post(emission, due)

    async def _post(self, emission: Emission, due_ns: int) -> None:
        frame = emission.frame(due_ns)
        await self._connection.post(frame)
        self._report.frames += 1
        self._report.events += emission.job.events_per_frame
        self._report.bytes += len(frame)


def main() -> None:
    """Run the crowd that the orders name."""
    report = DeviceReport()
    run_crowd(lambda member, orders: Device(member, report), report)


if __name__ == "__main__":
    main()
