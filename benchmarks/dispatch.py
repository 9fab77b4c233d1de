"""Sending: how soon a device has what was sent, how long accepting takes, and what SQL is asked for it."""

import msgspec

from benchmarks.meters import CpuMeter
from benchmarks.orders import DeviceReport, Orders, ViewerReport
from benchmarks.programs import Programs
from benchmarks.results import Dispatched, Spread, Statements
from benchmarks.servers import Site, serving, start_api


async def measure_sending(senders: int, turns: int) -> Dispatched:
    """Let ``senders`` send subtasks that end at once, one after the other."""
    async with serving("wegent") as (programs, site):
        redis = site.redis_meter()
        # The first turn of all pays for imports and caches, so it is not counted.
        await _send(programs, site, senders, 1)
        before = await redis.read()
        meter = CpuMeter(site.pids)
        seen, done = await _send(programs, site, senders, turns)
        used = meter.read()
        counts = (await redis.read()).since(before)
    subtasks = senders * turns
    return Dispatched(
        senders=senders,
        subtasks=subtasks,
        subtasks_per_second=subtasks / (sum(seen.done_ns) / 1e9 / senders),
        answer=Spread.of(seen.answer_ns),
        execute=Spread.of(done.execute_ns),
        accept=Spread.of(done.accept_ns),
        complete=Spread.of(done.complete_ns),
        done=Spread.of(seen.done_ns),
        server_ms=1e3 * sum(used.cpu) / subtasks,
        redis_commands=counts.commands / subtasks,
    )


async def count_statements(turns: int) -> Statements:
    """Count the SQL of one sender's subtasks, in a process that does nothing but count: its times mean nothing."""
    async with Programs.running() as programs:
        path = programs.path("statements.json")
        site = await start_api(programs, module=("benchmarks.counted_api", str(path)))
        await _send(programs, site, 1, turns)
        await programs.close()
        counts = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    return Statements(subtasks=turns, per_subtask={word: count / turns for word, count in counts.items()})


async def _send(programs: Programs, site: Site, senders: int, turns: int) -> tuple[ViewerReport, DeviceReport]:
    members = site.members(senders)
    devices, viewers = await programs.pair(Orders(members=members), Orders(members=members, turns=turns))
    await viewers.act()
    await devices.act()
    return await viewers.end(ViewerReport), await devices.end(DeviceReport)
