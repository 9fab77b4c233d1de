"""The processes of a run: servers and crowds, started clean, ended with the block."""

import asyncio
import itertools
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from benchmarks.connection import PATIENCE, BrokenError
from benchmarks.orders import Orders
from wegent.protocol.time_limit import time_limit

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_AT_END = 15.0
_NOT_KEPT = ("ANTHROPIC_", "CLAUDE", "WEGENT_")
T = TypeVar("T")


class Program:
    """A process whose stderr (and stdout, unless asked for) is in ``log``."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def broken(self, what: str) -> BrokenError:
        """Return an error that shows what the process wrote last."""
        return BrokenError(f"{what}; it wrote:\n{self._log.read_text(errors='replace')[-4000:]}")

    async def line(self) -> str:
        """Return its next line of output."""
        assert self._process.stdout is not None
        async with time_limit(PATIENCE):
            line = await self._process.stdout.readline()
        if not line:
            raise self.broken(f"{self._log.stem} ended too early")
        return line.decode()

    async def tell(self, line: bytes = b"") -> None:
        """Send a line; an empty one says: go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        await self._process.stdin.drain()

    async def end(self) -> None:
        """SIGTERM, and SIGKILL to what does not end by that."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with time_limit(PATIENCE_AT_END):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Crowd:
    """Devices or viewers in a process of their own, all connected; ``connect_seconds`` is how long that took."""

    def __init__(self, program: Program, connect_seconds: float) -> None:
        self._program = program
        self.pid = program.pid
        self.connect_seconds = connect_seconds

    async def act(self) -> None:
        """Make them do what they were ordered, and return when they have."""
        await self._program.tell()
        await self._program.line()

    async def end(self, kind: type[T]) -> T:
        """Make them leave, and return their report."""
        await self._program.tell()
        return msgspec.json.decode(await self._program.line(), type=kind)


class Programs:
    """Starts processes and ends them, the latest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._started: list[Program] = []

    @classmethod
    @asynccontextmanager
    async def running(cls) -> "AsyncIterator[Programs]":
        """Give a set of processes with a folder; both are gone when the block ends."""
        with tempfile.TemporaryDirectory(prefix="wegent-bench-") as folder:
            programs = cls(Path(folder))
            try:
                yield programs
            finally:
                await programs.close()

    async def close(self) -> None:
        """End all processes, and wait for that."""
        for program in reversed(self._started):
            await program.end()

    def path(self, name: str) -> Path:
        """Return a path in the folder that nobody was given before."""
        return self.folder / f"{next(self._numbers):03}-{name}"

    async def start(
        self, *argv: str, name: str = "", env: Mapping[str, str] = {}, is_spoken_to: bool = False
    ) -> Program:
        """Start a program in the checkout; nothing ambient of Wegent's reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_KEPT)}
        log = self.path(f"{name or Path(argv[0]).name}.log")
        pipes: dict[str, Any] = {"stdin": asyncio.subprocess.DEVNULL}
        with log.open("wb") as output:
            if is_spoken_to:
                pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "limit": 64 << 20}
            process = await asyncio.create_subprocess_exec(
                *argv, env={**kept, **env}, cwd=ROOT, stderr=output, **{"stdout": output, **pipes}
            )
        program = Program(process, log)
        self._started.append(program)
        return program

    async def module(self, module: str, *args: str, env: Mapping[str, str] = {}) -> Program:
        """Start ``python -m module args…``."""
        return await self.start(sys.executable, "-m", module, *args, name=module, env=env)

    async def crowd(self, module: str, orders: Orders) -> Crowd:
        """Start a crowd, and return when everybody of it is connected."""
        path = self.path("orders.json")
        path.write_bytes(msgspec.json.encode(orders))
        program = await self.start(sys.executable, "-m", module, str(path), name=module, is_spoken_to=True)
        return Crowd(program, float(await program.line()))

    async def pair(self, devices: Orders, viewers: Orders) -> tuple[Crowd, Crowd]:
        """Start a crowd of devices and one of viewers."""
        return await asyncio.gather(
            self.crowd("benchmarks.devices", devices), self.crowd("benchmarks.viewers", viewers)
        )
