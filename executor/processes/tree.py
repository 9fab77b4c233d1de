"""A child process with its whole tree: in a process group of its own, stopped step by step, never left behind.

Children may ignore signals, start sessions of their own and outlive their parents. So what belongs to a subtask
is found in four ways: by process group, by descent (looked up while the parents still lived), by the mark that
every child's environment carries, and on Linux by its brand.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from executor.environment import Mark
from executor.processes import brand
from wegent.protocol.time_limit import time_limit

if TYPE_CHECKING:
    import psutil

PIPE_LIMIT = 64 << 10
"""Bytes read ahead from a child's pipe; beyond, the child waits."""
POLL = 0.05
NICER = 5
"""By how much children's priority is lower than ours."""
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Born(NamedTuple):
    """A process id and when that process started (seconds since the epoch): together they are never reused."""

    pid: int
    created: float


class _Protocol(SubprocessStreamProtocol):
    """Tells of the process's end at once, not only when its pipes are closed too (cpython issue 119710)."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(limit=PIPE_LIMIT, loop=loop)
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        """Note the end, whatever may still hold the pipes."""
        self.exited.set()
        super().process_exited()


class Child:
    """A running child; ``tree`` is it and everything that came from it."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, protocol: _Protocol, process: Process, mark: Mark
    ) -> None:
        self._transport = transport
        self._protocol = protocol
        self._process = process
        self.pid = process.pid
        self.tree = Tree(mark, process.pid)

    @classmethod
    async def start(
        cls, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], mark: Mark, needs_input: bool = False
    ) -> "Child":
        """Start ``argv`` in a process group of its own; raise OSError where that cannot be."""
        loop = asyncio.get_running_loop()
        group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
            group = {"creationflags": flags}
        with brand.inherited(mark):
            transport, protocol = await loop.subprocess_exec(
                _Protocol,
                *argv,
                stdin=subprocess.PIPE if needs_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**env, **mark.variables()},
                **group,
            )
        _be_nice(transport.get_pid())
        return cls(transport, protocol, Process(transport, protocol, loop), mark)

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """The child's input; only where it was asked for."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> asyncio.StreamReader:
        """What the child writes."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def stderr(self) -> asyncio.StreamReader:
        """What the child complains about."""
        assert self._process.stderr is not None
        return self._process.stderr

    @property
    def has_exited(self) -> bool:
        """Whether the process itself has ended; others of its tree may still run."""
        return self._protocol.exited.is_set()

    async def wait(self) -> int:
        """Wait for the process itself to end; return its exit code (negative: the signal)."""
        await self._protocol.exited.wait()
        code = self._transport.get_returncode()
        return -1 if code is None else code

    async def wait_within(self, seconds: float) -> bool:
        """Return whether the process itself ended within ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with time_limit(seconds):
                await self._protocol.exited.wait()
        return self.has_exited

    def interrupt(self) -> None:
        """Press Ctrl-C: SIGINT to the group."""
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self._transport.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            _signal_group(self.pid, signal.SIGINT)

    def close(self) -> None:
        """Let go of the pipes."""
        self._transport.close()


class Tree:
    """All processes of one subtask: ``leader`` leads their group.

    ``spared`` are left alone: processes that wait for a further turn of the task.
    """

    def __init__(self, mark: Mark, leader: int | None, spared: frozenset[Born] = frozenset()) -> None:
        self._mark = mark
        self._leader = leader
        self._spared = spared
        self._known: set[Born] = set()
        self._is_gone = False

    async def survivors(self) -> "list[psutil.Process]":
        """Return what of it is alive; zombies are not."""
        return await asyncio.to_thread(self._find)

    async def end(self, grace: float) -> None:
        """Terminate what is alive, and after ``grace`` seconds kill it, until nothing is.

        A process that cannot be killed (blocked in the kernel) is waited for: saying that it is gone would
        be untrue, and the server stops waiting by itself.
        """
        if self._is_gone:
            return
        if await self._signal_until_gone(signal.SIGTERM, grace):
            self._is_gone = True  # nothing is left that could start anything new
            return
        pause = POLL
        kill = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
        while not await self._signal_until_gone(kill, pause, repeat=True):
            pause = min(pause * 2, 1)
        self._is_gone = True

    async def _signal_until_gone(self, number: int, seconds: float, repeat: bool = False) -> bool:
        """Send a signal to what is alive, and look until it is gone; False when ``seconds`` are over before."""
        deadline = asyncio.get_running_loop().time() + seconds
        is_sent = False
        while alive := await self.survivors():
            if not is_sent or repeat:
                self._send(number, alive)
                is_sent = True
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(POLL)
        return True

    def end_now(self) -> None:
        """Kill everything without waiting."""
        self._send(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL, self._find())

    def _send(self, number: int, alive: "list[psutil.Process]") -> None:
        import psutil

        is_whole = self._leader is not None and not self._spared
        if is_whole and any(_group_of(process.pid) == self._leader for process in alive):
            assert self._leader is not None
            _signal_group(self._leader, number)
        for process in alive:
            # psutil compares start times before it sends, so a reused process id is safe.
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)

    def _find(self) -> "list[psutil.Process]":
        import psutil

        self._remember_descendants()
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and self._owns(process) and is_alive(process):
                    found.append(process)
        self._known |= {Born(process.pid, process.create_time()) for process in found}
        return found

    def _remember_descendants(self) -> None:
        """Descent is lost when a parent dies, so look at it while that lives."""
        import psutil

        if self._leader is None:
            return
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._leader).children(recursive=True):
                self._known.add(Born(process.pid, process.create_time()))

    def _owns(self, process: "psutil.Process") -> bool:
        import psutil

        if Born(process.pid, process.create_time()) in self._spared:
            return False
        if self._leader is not None and _group_of(process.pid) == self._leader:
            return True
        if Born(process.pid, process.create_time()) in self._known or brand.is_on(process, self._mark):
            return True
        try:
            return self._mark.is_on(process.environ())
        except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
            return False


def _be_nice(leader: int | None) -> None:
    """Let heartbeats, and whoever sits at this computer, go before what tasks compute (setpriority(2))."""
    if sys.platform != "win32" and leader is not None:
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PGRP, leader, min(os.getpriority(os.PRIO_PROCESS, 0) + NICER, 19))


def born(pid: int) -> Born | None:
    """Return ``pid`` with its start time; None if there is no such process."""
    import psutil

    try:
        return Born(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def is_same(process: Born) -> bool:
    """Whether the process that was written down is still that process.

    Start times are counted from the boot, whose own time moves when the clock is set: hence the tolerance.
    """
    now = born(process.pid)
    return now is not None and abs(now.created - process.created) < 5


def is_alive(process: "psutil.Process") -> bool:
    """Whether it runs: a zombie does not, and a process id that was reused is another process."""
    import psutil

    try:
        return process.is_running() and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False


def become_subreaper() -> None:
    """Let orphaned grandchildren become our children, so that their descent stays visible (Linux; prctl(2))."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _group_of(pid: int) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _signal_group(leader: int, number: int) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, number)
