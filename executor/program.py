"""The executor's own life: take the home, clear up after a former process, work, leave properly."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from types import FrameType

from executor import device_id, keep_awake, sleep, tether
from executor.approvals import Approvals
from executor.config import Config
from executor.control.desk import Desk
from executor.control.server import ControlServer
from executor.device import Device
from executor.endings import ExitCode, FatalError
from executor.instance_lock import InstanceLock, LockedError
from executor.link import Link
from executor.processes import recovery
from executor.processes.tree import become_subreaper
from executor.steering import Steering
from executor.subtask import Stop
from wegent.control.messages import Ended
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

FLUSH_WITHIN = 5.0
"""Seconds that the last output and reports have to reach the server when the executor stops."""
GOODBYE_WITHIN = 2.0


class Program:
    """Runs an executor as ``config`` says."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stop_asked = asyncio.Event()
        self._device: Device | None = None
        self.restarts = False
        """Whether the program is to start itself anew after :meth:`run`."""

    async def run(self) -> ExitCode:
        """Work until asked to stop or until that cannot be; return the exit code."""
        home = self._config.home
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = InstanceLock(home).acquire()
            identity = device_id.load(home)
        except LockedError as error:
            log.error("%s", error)
            return ExitCode.FAILED
        except OSError as error:
            log.error(
                "%s cannot be used: %s. Make room there, or name another folder in WEGENT_HOME.", home, error
            )
            return ExitCode.FAILED
        try:
            self._listen_to_signals()
            become_subreaper()
            left = await recovery.recover(home, self._config.timing.terminate)
            async with asyncio.TaskGroup() as group:
                self._device = Device(self._config, identity, group)
                Approvals.forget_old(home)
                for outbox in left:
                    self._device.adopt(outbox)
                return await self._work(self._device)
        finally:
            lock.release()

    async def _work(self, device: Device) -> ExitCode:
        link = Link(self._config, device)
        steering = Steering(self._config.home, device, link, self._stop_asked)
        desk = Desk(self._config, device, link, steering)
        control = ControlServer(self._config.home, desk.handle)
        await control.start()
        code = ExitCode.FAILED
        try:
            code = await self._until_over(device, link, steering)
            self.restarts = steering.restarts and code is ExitCode.STOPPED
        finally:
            await control.close(Ended(code, self.restarts))
        return code

    async def _until_over(self, device: Device, link: Link, steering: Steering) -> ExitCode:
        linked = asyncio.create_task(link.run())
        asked = asyncio.create_task(self._stop_asked.wait())
        watches = [
            asyncio.create_task(link.renewal.run()),
            asyncio.create_task(sleep.watch(lambda: link.reconnect("the computer slept"))),
            asyncio.create_task(keep_awake.watch(device, self._config.keep_awake)),
            asyncio.create_task(steering.watch_drain()),
        ]
        if self._config.is_tethered:
            watches.append(asyncio.create_task(tether.watch(self._stop_asked)))
        if self._config.once:
            watches.append(asyncio.create_task(steering.take_one()))
        try:
            await asyncio.wait({linked, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not linked.done():
                await self._leave(link, device)
                return ExitCode.STOPPED
            return await self._give_up(linked, device)
        finally:
            for task in (linked, asked, *watches):
                task.cancel()
            await asyncio.wait({linked, asked, *watches}, timeout=GOODBYE_WITHIN)
            await device.keeper.end_all()

    async def _leave(self, link: Link, device: Device) -> None:
        """Take nothing new, stop what runs, hand over the last output, say goodbye."""
        log.info("Stopping%s.", f" {device.busy} running subtasks" if device.busy else "")
        device.is_draining = True
        if link.session is not None:
            await link.session.say("device:drain", "stopping", GOODBYE_WITHIN)
        device.stop_all(Stop.EXECUTOR_STOPPED)
        await device.wait_until(lambda device: device.running == 0)
        if link.session is not None:
            with contextlib.suppress(TimeoutError):
                async with time_limit(FLUSH_WITHIN):
                    await device.wait_until(lambda device: not list(device))
        if link.session is not None:
            await link.session.say("device:goodbye", "stopped", GOODBYE_WITHIN)

    async def _give_up(self, linked: "asyncio.Task[object]", device: Device) -> ExitCode:
        """End because the link cannot go on: nothing that runs now could be reported."""
        error = linked.exception()
        if not isinstance(error, FatalError):
            assert error is not None
            raise error
        log.error("%s", error)
        device.is_draining = True
        if error.exit_code is ExitCode.TOO_OLD and device.running:
            log.info("Finishing %d running subtasks first.", device.running)
        else:
            device.stop_all(Stop.EXECUTOR_STOPPED)
        ended = asyncio.create_task(device.wait_until(lambda device: device.running == 0))
        asked = asyncio.create_task(self._stop_asked.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        device.stop_all(Stop.EXECUTOR_STOPPED)
        await ended
        return error.exit_code

    def _listen_to_signals(self) -> None:
        if sys.platform == "win32":
            for number in (signal.SIGINT, signal.SIGBREAK):
                signal.signal(number, self._on_windows_signal)
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)

    def _on_windows_signal(self, number: int, frame: FrameType | None) -> None:
        asyncio.get_event_loop().call_soon_threadsafe(self._on_signal)

    def _on_signal(self) -> None:
        """First time: stop properly. Second time: kill everything at once."""
        if not self._stop_asked.is_set():
            self._stop_asked.set()
            return
        log.warning("Killing what still runs.")
        if self._device is not None:
            self._device.kill_all()
        os._exit(ExitCode.STOPPED)
