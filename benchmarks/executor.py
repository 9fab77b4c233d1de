"""An executor that has nothing to do: how soon it is registered after its start, and how much memory it takes."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
from aiohttp import WSMsgType, web

from benchmarks.connection import PATIENCE
from benchmarks.meters import CpuMeter, resident_bytes
from benchmarks.plan import Plan
from benchmarks.programs import Programs
from benchmarks.results import Executor
from wegent.protocol.codec import Frame, decode_data, decode_frame, encode
from wegent.protocol.device_messages import HeartbeatAnswer, Register, Registered
from wegent.protocol.resources import Device, Slots
from wegent.protocol.time_limit import time_limit

NOW = "2025-01-01T00:00:00Z"
HEARTBEAT_SECONDS = 1.0


class Arrivals:
    """A server that only knows registers and heartbeats, so that its own time counts for nothing."""

    def __init__(self) -> None:
        self.url = ""
        self.registered: asyncio.Queue[float] = asyncio.Queue()
        """When each register was answered, by the monotonic clock."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one device's socket."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frame = decode_frame(message.data)
                await socket.send_str(encode("ack", self._answer(frame), frame.ref).decode())
                if frame.event == "device:register":
                    self.registered.put_nowait(time.monotonic())
        return socket

    def _answer(self, frame: Frame) -> object:
        if frame.event == "device:register":
            return _registered(decode_data(frame.data, Register))
        return HeartbeatAnswer(NOW, []) if frame.event == "device:heartbeat" else {}


def _registered(message: Register) -> Registered:
    device = Device(
        device_id=message.device_id, name=message.name, status="online", slots=Slots(0, message.slots), queued=0,
        running=[], is_default=False, kind="local", shells=message.shells, folders=[], kernels=[], labels={},
        version="", platform="", last_seen=None, created_at=NOW,
    )  # fmt: skip
    return Registered(
        device=device, session="s", heartbeat_seconds=HEARTBEAT_SECONDS, online_ttl_seconds=90, max_frame=1 << 20,
        server_time=NOW, resume=[],
    )  # fmt: skip


@asynccontextmanager
async def arrivals() -> AsyncIterator[Arrivals]:
    """Serve on a free loopback port until the block ends."""
    server = Arrivals()
    app = web.Application()
    app.router.add_get("/ws/device", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


async def measure_executor(plan: Plan) -> Executor:
    """Start an executor again and again, each time with nothing known but its login; watch the last one idle."""
    seconds: list[float] = []
    spent: list[float] = []
    async with arrivals() as server, Programs.running() as programs:
        for number in range(plan.executor_starts):
            env = {
                "WEGENT_BACKEND_URL": server.url, "WEGENT_TOKEN": "t", "WEGENT_HOME": str(programs.path("home")),
            }  # fmt: skip
            began = time.monotonic()
            argv = (sys.executable, "-P", "-m", "executor.main")
            program = await programs.start(*argv, name=f"executor-{number}", env=env)
            async with time_limit(PATIENCE):
                seconds.append(await server.registered.get() - began)
            spent.append(sum(psutil.Process(program.pid).cpu_times()[:2]))
            if number < plan.executor_starts - 1:
                await program.end()
        await asyncio.sleep(2 * HEARTBEAT_SECONDS)
        meter = CpuMeter([program.pid])
        await asyncio.sleep(plan.idle_seconds)
        used = meter.read()
        return Executor(
            starts=len(seconds),
            seconds_to_registered=statistics.median(seconds),
            worst_seconds=max(seconds),
            cpu_seconds=statistics.median(spent),
            resident_bytes=resident_bytes(program.pid),
            cpu_share=used.cpu[0] / used.seconds,
        )
