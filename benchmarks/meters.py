"""What processes used, read from outside: CPU time, memory, and Redis' own counters."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import psutil
import redis.asyncio
from redis.exceptions import RedisError


class Used(msgspec.Struct, frozen=True):
    """CPU seconds (user and system) that each process used in ``seconds`` of time."""

    cpu: list[float]
    seconds: float


class CpuMeter:
    """Measures from its making to :meth:`read`."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._began = time.monotonic()
        self._before = self._now()

    def _now(self) -> list[float]:
        times = [process.cpu_times() for process in self._processes]
        return [spent.user + spent.system for spent in times]

    def read(self) -> Used:
        """Return what was used until now."""
        cpu = [after - before for before, after in zip(self._before, self._now(), strict=True)]
        return Used(cpu, time.monotonic() - self._began)


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
