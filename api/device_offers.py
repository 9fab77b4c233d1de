"""What a device is told to do: offers while slots are free, cancels, and inputs until they are acknowledged."""

import asyncio
import time

from api.device_output import Ingest
from api.errors import CloseError
from api.metrics import OFFERS
from api.store import claims, inputs, settle, subtasks
from api.store.claims import Claim
from api.store.clock import now_ms
from api.store.devices import DeviceRow
from api.store.outages import OUTAGES
from api.store.registration import DeletedError, ReplacedError
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.websocket import Wire, log
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.codec import Frame
from wegent.protocol.device_messages import Accept, Cancel, Decline, Execute
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State
from wegent.protocol.time_limit import time_limit

DECLINE_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0


class Offers:
    """The pump of one device session."""

    def __init__(self, store: Store, device: DeviceRow, session: str, wire: Wire, ingest: Ingest) -> None:
        self._store = store
        self._device = device
        self._session = session
        self._wire = wire
        self._ingest = ingest
        self._wake = asyncio.Event()
        self._deadlines: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._input_refs: dict[int, int] = {}
        self._next_ref = 1
        self._pause_until = 0.0
        self._pause = DECLINE_PAUSE_SECONDS
        self._has_work = True
        self.is_draining = False

    def wake(self) -> None:
        """Look at the queue and the cancels soon."""
        self._wake.set()

    async def run(self) -> None:
        """Pump for ever: woken by a poke, a free slot or a heartbeat, and by its own deadlines."""
        while True:
            self._wake.clear()
            try:
                await self._pump()
            except OUTAGES as error:
                log.warning("%s: %s", self._device.device_id, error)
            try:
                async with time_limit(self._sleep_seconds()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _sleep_seconds(self) -> float:
        """Until the next deadline; while the device has work, until its cancels and inputs are looked at again."""
        timing = self._store.settings.timing
        now = time.monotonic()
        due = [timing.reread if self._has_work else timing.heartbeat]
        due += [deadline - now for deadline in self._deadlines.values()]
        if self._pause_until > now:
            due.append(self._pause_until - now)
        return max(0.01, min(due))

    async def _pump(self) -> None:
        try:
            holding = await claims.look(self._store, self._device, self._session)
            self._has_work = bool(holding.rows)
            await self._expire(holding.rows)
            await self._tell(holding.rows)
            if holding.may_claim and not self.is_draining and time.monotonic() >= self._pause_until:
                for claim in await claims.claim(self._store, self._device, self._session):
                    await self._offer(claim)
        except ReplacedError:
            raise CloseError(CloseCode.REPLACED, "a newer connection took this device over") from None
        except DeletedError:
            raise CloseError(CloseCode.DEVICE_DELETED, "the device was deleted") from None

    async def _tell(self, rows: list[SubtaskRow]) -> None:
        """Pass on cancels and inputs, each again while it is unanswered."""
        for row in rows:
            if row.state is State.CANCELLING:
                await self._cancel(row)
        await self._deliver([row.id for row in rows if row.state is State.RUNNING])
        horizon = time.monotonic() - self._store.settings.timing.reread
        self._told = {key: when for key, when in self._told.items() if when > horizon}

    async def _offer(self, claim: Claim) -> None:
        row = claim.row
        self._has_work = True
        OFFERS.inc()
        self._deadlines[row.id] = time.monotonic() + self._store.settings.timing.offer
        timeout = row.options.get("timeout_seconds")
        await self._wire.send_event(
            "task:execute",
            Execute(
                subtask_id=row.id,
                task_id=row.task_id,
                attempt=row.attempt,
                shell=row.shell,
                prompt=row.prompt,
                options=row.options,
                history_session=claim.history_session,
                transcript=claim.transcript or None,
                timeout_seconds=float(timeout) if timeout is not None else None,
            ),
        )

    async def accept(self, message: Accept) -> None:
        """Let a device start; raise ``not_current`` unless it is its own at this attempt."""
        row = await claims.accept(self._store, self._device, message.subtask_id, message.attempt)
        self._deadlines.pop(message.subtask_id, None)
        if row is not None:
            self._pause = DECLINE_PAUSE_SECONDS
            self._ingest.begin(row, await self._open_log(row))
            await settle.announce(self._store, row)

    async def _open_log(self, row: SubtaskRow) -> int:
        try:
            return await self._store.log.open(row.id, row.stored_seq)
        except OUTAGES as error:
            log.warning("%s: the live log is not open yet: %s", row.id, error)
            return row.stored_seq  # the first append finds that out and opens it

    async def _mine(self, subtask_id: str) -> SubtaskRow:
        async with self._store.database.read() as connection:
            row = await subtasks.find(connection, subtask_id)
        if row is None or row.device != self._device.row:
            raise ProtocolError(Code.NOT_CURRENT)
        return row

    async def decline(self, message: Decline) -> None:
        """Put an offer back (or fail it for good) and leave the device alone for a while."""
        row = await self._mine(message.subtask_id)
        self._deadlines.pop(message.subtask_id, None)
        if row.state is not State.OFFERED or row.attempt != message.attempt:
            return
        reason = message.reason.replace("\0", "") or "The device gave no reason."
        if not message.retry and row.labels is None:
            await settle.reject(self._store, row, settle.task_error(Code.DECLINED, reason))
        elif self.is_draining:  # it crossed the device's word that it takes nothing new: no failed offer
            await settle.requeue(self._store, row, reason=reason, failed_offers=row.failed_offers)
        else:
            self._pause_until = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
            await settle.give_back(self._store, row, reason)

    async def _expire(self, rows: list[SubtaskRow]) -> None:
        """Take back offers that the device did not answer in time."""
        now = time.monotonic()
        offered = {row.id: row for row in rows if row.state is State.OFFERED}
        for subtask_id, deadline in list(self._deadlines.items()):
            if subtask_id not in offered:
                del self._deadlines[subtask_id]
            elif deadline <= now:
                del self._deadlines[subtask_id]
                await settle.give_back(
                    self._store, offered[subtask_id], "The device did not answer the offer in time."
                )

    async def _cancel(self, row: SubtaskRow) -> None:
        """Tell the device to stop, again and again until it confirms; give up in the end."""
        timing = self._store.settings.timing
        since = (now_ms() - (row.cancelled_at or now_ms())) / 1000
        if since > timing.grace + timing.stop_unconfirmed:
            error = settle.task_error(Code.STOP_UNCONFIRMED)
            await settle.settle(self._store, row.id, Event.LOSE, attempt=row.attempt, error=error)
            return
        now = time.monotonic()
        if now - self._told.get(row.id, 0.0) >= timing.reread:
            self._told[row.id] = now
            await self._wire.send_event("task:cancel", Cancel(row.id, row.attempt, timing.grace))

    async def _deliver(self, running: list[str]) -> None:
        """Send inputs that the device has not acknowledged."""
        if not running:
            return
        async with self._store.database.read() as connection:
            waiting = await inputs.pending(connection, running)
        now = time.monotonic()
        for row, message in waiting:
            if now - self._told.get(message.input_id, 0.0) < self._store.settings.timing.reread:
                continue
            self._told[message.input_id] = now
            self._input_refs[self._next_ref] = row
            await self._wire.send_event("task:input", message, self._next_ref)
            self._next_ref += 1

    async def answered(self, frame: Frame) -> None:
        """The device answered something of ours: an input that it has is not sent again."""
        if frame.ref is None or frame.ref not in self._input_refs:
            return
        row = self._input_refs.pop(frame.ref)
        await inputs.acknowledge(self._store.database, row)
