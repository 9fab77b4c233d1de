"""What the owner wants of a running executor: pause, resume, drain, restart, stop.

A pause is a file in the home, so that it outlives a crash, a restart and a reboot: who paused a device does not
expect it to take work because its power came back. A drain is not: it ends with the executor.
"""

import asyncio
import logging
from pathlib import Path

from executor.device import Device
from executor.link import Link
from wegent.control.messages import Mode

log = logging.getLogger(__name__)

FILE = "paused"
TOLD_WITHIN = 2.0
"""Seconds in which the server hears that nothing new is taken; else it is told by a new connection."""


class Steering:
    """Turns ``device`` as its owner wants; ``end`` is set when the executor is to end."""

    def __init__(self, home: Path, device: Device, link: Link, end: asyncio.Event) -> None:
        self._file = home / FILE
        self._device = device
        self._link = link
        self._end = end
        self.restarts = False
        """Whether the executor starts itself anew after its end."""
        device.is_paused = self._file.exists()
        if device.is_paused:
            log.info("Paused: nothing new is taken. `wegent-executor resume` changes that.")

    @property
    def mode(self) -> Mode:
        """What is going on."""
        if self._end.is_set():
            return "stopping"
        if self._device.is_draining:
            return "restarting" if self.restarts else "draining"
        return "paused" if self._device.is_paused else "working"

    async def pause(self) -> None:
        """Take nothing new, go on with what runs, stay connected."""
        self._file.touch(mode=0o600)
        self._device.is_paused = True
        log.info("Paused.")
        await self._tell("paused")

    def resume(self) -> None:
        """Take offers again; a drain under way is called off, an end is not."""
        if self._end.is_set():
            return
        self._file.unlink(missing_ok=True)
        was_taking = self._device.takes_new
        self._device.is_paused = self._device.is_draining = self.restarts = False
        if not was_taking:
            log.info("Resumed.")
            self._link.reconnect("this device takes tasks again")

    async def drain(self, *, restarts: bool = False) -> None:
        """Take nothing new, and end when everything that runs has ended and was reported."""
        self._device.is_draining, self.restarts = True, restarts
        log.info("Draining: %d subtasks are still here.", len(list(self._device)))
        self._device.notify()
        await self._tell("restarting" if restarts else "draining")

    def stop(self, *, restarts: bool = False) -> None:
        """End what runs properly, and then the executor."""
        self.restarts = restarts
        self._end.set()

    async def watch_drain(self) -> None:
        """End the executor when a drain is over."""
        await self._device.wait_until(lambda device: device.is_draining and self._is_empty())
        self._end.set()

    async def take_one(self) -> None:
        """Drain as soon as one subtask has begun."""
        await self._device.wait_until(lambda device: device.begun > 0)
        await self.drain()

    def _is_empty(self) -> bool:
        """Before a restart reports may be missing: they are on disk, and the next process sends them."""
        return self._device.busy == 0 if self.restarts else not list(self._device)

    async def _tell(self, reason: str) -> None:
        """Have the server offer nothing more; what it offers nevertheless is declined from now on."""
        session = self._link.session
        if session is not None and not await session.say("device:drain", reason, TOLD_WITHIN):
            self._link.reconnect("the server did not hear that this device takes nothing new")
