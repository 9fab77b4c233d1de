"""Output from devices to viewers: how much, how fast, and what it costs the server."""

from benchmarks.meters import CpuMeter, RedisCounts
from benchmarks.orders import DeviceReport, Job, Orders, ViewerReport
from benchmarks.plan import Flow, Plan
from benchmarks.results import Relayed, Spread
from benchmarks.servers import serving

API_WINDOW = 16_384
"""Frames under way, all devices together: enough for four acknowledgements a second, less than executors allow."""
RELAY_WINDOW = 4096
"""The same for relays, which acknowledge sooner; less is under way, so that the slow one is done in time."""

PAUSE_SECONDS = 0.6
"""What sending, accepting and completing cost must be over before, or begin after, what is measured here."""


async def measure_flow(flow: Flow, plan: Plan) -> Relayed:
    """Start the flow's server, let every device emit for its viewer, and return what happened."""
    rate = None if flow.rate is None else flow.rate / flow.pairs
    job = Job(
        seconds=plan.flow_seconds,
        rate=rate,
        events_per_frame=flow.events_per_frame,
        event_bytes=plan.event_bytes,
        pause=PAUSE_SECONDS,
        window=(API_WINDOW if flow.server == "wegent" else RELAY_WINDOW) // flow.pairs,
    )
    async with serving(flow.server, processes=flow.processes) as (programs, site):
        devices, viewers = await programs.pair(
            Orders(members=site.members(flow.pairs)),
            Orders(members=site.members(flow.pairs, site.urls[-1]), job=job, turns=1),
        )
        redis = site.redis_meter() if site.redis else None
        before = await redis.read() if redis else RedisCounts()
        crowds = [devices.pid, viewers.pid]
        meter = CpuMeter([*site.pids, *crowds, *([redis.pid] if redis else [])])
        async with meter.watching():
            await viewers.act()
        counts = (await redis.read()).since(before) if redis else None
        await devices.act()
        seen, done = await viewers.end(ViewerReport), await devices.end(DeviceReport)
    used = meter.between(seen.first_ns, seen.last_ns)
    servers = used.cpu[: len(site.pids)]
    per_frame = [1e6 * seconds / done.frames for seconds in used.cpu]
    return Relayed(
        flow=flow,
        frames=done.frames,
        events=seen.events,
        seconds=used.seconds,
        events_per_second=seen.events / used.seconds,
        frames_per_second=done.frames / used.seconds,
        latency=Spread.of(seen.latency_ns),
        server_us=per_frame[: len(servers)],
        server_share=[spent / used.seconds for spent in servers],
        redis_us=per_frame[-1] if redis else None,
        devices_share=used.cpu[len(servers)] / used.seconds,
        viewers_share=used.cpu[len(servers) + 1] / used.seconds,
        device_bytes=done.bytes / done.frames,
        viewer_bytes=seen.bytes / done.frames,
        redis_bytes_in=counts.bytes_in / done.frames if counts else None,
        redis_bytes_out=counts.bytes_out / done.frames if counts else None,
        redis_commands=counts.commands / done.frames if counts else None,
        log_reads=counts.log_reads if counts else None,
    )
