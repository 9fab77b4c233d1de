"""A device with nothing clever in it, for tests that need to decide every frame."""

from collections.abc import Sequence
from typing import Any

import msgspec
from support.raw_socket import PATIENCE, RawSocket

from wegent.protocol.device_messages import (
    Accept,
    Ack,
    Cancel,
    Complete,
    Decline,
    Execute,
    Heartbeat,
    HeartbeatAnswer,
    Progress,
    Register,
    Registered,
    Replay,
    ReportedError,
    Running,
)


class RawDevice(RawSocket):
    """A socket at ``/ws/device``."""

    path = "/ws/device"
    device_id = "raw-device"

    async def register(
        self, device_id: str = "raw-device", *, running: Sequence[Running] = (), **fields: Any
    ) -> Registered:
        """Register; ``fields`` go into the message."""
        self.device_id = device_id
        asked = {"name": f"Test - {device_id}", "shells": ["ClaudeCode", "Command"], "version": "0", **fields}
        message = Register(device_id=device_id, running=list(running), **asked)
        return await self.request("device:register", message, Registered)

    async def heartbeat(self, *running: str) -> HeartbeatAnswer:
        """Send one heartbeat that lists these subtasks."""
        return await self.request("device:heartbeat", Heartbeat(self.device_id, list(running)), HeartbeatAnswer)

    async def offer(self, timeout: float = PATIENCE) -> Execute:
        """Return the next ``task:execute``."""
        return await self.next("task:execute", Execute, timeout)

    async def accept(self, offer: Execute) -> None:
        """Ask to start, and return when the answer is yes."""
        await self.request("task:accept", Accept(offer.subtask_id, offer.attempt), dict)

    async def start(self, timeout: float = PATIENCE) -> Execute:
        """Take the next offer and accept it."""
        offer = await self.offer(timeout)
        await self.accept(offer)
        return offer

    async def decline(self, offer: Execute, reason: str = "busy", retry: bool = True) -> None:
        """Decline an offer."""
        await self.request("task:decline", Decline(offer.subtask_id, offer.attempt, reason, retry), dict)

    async def progress(self, offer: Execute, seq: int, *events: dict[str, Any]) -> None:
        """Send output events, the first numbered ``seq``."""
        raw = [msgspec.Raw(msgspec.json.encode(event)) for event in events]
        await self.send("task:progress", Progress(offer.subtask_id, offer.attempt, seq, raw))

    async def text(self, offer: Execute, seq: int, *texts: str) -> None:
        """Send ``text`` events, the first numbered ``seq``."""
        await self.progress(offer, seq, *({"type": "text", "text": text} for text in texts))

    async def acked(self, seq: int, timeout: float = PATIENCE) -> Ack:
        """Return the first ack that reaches ``seq``."""
        while True:
            ack = await self.next("task:ack", Ack, timeout)
            if ack.seq >= seq:
                return ack

    async def replay(self, timeout: float = PATIENCE) -> Replay:
        """Return the next ``task:replay``."""
        return await self.next("task:replay", Replay, timeout)

    async def cancel(self, timeout: float = PATIENCE) -> Cancel:
        """Return the next ``task:cancel``."""
        return await self.next("task:cancel", Cancel, timeout)

    async def complete(
        self, offer: Execute, seq: int = 0, status: Any = "completed", error: str = "", **result: Any
    ) -> None:
        """Report the end, and return when it is recorded."""
        why = ReportedError(error, f"{error} happened") if error else None
        message = Complete(offer.subtask_id, offer.attempt, seq, status, why, result or None)
        await self.request("task:complete", message, dict)
