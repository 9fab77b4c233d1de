"""Sends what every subtask has to say, in turn, and reports those that have ended."""

import asyncio
import logging
from collections import deque
from typing import NamedTuple

import msgspec

from executor.device import Device
from executor.requests import Connection, RefusedError, ask
from executor.subtask import Phase, Subtask
from wegent.protocol.codec import encode
from wegent.protocol.device_messages import Complete, Progress
from wegent.protocol.errors import Code
from wegent.protocol.output_events import Notice, encode_event

log = logging.getLogger(__name__)

MAX_BATCH = 64 << 10
"""Bytes of output in one frame, so that a heartbeat never waits long behind one."""
MIN_BATCH = 4 << 10
_ANSWERED = frozenset({Code.SETTLED, Code.NOT_CURRENT, Code.NOT_FOUND})
_UNUSABLE = frozenset({Code.BAD_MESSAGE, Code.TOO_LARGE})


class _Sent(NamedTuple):
    subtask: Subtask
    seq: int
    events: int
    size: int


class Pump:
    """Sends on ``connection`` what ``device`` holds; frames of output hold up to ``batch`` bytes."""

    def __init__(self, connection: Connection, device: Device, batch: int) -> None:
        self._connection = connection
        self._device = device
        self._batch = batch
        self._sent: deque[_Sent] = deque(maxlen=256)

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Send until the connection ends; reports run in ``group``."""
        while True:
            self._device.changed.clear()
            has_sent = False
            for subtask in self._device:
                if await self._send_batch(subtask):
                    has_sent = True
                elif self._is_due(subtask):
                    subtask.is_reporting = True
                    group.create_task(self._report(subtask))
            if not has_sent:
                await self._device.changed.wait()

    async def _send_batch(self, subtask: Subtask) -> bool:
        batch = subtask.sender.next_batch(self._batch)
        if batch is None:
            return False
        events = [msgspec.Raw(event) for event in batch.events]
        frame = encode("task:progress", Progress(subtask.id, subtask.attempt, batch.seq, events))
        self._sent.append(_Sent(subtask, batch.seq, len(events), len(frame)))
        await self._connection.send(frame)
        return True

    def _is_due(self, subtask: Subtask) -> bool:
        return subtask.phase is Phase.ENDED and not subtask.is_reporting and subtask.sender.has_sent_all

    async def _report(self, subtask: Subtask) -> None:
        """Tell how it ended until that is answered; then the server has it for good."""
        complete = subtask.report()
        try:
            await ask(self._connection, "task:complete", complete)
        except RefusedError as refused:
            if refused.code in _UNUSABLE:
                await self._report_shorter(complete, refused)
            elif refused.code not in _ANSWERED:
                log.error("The report of subtask %s was refused: %s", subtask.id, refused)
        self._device.forget(subtask)

    async def _report_shorter(self, complete: Complete, refused: RefusedError) -> None:
        """Report without the result, which is the one part that can be too much."""
        log.error("The result of subtask %s was refused: %s", complete.subtask_id, refused)
        shorter = msgspec.structs.replace(complete, result=None)
        try:
            await ask(self._connection, "task:complete", shorter)
        except RefusedError as again:
            if again.code not in _ANSWERED:
                log.error("The report of subtask %s was refused: %s", complete.subtask_id, again)

    def shrink(self) -> int:
        """After a frame was too big for the way to the server: return a smaller batch size.

        Where the biggest frame held one event alone, that event becomes a notice.
        """
        unheld = [sent for sent in self._sent if sent.seq + sent.events - 1 > sent.subtask.sender.acked]
        biggest = max(unheld, key=lambda sent: sent.size, default=None)
        if biggest is None:
            return max(self._batch // 2, MIN_BATCH)
        if biggest.events > 1:
            return max(min(self._batch, biggest.size) // 2, MIN_BATCH)
        text = f"An output event of {biggest.size} bytes was too big for the connection and is left out."
        biggest.subtask.outbox.spool.replace(biggest.seq, encode_event(Notice("warning", text)))
        return self._batch
