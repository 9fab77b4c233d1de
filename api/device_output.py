"""A device's output on its way into the live log: one stream per subtask that the session serves.

Frames of all streams are appended without waiting for one another; the log's verdicts come back in order and say
what to acknowledge, what to ask for again, and when the log must be looked at (a flushed Redis, a closed log).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from api.metrics import EVENTS_IN
from api.store import inputs, output, settle, subtasks
from api.store.devices import DeviceRow
from api.store.live_log import Appended, Entry
from api.store.outages import OUTAGES
from api.store.output import Piece
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from wegent.protocol.codec import MAX_EVENT, decode_data
from wegent.protocol.device_messages import Ack, Progress, Replay
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.output_events import Approval, ApprovalDone, Header
from wegent.protocol.states import State
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

SPILL_BYTES = 1 << 20
APPROVALS_PER_FRAME = 32
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
"""Line ends stand between JSON's tokens only, never in its strings; Server-Sent Events must have none."""
IN_FLIGHT = 32
"""Appends whose verdict has not come back; beyond that the device waits."""

SendEvent = Callable[[str, object], Awaitable[None]]


class Stream:
    """The output of one subtask, as far as this session knows."""

    def __init__(self, row: SubtaskRow, last: int) -> None:
        self.row = row
        self.last = last
        self.stored = row.stored_seq
        self.is_late = row.is_settled
        self.is_dirty = False
        self.is_resolving = False
        self.must_resolve = False
        self.asked: int | None = None
        self.outstanding: set[asyncio.Future[Appended]] = set()
        self.unspilled_bytes = 0
        self.unspilled_since: float | None = None
        self.advanced = asyncio.Event()

    def is_spill_due(self, now: float, seconds: float) -> bool:
        """Whether the head of the log should move to SQL."""
        since = self.unspilled_since
        return since is not None and (self.unspilled_bytes >= SPILL_BYTES or now - since >= seconds)


