"""Keeps the computer from sleeping while tasks run, where its owner wants that.

Linux: a logind inhibitor (systemd-inhibit(1)) around a ``cat`` that ends when this process does. macOS:
caffeinate(8), which watches this process. Windows: SetThreadExecutionState. A failure is said once and harmless.
"""

import asyncio
import contextlib
import logging
import os
import sys

import psutil

from executor.device import Device
from executor.environment import Mark
from executor.processes import brand

log = logging.getLogger(__name__)

END_WITHIN = 2.0
_MARK = Mark("", "keep-awake")
_SYSTEM_REQUIRED, _CONTINUOUS = 0x00000001, 0x80000000  # winbase.h, ES_…
HINT = (
    "This computer has a battery and may fall asleep while tasks run; --keep-awake (or keep_awake = true in"
    " config.toml) prevents that."
)


def may_sleep(is_kept_awake: bool) -> bool:
    """Whether this computer is one that falls asleep by itself: it has a battery, and nothing keeps it awake."""
    if is_kept_awake:
        return False
    with contextlib.suppress(OSError, AttributeError, RuntimeError, ValueError):  # not every system tells
        return psutil.sensors_battery() is not None
    return False


def command(platform: str, pid: int) -> list[str] | None:
    """Return what keeps a computer awake while it runs; None where a program is not what does it."""
    if platform == "darwin":
        return ["caffeinate", "-i", "-w", str(pid)]
    if platform == "linux":
        why = ("--who=Wegent", "--why=A task is running", "--mode=block")
        return ["systemd-inhibit", "--what=idle:sleep", *why, "cat"]
    return None


class KeepAwake:
    """Held while something runs."""

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._is_trouble_told = False

    async def hold(self) -> None:
        """From now on the computer stays awake."""
        if sys.platform == "win32":
            self._tell_windows(_CONTINUOUS | _SYSTEM_REQUIRED)
            return
        argv = command(sys.platform, os.getpid())
        if argv is None:
            self._say("there is no way known here")
            return
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            with brand.inherited(_MARK):  # else it may get that of a task that starts now, and end with it
                self._child = await asyncio.create_subprocess_exec(
                    *argv, stdin=pipe, stdout=null, stderr=null, start_new_session=True
                )
        except OSError as error:
            self._say(str(error))

    async def release(self) -> None:
        """The computer may sleep again."""
        if sys.platform == "win32":
            self._tell_windows(_CONTINUOUS)
            return
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is not None:
            self._say(f"{command(sys.platform, 0)} ended with {child.returncode}")
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        done, _ = await asyncio.wait({asyncio.create_task(child.wait())}, timeout=END_WITHIN)
        if not done:
            child.kill()

    def _tell_windows(self, state: int) -> None:
        if sys.platform == "win32":
            import ctypes

            if not ctypes.windll.kernel32.SetThreadExecutionState(state):
                self._say("SetThreadExecutionState failed")

    def _say(self, why: str) -> None:
        if not self._is_trouble_told:
            self._is_trouble_told = True
            log.warning("The computer cannot be kept awake (%s); tasks run on nevertheless.", why)


async def watch(device: Device, is_wanted: bool) -> None:
    """Keep the computer awake whenever ``device`` is at work; where that is not wanted, hint once at it."""
    if not is_wanted:
        await device.wait_until(lambda device: device.busy > 0)
        if may_sleep(is_wanted):
            log.info(HINT)
        return
    keeper = KeepAwake()
    while True:
        await device.wait_until(lambda device: device.busy > 0)
        await keeper.hold()
        try:
            await device.wait_until(lambda device: device.busy == 0)
        finally:
            await keeper.release()
