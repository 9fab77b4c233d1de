"""What all of a user's chat sockets are told: how their devices and unsettled subtasks stand, which tasks changed.

One feed per user and process: woken by a poke, and every few seconds without one, it reads the present state and
tells each socket what differs. A socket holds at most the newest frame per device and subtask, however slow it is.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from api.store import devices, pubsub, subtasks
from api.store.outages import OUTAGES
from api.store.store import Store
from api.store.subtasks import Standing
from api.websocket import log
from wegent.protocol.chat_messages import DeviceState, SubtaskState, TaskChanged
from wegent.protocol.codec import encode
from wegent.protocol.resources import Device
from wegent.protocol.time_limit import time_limit

COALESCE_SECONDS = 0.1


class Mailbox:
    """What one socket is still to be told: the newest frame per key."""

    def __init__(self) -> None:
        self._frames: dict[str, bytes] = {}
        self._filled = asyncio.Event()

    def put(self, key: str, frame: bytes) -> None:
        """Keep ``frame`` in place of an older one."""
        self._frames[key] = frame
        self._filled.set()

    async def take(self) -> list[bytes]:
        """Wait for frames, and return them all."""
        await self._filled.wait()
        self._filled.clear()
        frames, self._frames = self._frames, {}
        return list(frames.values())


class Feed:
    """The state of one user, as last told."""

    def __init__(self, store: Store, user_id: str) -> None:
        self._store = store
        self._user_id = user_id
        self._mailboxes: list[Mailbox] = []
        self._told: dict[str, bytes] = {}
        self._frames: dict[str, bytes] = {}
        self._devices: dict[str, Device] = {}
        self._subtasks: dict[str, Standing] = {}
        self._dirty: set[str] = set()
        self._changed: dict[str, bool] = {}
        self._has_read = False
        self._news = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether nobody listens."""
        return not self._mailboxes

    def join(self) -> Mailbox:
        """Return a mailbox that gets the whole state first, then changes."""
        mailbox = Mailbox()
        for key, frame in self._frames.items():
            mailbox.put(key, frame)
        self._mailboxes.append(mailbox)
        self._news.set()
        return mailbox

    def leave(self, mailbox: Mailbox) -> None:
        """Tell ``mailbox`` no more."""
        self._mailboxes.remove(mailbox)

    async def run(self) -> None:
        """Keep telling, for ever."""
        async with self._store.pubsub.listen(pubsub.user_channel(self._user_id), self._poked):
            while True:
                self._news.clear()
                try:
                    await self._refresh()
                except OUTAGES as error:
                    log.warning("the state of user %s could not be read: %s", self._user_id, error)
                except Exception:
                    log.exception("the state of user %s could not be read", self._user_id)
                await asyncio.sleep(COALESCE_SECONDS)
                try:
                    async with time_limit(self._store.settings.timing.reread):
                        await self._news.wait()
                except TimeoutError:
                    continue

    def _poked(self, data: bytes | None) -> None:
        word, _, task_id = (data or b"").decode().partition(" ")
        if task_id:
            self._note_change(task_id, removed=word == "removed")
        elif word:
            self._dirty.add(word)
        self._news.set()

    def _note_change(self, task_id: str, *, removed: bool = False) -> None:
        self._changed[task_id] = removed or self._changed.get(task_id, False)

    async def _refresh(self) -> None:
        rev = await self._store.presence.now_us()
        dirty, self._dirty = self._dirty, set()
        shown = {device.device_id: device for _, device in await devices.show(self._store, self._user_id)}
        async with self._store.database.read() as connection:
            unsettled = await subtasks.unsettled_of_user(connection, self._user_id)
            others = (dirty | self._subtasks.keys()) - {row.id for row in unsettled}
            ended = await subtasks.some_of_user(connection, self._user_id, others)
            places = await subtasks.queue_positions(connection, unsettled)
        self._tell_devices(shown, rev)
        for row in [*ended, *unsettled]:
            self._tell_subtask(row, places.get(row.id), rev)
        begun = [row for row in unsettled if self._has_read and row.id not in self._subtasks]
        for row in [*ended, *begun]:
            self._note_change(row.task_id)
        self._tell_changes()
        self._subtasks = {row.id: row for row in unsettled}
        self._has_read = True
        for row in ended:
            self._told.pop(row.id, None)
            self._frames.pop(row.id, None)

    def _tell_changes(self) -> None:
        """Tell which tasks to read again; who joins later reads them anyway."""
        changed, self._changed = self._changed, {}
        for task_id, removed in changed.items():
            frame = encode("task:changed", TaskChanged(task_id, removed))
            for mailbox in self._mailboxes:
                mailbox.put(f"task {task_id}", frame)

    def _tell_devices(self, shown: dict[str, Device], rev: int) -> None:
        for device_id, device in shown.items():
            self._tell(f"device {device_id}", "device:state", _device_state(device, rev), device)
        for device_id in self._devices.keys() - shown.keys():
            key = f"device {device_id}"
            gone = msgspec.structs.replace(self._devices[device_id], status="offline", running=[], queued=0)
            self._tell(key, "device:state", _device_state(gone, rev, removed=True), None)
            self._told.pop(key, None)
            self._frames.pop(key, None)
        self._devices = shown

    def _tell_subtask(self, row: Standing, place: int | None, rev: int) -> None:
        state = SubtaskState(
            task_id=row.task_id,
            subtask_id=row.id,
            state=row.state,
            device_id=row.device_id,
            rev=rev,
            labels=row.labels,
            queue_position=place,
            waiting_reason=row.waiting_reason,
        )
        self._tell(row.id, "task:state", state, msgspec.structs.replace(state, rev=0))

    def _tell(self, key: str, event: str, state: object, essence: object) -> None:
        """Tell everybody, unless ``essence`` (the state without its revision) is what was told last."""
        encoded = msgspec.json.encode(essence)
        if self._told.get(key) == encoded:
            return
        self._told[key] = encoded
        frame = self._frames[key] = encode(event, state)
        for mailbox in self._mailboxes:
            mailbox.put(key, frame)


def _device_state(device: Device, rev: int, removed: bool = False) -> DeviceState:
    return DeviceState(**msgspec.structs.asdict(device), rev=rev, removed=removed)


class Feeds:
    """The feeds of this process, one per user who has a chat socket here."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feeds: dict[str, tuple[Feed, asyncio.Task[None]]] = {}

    @asynccontextmanager
    async def joined(self, user_id: str) -> AsyncIterator[Mailbox]:
        """Give a mailbox of the user's feed until the block ends."""
        if user_id not in self._feeds:
            feed = Feed(self._store, user_id)
            self._feeds[user_id] = feed, asyncio.create_task(feed.run())
        feed, task = self._feeds[user_id]
        mailbox = feed.join()
        try:
            yield mailbox
        finally:
            feed.leave(mailbox)
            if feed.is_idle:
                del self._feeds[user_id]
                task.cancel()
                await asyncio.wait([task])
