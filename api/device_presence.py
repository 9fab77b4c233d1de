"""A device session's word that its device is online, and how it ends."""

import asyncio
import time
from collections.abc import Callable

from api.errors import CloseError
from api.store import devices, pubsub
from api.store.clock import now_ms
from api.store.devices import DeviceRow
from api.store.outages import OUTAGES
from api.store.presence import Presence
from api.store.store import Store
from api.websocket import log
from wegent.protocol.close_codes import CloseCode


class SessionPresence:
    """Written at register, with heartbeats, and whenever Redis lost it; never for longer than the device lives."""

    def __init__(self, store: Store, device: DeviceRow, close: Callable[[CloseError], None]) -> None:
        self._store = store
        self._device = device
        self._close = close
        self._heard = self._written = time.monotonic()
        self._has_left = False
        self.generation = device.generation
        self.load: dict[str, float] = {}
        self.paused = False

    def note_heard(self) -> None:
        """The device sent something."""
        self._heard = time.monotonic()

    async def write(self, *, reconnecting: bool = False) -> None:
        """Say that the device is online, until the TTL after it was last heard."""
        remaining = self._store.settings.timing.online_ttl - (time.monotonic() - self._heard)
        if self._has_left or remaining <= 0:
            return
        self._written = time.monotonic()
        presence = Presence(self.generation, reconnecting, self.load, self.paused)
        holder = await self._store.presence.write(self._device.row, presence, remaining)
        if holder > self.generation:
            self._close(CloseError(CloseCode.REPLACED, "a newer connection took this device over"))

    async def run(self) -> None:
        """Renew it while the device says anything at all."""
        interval = self._store.settings.timing.heartbeat
        while True:
            await asyncio.sleep(interval / 2)
            if self._heard > self._written and time.monotonic() - self._written >= interval:
                try:
                    await self.write()
                except OUTAGES as error:
                    log.warning("%s: presence not written: %s", self._device.device_id, error)

    def rejoin(self, generation: int) -> None:
        """The device registered again on the same socket, perhaps after a goodbye."""
        self.generation = generation
        self._has_left = False

    async def pause(self) -> None:
        """The device takes nothing new, and its owner's pages show that."""
        self.paused = True
        await self.write()
        await self._store.pubsub.publish(pubsub.user_channel(self._device.user_id))

    async def leave(self, *, goodbye: bool) -> None:
        """The socket closes: offline at once after a goodbye, else reconnecting until the key expires."""
        if self._has_left:
            return
        try:
            if goodbye:
                self._has_left = True
                await self._store.presence.clear(self._device.row, self.generation)
                await devices.note_seen(self._store, self._device.row, now_ms())
            else:
                await self.write(reconnecting=True)
            await self._store.pubsub.publish(pubsub.user_channel(self._device.user_id))
        except OUTAGES as error:
            log.warning("%s: presence not written: %s", self._device.device_id, error)
