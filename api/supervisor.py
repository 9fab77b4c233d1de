"""Keeps child processes running: each in a session of its own, with a log, started again when it dies.

StartError
    something that `up` needs cannot start; the message says what to do
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from api import tether
from api.child_log import ChildLog

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 60.0
"""A child that ran this long is started again without a longer pause."""
LAST_WORD_SECONDS = 1.0
"""How long a dead child's output may still arrive; a grandchild may hold the pipe open for ever."""
INSIST_SECONDS = 3.0

Say = Callable[[str], None]


class StartError(Exception):
    """Something that `up` needs cannot start."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, and how to end it.

    ``final`` maps exit codes after which starting it again is useless to what a person should do.
    ``death_signal`` is what it gets when its keeper dies (Linux).
    """

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    stop_seconds: float = 10
    death_signal: int = signal.SIGKILL
    final: Mapping[int, str] = {}


class Child:
    """One program that is kept running."""

    def __init__(self, program: Program, log: ChildLog, say: Say) -> None:
        self.program = program
        self.log = log
        self._say = say
        self._stopping = asyncio.Event()
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def _run_once(self) -> int | None:
        """Run the program to its end and return its exit code (negative: killed by that signal)."""
        # A pipe of our own: asyncio's wait() also waits for its pipes, which a grandchild may hold open for ever.
        readable, writable = os.pipe()
        try:
            async with self._starting:
                if self._stopping.is_set():
                    os.close(readable)
                    return None
                reading = asyncio.create_task(self._keep_log(readable))
                process = self._process = await asyncio.create_subprocess_exec(
                    *_tethered(self.program),
                    env=dict(self.program.environ),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writable,
                    stderr=writable,
                    start_new_session=True,
                )
        finally:
            os.close(writable)
        code = await process.wait()
        await asyncio.wait({reading}, timeout=LAST_WORD_SECONDS)
        reading.cancel()
        return code

    async def _keep_log(self, readable: int) -> None:
        output = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(readable, "rb")
        )
        try:
            while text := await output.read(1 << 16):
                self.log.write(text)
        finally:
            transport.close()

    async def keep_alive(self, early_death: Callable[[str], bool]) -> None:
        """Run it again and again until :meth:`stop`; ``early_death`` says whether dying now is the end of `up`."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._run_once()
            if (
                code is None
                or self._stopping.is_set()
                or early_death(f"{self.program.name} {_how(code)}\n{self.log.tail()}")
            ):
                return
            if code in self.program.final:
                self._say(f"{self.program.name} {_how(code)}: {self.program.final[code]}")
                return
            pause = FIRST_PAUSE if loop.time() - began > HEALTHY_SECONDS else pause
            self._say(f"{self.program.name} {_how(code)}; starting it again in {pause:g} s (log: {self.log.path})")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self, hurry: asyncio.Event) -> None:
        """End it: SIGTERM and a wait, a second SIGTERM (leave everything, end now) and a short wait, SIGKILL."""
        self._stopping.set()
        async with self._starting:
            process = self._process
        if process is None or process.returncode is not None:
            return
        ended = asyncio.create_task(process.wait())
        hurried = asyncio.create_task(hurry.wait())
        process.terminate()
        await asyncio.wait({ended, hurried}, timeout=self.program.stop_seconds, return_when="FIRST_COMPLETED")
        if not ended.done():
            process.terminate()
            await asyncio.wait({ended}, timeout=INSIST_SECONDS)
        if not ended.done():
            self._say(f"{self.program.name} does not end; killing it")
            os.killpg(process.pid, signal.SIGKILL)
        hurried.cancel()
        await ended


class Supervisor:
    """Children in the order of their start; leaving the block ends them in the opposite order."""

    def __init__(self, logs: Path, say: Say) -> None:
        self._logs = logs
        self._say = say
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_started = False
        self.hurry = asyncio.Event()

    async def __aenter__(self) -> "Supervisor":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End all children, the latest first; harmless when they have ended."""
        for child in reversed(self._children):
            await child.stop(self.hurry)
        await asyncio.gather(*self._keepers)
        if self._failure.done():
            self._failure.exception()

    @property
    def pids(self) -> set[int]:
        """The process ids of the children that run now."""
        return {child.pid for child in self._children if child.pid is not None}

    def start(self, program: Program) -> None:
        """Start ``program`` and keep it running."""
        child = Child(program, ChildLog(self._logs / f"{program.name}.log"), self._say)
        self._children.append(child)
        self._keepers.append(asyncio.create_task(self._keep(child)))

    async def _keep(self, child: Child) -> None:
        try:
            await child.keep_alive(self._died_early)
        except Exception as error:
            self._fail(StartError(f"{child.program.name} cannot be kept running: {error}"))

    def _died_early(self, story: str) -> bool:
        if not self.has_started:
            self._fail(StartError(story))
        return not self.has_started

    def _fail(self, error: StartError) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    async def failure(self) -> None:
        """Wait for ever; raise :class:`StartError` when a child dies before ``has_started``."""
        await asyncio.shield(self._failure)


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait until one of ``waits`` is over, cancel the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _tethered(program: Program) -> tuple[str, ...]:
    if sys.platform != "linux":
        return program.argv
    tie = (sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), str(int(program.death_signal)))
    return tie + program.argv


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
