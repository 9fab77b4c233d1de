"""What processes used, read from outside: CPU time, memory, and Redis' own counters."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psutil
import redis.asyncio
from redis.exceptions import RedisError

WATCH_SECONDS = 0.05


class Used(msgspec.Struct, frozen=True):
    """CPU seconds (user and system) that each process used in ``seconds`` of time."""

    cpu: list[float]
    seconds: float


class CpuMeter:
    """Measures from its making on."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._seen: list[tuple[int, list[float]]] = []
        self._look()

    def _look(self) -> None:
        times = [process.cpu_times() for process in self._processes]
        self._seen.append((time.monotonic_ns(), [spent.user + spent.system for spent in times]))

    def read(self) -> Used:
        """Return what was used until now."""
        self._look()
        return self.between(self._seen[0][0], self._seen[-1][0])

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look again and again until the block ends, so that :meth:`between` can tell of parts of that time."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                self._look()

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            self._look()

    def between(self, first_ns: int, last_ns: int) -> Used:
        """Return what was used between two moments of the monotonic clock."""
        before, after = self._at(first_ns), self._at(last_ns)
        cpu = [one - other for one, other in zip(after, before, strict=True)]
        return Used(cpu, max(last_ns - first_ns, 1) / 1e9)

    def _at(self, moment: int) -> list[float]:
        """Return the CPU seconds used until ``moment``, on a straight line between the looks around it."""
        index = min(max(bisect_left(self._seen, (moment, [])), 1), len(self._seen) - 1)
        (earlier, low), (later, high) = self._seen[index - 1], self._seen[index]
        share = (moment - earlier) / max(later - earlier, 1)
        return [one + share * (other - one) for one, other in zip(low, high, strict=True)]


def resident_bytes(pid: int) -> int:
    """Return how much memory a process has in RAM."""
    return int(psutil.Process(pid).memory_info().rss)


class RedisCounts(msgspec.Struct, frozen=True):
    """Redis' counters. ``log_reads`` are XRANGE calls: a viewer reads the log because pushes do not suffice."""

    commands: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    log_reads: int = 0
    memory: int = 0

    def since(self, before: "RedisCounts") -> "RedisCounts":
        """Return the differences, but the present memory."""
        return RedisCounts(
            self.commands - before.commands,
            self.bytes_in - before.bytes_in,
            self.bytes_out - before.bytes_out,
            self.log_reads - before.log_reads,
            self.memory,
        )


class RedisMeter:
    """Reads a Redis' counters."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self._url = url

    async def answers(self) -> bool:
        """Whether it runs."""
        async with redis.asyncio.Redis.from_url(self._url) as client:
            try:
                return bool(await client.ping())
            except (RedisError, OSError):
                return False

    async def read(self) -> RedisCounts:
        """Return the counters."""
        async with redis.asyncio.Redis.from_url(self._url) as client:
            info: dict[str, Any] = await client.info("everything")
        return RedisCounts(
            commands=info["total_commands_processed"],
            bytes_in=info["total_net_input_bytes"],
            bytes_out=info["total_net_output_bytes"],
            log_reads=info.get("cmdstat_xrange", {}).get("calls", 0),
            memory=info["used_memory"],
        )
