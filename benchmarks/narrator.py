"""A device that tells a narration in each subtask: as fast as the server takes it, or at a rate."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from benchmarks.connection import PATIENCE, Connection
from benchmarks.narration import narration
from benchmarks.orders import Member
from wegent.protocol.codec import Frame, decode_data, encode
from wegent.protocol.device_messages import Accept, Ack, Complete, Execute, Progress, Register
from wegent.protocol.time_limit import time_limit

COALESCE_SECONDS = 0.025
"""An executor sends what came within this time in one frame."""
FRAME_EVENTS = 200
"""In a frame, where there is no rate."""
WINDOW_EVENTS = 5000


class Tale(msgspec.Struct, frozen=True):
    """A subtask's prompt: how many events, and how many a second (0: all that the server takes)."""

    events: int
    rate: int = 0


class Narrator:
    """A registered device; a subtask begins when :attr:`may_begin` is set."""

    def __init__(self) -> None:
        self.may_begin = asyncio.Event()
        self.ended_at = 0.0
        """When the last event was sent, by ``time.monotonic``."""
        self._held = 0
        self._advanced = asyncio.Event()
        self._connection: Connection
        self._group: asyncio.TaskGroup

    @classmethod
    @asynccontextmanager
    async def online(cls, session: aiohttp.ClientSession, member: Member) -> AsyncIterator["Narrator"]:
        """Be a device until the block ends."""
        narrator = cls()
        url = f"{member.url}/ws/device"
        async with Connection.open(session, url, member.token, narrator._heard) as narrator._connection:
            device = Register(
                device_id=member.device_id, name="workstation", shells=["ClaudeCode"], platform="benchmark"
            )
            await narrator._connection.request("device:register", device, dict)
            async with asyncio.TaskGroup() as narrator._group:
                yield narrator

    def _heard(self, frame: Frame, size: int) -> None:
        if frame.event == "task:ack":
            self._held = decode_data(frame.data, Ack).seq
            self._advanced.set()
        elif frame.event == "task:execute":
            self._held = 0
            self._group.create_task(self._tell(decode_data(frame.data, Execute)))

    async def _tell(self, offer: Execute) -> None:
        tale = msgspec.json.decode(offer.prompt, type=Tale)
        events = [msgspec.Raw(event) for event in narration(tale.events)]
        await self._connection.request("task:accept", Accept(offer.subtask_id, offer.attempt), dict)
        await self.may_begin.wait()
        await (self._tell_steadily(offer, events, tale.rate) if tale.rate else self._tell_fast(offer, events))
        self.ended_at = time.monotonic()
        complete = Complete(offer.subtask_id, offer.attempt, len(events), "completed")
        await self._connection.request("task:complete", complete, dict)

    async def _tell_fast(self, offer: Execute, events: Sequence[msgspec.Raw]) -> None:
        for first in range(0, len(events), FRAME_EVENTS):
            await self._room(first)
            await self._post(offer, first, events[first : first + FRAME_EVENTS])

    async def _tell_steadily(self, offer: Execute, events: Sequence[msgspec.Raw], rate: int) -> None:
        began, per_frame = time.monotonic(), max(1, round(rate * COALESCE_SECONDS))
        for first in range(0, len(events), per_frame):
            await asyncio.sleep(began + first / rate - time.monotonic())
            await self._post(offer, first, events[first : first + per_frame])

    async def _post(self, offer: Execute, first: int, events: Sequence[msgspec.Raw]) -> None:
        progress = Progress(offer.subtask_id, offer.attempt, first + 1, list(events))
        await self._connection.post(encode("task:progress", progress))

    async def _room(self, sent: int) -> None:
        while sent - self._held > WINDOW_EVENTS:
            self._advanced.clear()
            async with time_limit(PATIENCE):
                await self._advanced.wait()
