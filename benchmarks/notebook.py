"""What Wegent costs a notebook's kernel: imports, loading the extension, and a task that streams into a live view.

``python -m benchmarks.notebook`` prints CPU milliseconds and modules of fresh processes, and for a stream of 2,000
events/s the kernel's CPU per event, the widgets' messages per second and their size.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from rich.console import Console
from rich.table import Table

from wegent.protocol.chat_messages import Done
from wegent.protocol.codec import chunk_frame, decode_frame, encode
from wegent.protocol.output_events import Stream, encode_event
from wegent.protocol.resources import Subtask
from wegent.protocol.states import State
from wegent.protocol.time_limit import time_limit

ROUNDS = 5
RATE = 2000
SECONDS = 10
FRAMES_PER_SECOND = 50
PATIENCE = 60.0
NOW = "2025-01-01T00:00:00Z"
SHELL = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
STARTS = {
    "bare Python": "pass",
    "import wegent": "import wegent",
    "import wegent, and a client's class": "import wegent; wegent.Client",
    "import ipywidgets": "import ipywidgets",
    "an IPython shell": SHELL,
    "an IPython shell, %load_ext notebook_ext": f"{SHELL}; s.run_line_magic('load_ext', 'notebook_ext')",
}
BEGIN = "import time, wegent; task = wegent.Client().task('s1'); began = time.process_time()"
ENDS = {
    "read without a view": "n = sum(1 for _ in task.stream())",
    "shown in a TaskView": (
        "from notebook_ext.views.task_view import TaskView\nbegan = time.process_time()\nview = TaskView(task); "
        "view.show(); view._following.result()"
    ),
}
"""What a cell does with the task; each ends when the task has ended."""


def measure_start(code: str) -> tuple[float, int]:
    """Return the CPU milliseconds of the best of some fresh processes, and how many modules they import."""
    best, modules = float("inf"), 0
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", f"{code}; import sys; print(len(sys.modules))"],
            stdout=subprocess.PIPE,
            check=True,
            env={**os.environ, "IPYTHONDIR": tempfile.gettempdir()},
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best, modules = min(best, used * 1000), int(done.stdout.split()[-1])
    return best, modules


class Narrator:
    """A server that knows one task, which says ``RATE`` lines a second; its own time counts for nothing."""

    def __init__(self) -> None:
        self._is_over = False

    def subtask(self) -> Subtask:
        """Return how the task stands."""
        return Subtask(
            subtask_id="s1",
            task_id="t1",
            state=State.COMPLETED if self._is_over else State.RUNNING,
            attempt=1,
            device_id="d1",
            shell="Command",
            prompt="talk",
            queue_position=None,
            seq=0,
            error=None,
            result=None,
            created_at=NOW,
            started_at=NOW,
            ended_at=NOW if self._is_over else None,
        )

    async def show(self, request: web.Request) -> web.Response:
        """Answer ``GET /subtasks/s1``."""
        return web.Response(body=msgspec.json.encode(self.subtask()), content_type="application/json")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve the viewer's socket: whoever subscribes is told everything, from now on."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        telling: list[asyncio.Task[None]] = []
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frame = decode_frame(message.data)
                answer: dict[str, Any] = {"state": "running"} if frame.event == "chat:subscribe" else {}
                await socket.send_str(encode("ack", answer, frame.ref).decode())
                if frame.event == "chat:subscribe":
                    telling.append(asyncio.create_task(self._tell(socket)))
        for each in telling:
            each.cancel()
        return socket

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        loop, seq = asyncio.get_running_loop(), 0
        began = loop.time()
        for frame in range(1, SECONDS * FRAMES_PER_SECOND + 1):
            events = [encode_event(Stream("stdout", f"line {seq + n} of what it says\n")) for n in range(_AT_ONCE)]
            await socket.send_str(chunk_frame("s1", seq + 1, b"[" + b",".join(events) + b"]").decode())
            seq += len(events)
            await asyncio.sleep(max(began + frame / FRAMES_PER_SECOND - loop.time(), 0))
        self._is_over = True
        await socket.send_str(encode("chat:done", Done("s1", seq, State.COMPLETED)).decode())


_AT_ONCE = RATE // FRAMES_PER_SECOND


@asynccontextmanager
async def _served() -> AsyncIterator[str]:
    narrator = Narrator()
    app = web.Application()
    app.add_routes([web.get("/subtasks/{id}", narrator.show), web.get("/ws/chat", narrator.serve)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def _kernel(env: Mapping[str, str]) -> AsyncIterator[AsyncKernelClient]:
    manager = AsyncKernelManager()
    await manager.start_kernel(env={**os.environ, **env}, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(PATIENCE)
        yield client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def measure_stream(follow: str) -> tuple[float, int, int]:
    """Return the kernel's CPU seconds for the whole stream, and how many widget messages of how many bytes."""
    with tempfile.TemporaryDirectory() as home:
        async with _served() as url:
            env = {"WEGENT_BACKEND_URL": url, "WEGENT_TOKEN": "bench", "WEGENT_HOME": home, "IPYTHONDIR": home}
            async with _kernel(env) as kernel:
                return await _run(kernel, f"{BEGIN}\n{follow}\nprint('CPU', time.process_time() - began)")


async def _run(kernel: AsyncKernelClient, code: str) -> tuple[float, int, int]:
    seconds, messages, size = 0.0, 0, 0
    request = kernel.execute(code)
    async with time_limit(PATIENCE):
        while True:
            message = await kernel.get_iopub_msg()
            content = message["content"]
            if message["msg_type"] == "comm_msg":
                messages, size = messages + 1, size + len(msgspec.json.encode(content["data"]))
            elif message["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            elif message["msg_type"] == "stream" and content["text"].startswith("CPU"):
                seconds = float(content["text"].split()[1])
            elif message["parent_header"].get("msg_id") == request and content.get("execution_state") == "idle":
                return seconds, messages, size


async def main() -> None:
    """Measure and print."""
    console = Console(width=120)
    table = Table("fresh process", "CPU ms", "x bare Python", "modules", title="imports")
    bare = 0.0
    for name, code in STARTS.items():
        used, modules = measure_start(code)
        bare = bare or used
        table.add_row(name, f"{used:.0f}", f"{used / bare:.1f}", str(modules))
    console.print(table)
    columns = ("kernel", "CPU µs an event", "of one core", "messages/s", "bytes a message")
    table = Table(*columns, title=f"{RATE} events/s")
    for name, follow in ENDS.items():
        used, messages, size = await measure_stream(follow)
        share = used / SECONDS
        table.add_row(
            name,
            f"{used * 1e6 / (RATE * SECONDS):.1f}",
            f"{share:.1%}",
            f"{messages / SECONDS:.1f}",
            f"{size / messages:,.0f}" if messages else "",
        )
    console.print(table)


if __name__ == "__main__":
    asyncio.run(main())
