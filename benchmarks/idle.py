"""Sockets that do nothing: the memory of each, and what keeping them costs."""

import asyncio
from typing import Literal

from benchmarks.meters import CpuMeter, RedisCounts, resident_bytes
from benchmarks.orders import Orders
from benchmarks.plan import Plan
from benchmarks.programs import Crowd, Programs
from benchmarks.results import Idle, IdleStep
from benchmarks.servers import Site, serving

Kind = Literal["devices", "viewers"]
SETTLE_SECONDS = 1.0


async def measure_idle(kind: Kind, plan: Plan) -> Idle:
    """Open more and more sockets of a kind to one API process; each viewer is another person's."""
    most = plan.idle_steps[-1]
    async with serving("wegent", people=1 if kind == "devices" else most) as (programs, site):
        # The first socket of all pays for imports and caches, so it does not count as a socket.
        warm = await _connect(programs, site, kind, 0, 1)
        await _leave(warm)
        await asyncio.sleep(SETTLE_SECONDS)
        redis = site.redis_meter()
        empty, empty_redis = resident_bytes(site.pids[0]), await redis.read()
        steps: list[IdleStep] = []
        crowds: list[Crowd] = []
        there = 0
        for count in plan.idle_steps:
            crowds.append(await _connect(programs, site, kind, there, count))
            await asyncio.sleep(SETTLE_SECONDS)
            speed = (count - there) / crowds[-1].connect_seconds
            there = count
            steps.append(_step(site, count, empty, (await redis.read()).since(empty_redis), empty_redis, speed))
        meter = CpuMeter([site.pids[0], redis.pid])
        await asyncio.sleep(plan.idle_seconds)
        used = meter.read()
        for crowd in crowds:
            await _leave(crowd)
    server, spent = (cpu / used.seconds for cpu in used.cpu)
    return Idle(kind=kind, resident_bytes=empty, steps=steps, server_share=server, redis_share=spent)


async def _connect(programs: Programs, site: Site, kind: Kind, first: int, to: int) -> Crowd:
    return await programs.crowd(f"benchmarks.{kind}", Orders(members=site.members(to - first, first=first)))


async def _leave(crowd: Crowd) -> None:
    await crowd.act()
    await crowd.end(dict)


def _step(site: Site, sockets: int, empty: int, now: RedisCounts, before: RedisCounts, speed: float) -> IdleStep:
    resident = resident_bytes(site.pids[0])
    return IdleStep(
        sockets=sockets,
        resident_bytes=resident,
        bytes_per_socket=(resident - empty) / sockets,
        redis_bytes_per_socket=(now.memory - before.memory) / sockets,
        connects_per_second=speed,
    )
