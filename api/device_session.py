"""One device's socket: registers it, keeps its presence, offers it work, and takes what it reports.

Everything here may die at any moment. SQL has what was promised; the device repeats what was not answered.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack

from api import fault
from api.device_offers import Offers
from api.device_output import Ingest
from api.device_presence import SessionPresence
from api.device_reports import Reports
from api.errors import CloseError
from api.socket_login import recheck
from api.store import devices, pubsub, registration, settle, subtasks
from api.store.clock import now_ms, rfc3339
from api.store.devices import DeviceRow
from api.store.outages import OUTAGES
from api.store.registration import Registration, ReplacedError
from api.store.store import Store
from api.store.tokens import Login
from api.websocket import Wire, log
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.codec import MAX_FRAME, Frame, decode_data
from wegent.protocol.device_messages import (
    FROM_DEVICE,
    Accept,
    Complete,
    Decline,
    Heartbeat,
    HeartbeatAnswer,
    Leave,
    Progress,
    Register,
    Registered,
)
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State
from wegent.protocol.time_limit import time_limit

MISSED_HEARTBEATS = 2
"""A subtask that this many heartbeats in a row do not list runs nowhere any more."""
REPORTS_AT_ONCE = 32


class DeviceSession:
    """The life of one device socket after the upgrade."""

    def __init__(self, store: Store, login: Login, wire: Wire) -> None:
        self._store = store
        self._login = login
        self._wire = wire
        self._id = secrets.token_hex(8)
        self._missed: dict[str, int] = {}
        self._room = asyncio.Semaphore(REPORTS_AT_ONCE)
        self._group: asyncio.TaskGroup | None = None
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handlers: dict[str, Callable[[Frame], Awaitable[None]]] = {
            "device:register": self._on_register,
            "device:heartbeat": self._on_heartbeat,
            "device:drain": self._on_drain,
            "device:goodbye": self._on_goodbye,
            "task:accept": self._on_accept,
            "task:decline": self._on_decline,
            "task:progress": self._on_progress,
            "task:complete": self._on_complete,
        }
        assert self._handlers.keys() == FROM_DEVICE.keys()

    async def run(self) -> None:
        """Serve the socket until it closes; raises CloseError to close it."""
        frame, message = await self._first()
        registered = await self._register(message)
        self.device: DeviceRow = registered.device
        self._presence = SessionPresence(self._store, self.device, self.close)
        try:
            async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
                self._group = group
                self._ingest = Ingest(self._store, self.device, self._wire.send_event, self.spawn)
                self._offers = Offers(self._store, self.device, self._id, self._wire, self._ingest)
                self._offers.is_draining = self._presence.paused = message.paused
                self._reports = Reports(self._store, self.device, self._wire, self._ingest)
                await stack.enter_async_context(
                    self._store.pubsub.listen(pubsub.device_channel(self.device.row), self._poked)
                )
                shared = (
                    pubsub.CLOUD_CHANNEL
                    if self.device.kind == "cloud"
                    else pubsub.devices_channel(self.device.user_id)
                )
                await stack.enter_async_context(self._store.pubsub.listen(shared, self._poked))
                await self._answer_register(frame, registered)
                for loop in (
                    self._read,
                    self._offers.run,
                    self._presence.run,
                    self._ingest.run,
                    self._until_closed,
                ):
                    group.create_task(loop())
                group.create_task(recheck(self._store, self._login, self.close))
        finally:
            self._group = None
            await self._presence.leave(goodbye=False)

    @property
    def token_id(self) -> str:
        """The token that opened the socket."""
        return self._login.token_id

    def close(self, error: CloseError) -> None:
        """Make the session end with ``error``."""
        if self._group is not None and not self._closing.done():
            self._closing.set_exception(error)

    async def refresh(self) -> None:
        """Write presence again and ask for what Redis lost: it was flushed or restarted."""
        if self._group is not None:
            await self._presence.write()
            await self._ingest.resolve_all()

    async def _until_closed(self) -> None:
        await self._closing

    def spawn(self, work: Awaitable[None]) -> None:
        """Run ``work`` as a part of the session; after its end, not at all."""
        if self._group is None:
            if isinstance(work, Coroutine):
                work.close()
            return
        self._group.create_task(self._survive(work))

    async def _survive(self, work: Awaitable[None]) -> None:
        try:
            await work
        except OUTAGES as error:
            log.warning("%s: %s", self.device.device_id, error)

    def _poked(self, data: bytes | None) -> None:
        """A bare poke says: look. One with words says: that session registered, as that generation."""
        if data:
            generation, session = data.decode().split()
            if session != self._id and int(generation) > self._presence.generation:
                self.close(CloseError(CloseCode.REPLACED, "a newer connection took this device over"))
        self._offers.wake()

    # --- registering

    async def _first(self) -> tuple[Frame, Register]:
        """Wait for a valid register; refuse anything else but pings meanwhile."""
        try:
            async with time_limit(self._store.settings.timing.register):
                while True:
                    frame = await self._wire.receive()
                    if frame.event == "ping":
                        await self._wire.answer(frame, {})
                        continue
                    try:
                        return frame, self._decode_register(frame)
                    except ProtocolError as error:
                        await self._wire.refuse(error, frame.ref)
        except TimeoutError:
            raise CloseError(CloseCode.REGISTER_TIMEOUT, "register first, and sooner") from None

    def _decode_register(self, frame: Frame) -> Register:
        if frame.event != "device:register":
            raise ProtocolError(Code.BAD_MESSAGE, f"{frame.event[:64]!r} came before device:register.")
        message = decode_data(frame.data, Register)
        scope = "cloud" if message.kind == "cloud" else "device"
        if scope not in self._login.scopes:
            raise CloseError(
                CloseCode.FORBIDDEN, f"a {message.kind} executor needs a token with the scope {scope}"
            )
        bound = self._login.device_id
        if bound is not None and bound != message.device_id:
            raise CloseError(CloseCode.FORBIDDEN, f"this token is for the device {bound}")
        return message

    async def _register(self, message: Register) -> Registration:
        try:
            return await registration.register(self._store, self._login.user.id, message, self._id)
        except ReplacedError:
            raise CloseError(CloseCode.REPLACED, "a later connection of this executor is there already") from None
        except OUTAGES as error:
            log.warning("register failed: %s", error)
            raise CloseError(CloseCode.RESTARTING, "the server cannot register devices just now") from None

    async def _answer_register(self, frame: Frame, registered: Registration) -> None:
        continuing = {one.subtask_id: one.seq for one in registered.resume if one.verdict == "continue"}
        for row in registered.going_on:
            self._ingest.begin(row, continuing[row.id])
        timing = self._store.settings.timing
        shown = await devices.show(self._store, self._login.user.id, self.device.device_id)
        if not shown:
            raise CloseError(CloseCode.DEVICE_DELETED, "the device was deleted")
        await self._wire.answer(
            frame,
            Registered(
                device=shown[0][1],
                session=self._id,
                heartbeat_seconds=timing.heartbeat,
                online_ttl_seconds=timing.online_ttl,
                max_frame=MAX_FRAME,
                server_time=rfc3339(now_ms()),
                resume=registered.resume,
            ),
        )

    async def _on_register(self, frame: Frame) -> None:
        """Register again on the same socket: reconcile again."""
        message = self._decode_register(frame)
        if message.device_id != self.device.device_id:
            raise ProtocolError(Code.CONFLICT, "This socket is registered for another device.")
        registered = await self._register(message)
        self._presence.rejoin(registered.device.generation)
        self._offers.is_draining = self._presence.paused = message.paused
        await self._answer_register(frame, registered)

    # --- reading

    async def _read(self) -> None:
        timing = self._store.settings.timing
        while True:
            try:
                async with time_limit(timing.online_ttl):
                    frame = await self._wire.receive()
            except TimeoutError:
                raise CloseError(CloseCode.RESTARTING, "nothing was heard of you for too long") from None
            self._presence.note_heard()
            await self._wire.serve(frame, self._dispatch)

    async def _dispatch(self, frame: Frame) -> None:
        if frame.event == "ping":
            await self._wire.answer(frame, {})
        elif frame.event in ("ack", "error"):
            await self._offers.answered(frame)
        elif frame.event == "task:progress":
            await self._on_progress(frame)
        elif (handler := self._handlers.get(frame.event)) is not None:
            # What needs SQL runs beside the reading, so that output and heartbeats do not wait for it.
            await self._room.acquire()
            self.spawn(self._serve(frame, handler))
        else:
            raise ProtocolError(Code.BAD_MESSAGE, f"Unknown event {frame.event[:64]!r}.")

    async def _serve(self, frame: Frame, handler: Callable[[Frame], Awaitable[None]]) -> None:
        try:
            await self._wire.serve(frame, handler)
        finally:
            self._room.release()

    async def _on_progress(self, frame: Frame) -> None:
        await self._ingest.progress(decode_data(frame.data, Progress))

    async def _on_accept(self, frame: Frame) -> None:
        message = decode_data(frame.data, Accept)
        await self._offers.accept(message)
        fault.reached("api-accepted")
        await self._wire.answer(frame, {})

    async def _on_decline(self, frame: Frame) -> None:
        await self._offers.decline(decode_data(frame.data, Decline))
        await self._wire.answer(frame, {})

    async def _on_complete(self, frame: Frame) -> None:
        message = decode_data(frame.data, Complete)
        await self._reports.complete(message)
        fault.reached("api-completed")
        self._ingest.end(message.subtask_id)
        await self._wire.answer(frame, {})

    async def _on_drain(self, frame: Frame) -> None:
        decode_data(frame.data, Leave)
        self._offers.is_draining = True
        await self._presence.pause()
        await self._wire.answer(frame, {})

    async def _on_goodbye(self, frame: Frame) -> None:
        decode_data(frame.data, Leave)
        self._offers.is_draining = True
        await self._presence.leave(goodbye=True)
        await self._wire.answer(frame, {})

    async def _on_heartbeat(self, frame: Frame) -> None:
        message = decode_data(frame.data, Heartbeat)
        if message.device_id != self.device.device_id:
            raise ProtocolError(Code.NOT_FOUND, "This socket is registered for another device.")
        self._presence.load = message.load
        await self._presence.write()
        stop = await self._reconcile(message.running_task_ids)
        await self._wire.answer(frame, HeartbeatAnswer(rfc3339(now_ms()), stop))
        self._offers.wake()

    async def _reconcile(self, listed: list[str]) -> list[str]:
        """Return which of the listed subtasks are to stop; fail what two heartbeats in a row did not list."""
        if not listed and self._ingest.is_idle:
            return []  # register has looked at everything that SQL knows, and nothing was accepted since
        async with self._store.database.read() as connection:
            rows = await subtasks.holding(connection, self.device.row)
        at_work = {row.id: row for row in rows}
        missed: dict[str, int] = {}
        for row in rows:
            if row.id not in listed and row.state is not State.OFFERED:
                missed[row.id] = self._missed.get(row.id, 0) + 1
        self._missed = missed
        for subtask_id, times in missed.items():
            if times >= MISSED_HEARTBEATS:
                await settle.settle(
                    self._store,
                    subtask_id,
                    Event.LOSE,
                    attempt=at_work[subtask_id].attempt,
                    generation=self._presence.generation,
                    error=settle.task_error(Code.EXECUTOR_RESTARTED),
                )
        return [one for one in listed if one not in at_work or at_work[one].state is State.CANCELLING]
