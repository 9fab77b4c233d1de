"""Being told of changes: how subtasks and devices stand, and whether the socket is up.

A watch keeps the newest change of each thing that has not been read yet, so it never holds more than there are
things. A change says "look": who needs certainty asks the server.
"""

import asyncio
from collections.abc import Callable

import msgspec

from wegent.client.errors import WegentError
from wegent.protocol.chat_messages import DeviceState, SubtaskState
from wegent.protocol.states import TERMINAL


class Link(msgspec.Struct, frozen=True):
    """Whether the socket to the server is up, and why not."""

    is_up: bool
    reason: str = ""


Change = SubtaskState | DeviceState | Link


def _thing(change: Change) -> tuple[str, str]:
    match change:
        case SubtaskState():
            return "subtask", change.subtask_id
        case DeviceState():
            return "device", change.device_id
        case Link():
            return "link", ""


class Watch:
    """One listener; ``async with`` it, so that it ends."""

    def __init__(self, subtask_id: str | None, leave: Callable[["Watch"], None]) -> None:
        self.subtask_id = subtask_id
        self._leave = leave
        self._newest: dict[tuple[str, str], Change] = {}
        self._ready = asyncio.Event()
        self._error: WegentError | None = None

    async def __aenter__(self) -> "Watch":
        """Begin; changes since the watch was made are kept."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Listen no more."""
        self._leave(self)

    def put(self, change: Change) -> None:
        """Note a change, if it is wanted here."""
        wanted = self.subtask_id is None or (
            not isinstance(change, DeviceState)
            and (isinstance(change, Link) or change.subtask_id == self.subtask_id)
        )
        if wanted:
            self._newest[_thing(change)] = change
            self._ready.set()

    def fail(self, error: WegentError) -> None:
        """Note that no change can come any more."""
        self._error = error
        self._ready.set()

    async def next(self) -> Change:
        """Return the next change; raise why there cannot be one."""
        while not self._newest:
            if self._error is not None:
                raise self._error
            self._ready.clear()
            await self._ready.wait()
        return self._newest.pop(next(iter(self._newest)))


class Watches:
    """All listeners of one client, and how things stand, for those who come later."""

    def __init__(self) -> None:
        self._all: set[Watch] = set()
        self._by_subtask: dict[str, set[Watch]] = {}
        self._subtasks: dict[str, SubtaskState] = {}
        self._devices: dict[str, DeviceState] = {}

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._all or self._by_subtask)

    def open(self, subtask_id: str | None = None) -> Watch:
        """Listen to one subtask, or to everything; begins with how things stand."""
        watch = Watch(subtask_id, self._leave)
        known: list[Change] = [*self._devices.values(), *self._subtasks.values()]
        for change in known:
            watch.put(change)
        self._listeners(subtask_id).add(watch)
        return watch

    def subtask(self, state: SubtaskState) -> None:
        """Tell how a subtask stands, unless something newer was told."""
        known = self._subtasks.get(state.subtask_id)
        if known is not None and state.rev < known.rev:
            return
        if state.state in TERMINAL:
            self._subtasks.pop(state.subtask_id, None)
        else:
            self._subtasks[state.subtask_id] = state
        for watch in (*self._all, *self._by_subtask.get(state.subtask_id, ())):
            watch.put(state)

    def device(self, state: DeviceState) -> None:
        """Tell how a device stands, unless something newer was told."""
        known = self._devices.get(state.device_id)
        if known is not None and state.rev < known.rev:
            return
        if state.removed:
            self._devices.pop(state.device_id, None)
        else:
            self._devices[state.device_id] = state
        for watch in tuple(self._all):
            watch.put(state)

    def link(self, link: Link) -> None:
        """Tell whether the socket is up; a new one tells everything anew, so what was known is forgotten."""
        self._subtasks.clear()
        self._devices.clear()
        for watch in self._everybody():
            watch.put(link)

    def fail(self, error: WegentError) -> None:
        """Tell everybody that no change can come any more."""
        for watch in self._everybody():
            watch.fail(error)

    def _everybody(self) -> list[Watch]:
        return [*self._all, *(watch for some in self._by_subtask.values() for watch in some)]

    def _listeners(self, subtask_id: str | None) -> set[Watch]:
        return self._all if subtask_id is None else self._by_subtask.setdefault(subtask_id, set())

    def _leave(self, watch: Watch) -> None:
        listeners = self._listeners(watch.subtask_id)
        listeners.discard(watch)
        if watch.subtask_id is not None and not listeners:
            del self._by_subtask[watch.subtask_id]