class Ingest:
    """All streams of one device session."""

    def __init__(
        self, store: Store, device: DeviceRow, send: SendEvent, spawn: Callable[[Awaitable[None]], object]
    ) -> None:
        self._store = store
        self._device = device
        self._send = send
        self._spawn = spawn
        self._streams: dict[str, Stream] = {}
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._begun = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no subtask of this session has output to come."""
        return not self._streams

    def begin(self, row: SubtaskRow, last: int) -> Stream:
        """Serve a subtask's output from now on; the log holds events up to ``last``."""
        stream = self._streams[row.id] = Stream(row, last)
        if last > row.stored_seq and not stream.is_late:  # an earlier session did not get to store it
            stream.unspilled_since = time.monotonic()
        self._begun.set()
        return stream

    def end(self, subtask_id: str) -> None:
        """Serve it no longer: its complete was answered."""
        self._streams.pop(subtask_id, None)

    async def find(self, subtask_id: str, attempt: int) -> Stream:
        """Return the stream; raise ``not_found`` or ``not_current`` for what is not this device's."""
        stream = self._streams.get(subtask_id)
        if stream is None:
            async with self._store.database.read() as connection:
                row = await subtasks.find(connection, subtask_id)
                if row is None or row.device != self._device.row:
                    raise ProtocolError(Code.NOT_FOUND, "There is no such subtask on this device.")
                if row.attempt == attempt and (row.is_settled or row.state in (State.RUNNING, State.CANCELLING)):
                    late = await subtasks.late_seq(connection, row)
                    stream = self.begin(row, late if row.is_settled else await self._held(row))
        if stream is None or stream.row.attempt != attempt:
            raise ProtocolError(Code.NOT_CURRENT)
        return stream

    async def _held(self, row: SubtaskRow) -> int:
        return max(await self._store.log.open(row.id, row.stored_seq), row.stored_seq)

    async def progress(self, message: Progress) -> None:
        """Take a batch of events; verdicts, acknowledgements and replays follow by themselves."""
        stream = await self.find(message.subtask_id, message.attempt)
        asked, answered = _check_events(message.events)
        if asked and not stream.is_late:
            await inputs.ask(self._store, stream.row, asked)
        if answered and not stream.is_late:
            await inputs.close(self._store.database, stream.row.id, answered)
        events = output.join_events(message.events).translate(_ONE_LINE)
        if stream.is_late:
            piece = Piece(message.seq, message.seq + len(message.events) - 1, events)
            await self._keep_late(stream, piece)
            return
        EVENTS_IN.inc(len(message.events))
        await self._append(stream, Entry.of(stream.row.id, message.seq, len(message.events), events))

    async def _append(self, stream: Stream, entry: Entry) -> None:
        await self._room.acquire()
        future = self._store.log.append(stream.row.id, entry)
        stream.outstanding.add(future)
        future.add_done_callback(partial(self._appended, stream, entry))

    def _appended(self, stream: Stream, entry: Entry, future: "asyncio.Future[Appended]") -> None:
        self._room.release()
        stream.outstanding.discard(future)
        if future.cancelled() or isinstance(future.exception(), OUTAGES):
            stream.must_resolve = True
        else:
            self._judge(stream, entry, future.result())
        stream.advanced.set()

    def _judge(self, stream: Stream, entry: Entry, appended: Appended) -> None:
        verdict, last = appended
        if verdict in ("unknown", "closed") or last < stream.stored:  # less than SQL has: an old snapshot
            stream.must_resolve = True
            self._spawn(self.resolve(stream))
            return
        stream.last = last
        if verdict == "gap":
            self._ask(stream, last + 1)
        elif verdict == "overlap":
            self._spawn(self._append(stream, output.cut_entry(stream.row.id, entry, last)))
        else:
            stream.is_dirty = True
            if verdict == "ok":
                stream.asked = None
                stream.unspilled_bytes += len(entry.frame)
                if stream.unspilled_since is None:
                    stream.unspilled_since = time.monotonic()

    def _ask(self, stream: Stream, wanted: int) -> None:
        """Ask for a replay, once per gap."""
        if stream.asked != wanted:
            stream.asked = wanted
            self._spawn(self._send("task:replay", Replay(stream.row.id, wanted)))

    async def _keep_late(self, stream: Stream, piece: Piece) -> None:
        held = await output.append_late(self._store.database, stream.row, piece)
        stream.last = stream.stored = held
        stream.advanced.set()
        if held < piece.first - 1:
            self._ask(stream, held + 1)
        else:
            stream.asked = None
            stream.is_dirty = True

    async def resolve(self, stream: Stream) -> None:
        """Find out why the log does not take a stream's events, and go on from what it holds."""
        if stream.is_resolving:
            return
        stream.is_resolving = True
        try:
            await self._resolve(stream)
            stream.must_resolve = False
        except OUTAGES:
            stream.must_resolve = True  # the next tick tries again
        finally:
            stream.is_resolving = False
            stream.advanced.set()

    async def _resolve(self, stream: Stream) -> None:
        async with self._store.database.read() as connection:
            row = await subtasks.find(connection, stream.row.id)
            late = 0 if row is None else await subtasks.late_seq(connection, row)
        if row is None:
            self.end(stream.row.id)
            return
        if not row.is_settled:
            row = await settle.reopen(self._store, row)
        stream.row = row
        stream.stored = row.stored_seq
        if row.is_settled:
            stream.is_late = True
            stream.last = stream.stored = max(late, row.seq or 0)
        else:
            stream.last = await self._held(row)
        stream.asked = None
        self._ask(stream, stream.last + 1)

    async def hold(self, stream: Stream, seq: int) -> None:
        """Wait until everything up to ``seq`` is held, asking for what is missing.

        Raises ``unavailable`` when nothing of that comes for a while.
        """
        patience = 2 * self._store.settings.timing.reread
        while True:
            stream.advanced.clear()
            is_moving = bool(stream.outstanding) or stream.is_resolving or stream.must_resolve
            if not is_moving and stream.last >= seq:
                return
            if not is_moving:
                self._ask(stream, stream.last + 1)
            try:
                async with time_limit(patience):
                    await stream.advanced.wait()
            except TimeoutError:
                stream.asked = None  # whoever asks again asks for the output again
                raise ProtocolError(Code.UNAVAILABLE, f"Output after {stream.last} is missing.") from None

    async def resolve_all(self) -> None:
        """Look at every log again: Redis was flushed or restarted."""
        for stream in list(self._streams.values()):
            if not stream.is_late:
                await self.resolve(stream)

    async def run(self) -> None:
        """Acknowledge and store, for ever; sleeps while nothing runs."""
        timing = self._store.settings.timing
        while True:
            if not self._streams:
                self._begun.clear()
                await self._begun.wait()
            await asyncio.sleep(timing.ack_ms / 1000)
            await self._acknowledge()
            try:
                await self._spill()
            except OUTAGES as error:
                log.warning("%s: output is not stored just now: %s", self._device.device_id, error)

    async def _acknowledge(self) -> None:
        """Tell the device what is held and what is stored, where that changed."""
        for stream in list(self._streams.values()):
            if stream.must_resolve and not stream.is_resolving:
                self._spawn(self.resolve(stream))
            if stream.is_dirty:
                stream.is_dirty = False
                await self._send("task:ack", Ack(stream.row.id, stream.last, min(stream.stored, stream.last)))

    async def _spill(self) -> None:
        """Move the heads of logs that are long or old enough to SQL."""
        now = time.monotonic()
        for stream in list(self._streams.values()):
            if stream.is_late or not stream.is_spill_due(now, self._store.settings.timing.spill):
                continue
            since = stream.unspilled_since
            stream.unspilled_bytes, stream.unspilled_since = 0, None
            try:
                stored = await output.spill(self._store.database, self._store.log, stream.row.id)
            except OUTAGES:
                stream.unspilled_since = since
                raise
            if stored is not None and stored > stream.stored:
                stream.stored = stored
                stream.is_dirty = True


def _check_events(events: list[msgspec.Raw]) -> tuple[list[Approval], list[ApprovalDone]]:
    """Check size and form of each event; return the questions and the answers among them."""
    asked, answered = [], []
    for raw in events:
        size = len(memoryview(raw))
        if size > MAX_EVENT:
            raise ProtocolError(
                Code.TOO_LARGE,
                f"An output event may have {MAX_EVENT} bytes, this one has {size}.",
                "Truncate it with a notice, or send it as a file.",
            )
        header = decode_data(raw, Header, "An output event")
        if header.type == "approval":
            asked.append(decode_data(raw, Approval, "The approval event"))
            if len(asked) > APPROVALS_PER_FRAME:
                raise ProtocolError(Code.TOO_LARGE, f"A frame may ask {APPROVALS_PER_FRAME} times.")
        elif header.type == "approval_done":
            answered.append(decode_data(raw, ApprovalDone, "The approval_done event"))
    return asked, answered
