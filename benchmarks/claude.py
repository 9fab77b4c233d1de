"""How soon the first word of Claude Code is seen: of the bare CLI, and through server, device and viewer."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import msgspec

from benchmarks.connection import PATIENCE, BrokenError
from benchmarks.model import WORD, answering
from benchmarks.plan import Plan
from benchmarks.programs import Program, Programs
from benchmarks.results import FirstWords, Spread
from benchmarks.servers import LOOK_SECONDS, Site, start_api
from wegent import AsyncClient
from wegent.protocol.output_events import Text
from wegent.protocol.resources import Device
from wegent.protocol.time_limit import time_limit

SETTLE_SECONDS = 3.0
"""After a turn, in which the device prepares for the next one."""
FLAGS = (
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--include-partial-messages",
    "--verbose",
)
PROMPT = {"type": "user", "message": {"role": "user", "content": "hi"}, "parent_tool_use_id": None}


class Times(msgspec.Struct):
    """Nanoseconds from sending to the first word, of each repetition."""

    bare_cold: list[int] = []
    bare_warm: list[int] = []
    cold: list[int] = []
    warm: list[int] = []
    spare: list[int] = []


async def measure_claude(plan: Plan) -> FirstWords:
    """Measure ``plan.claude_turns`` times, each time bare and through Wegent, cold and warm."""
    times = Times()
    async with answering() as model, Programs.running() as programs:
        site = await start_api(programs)
        env = _environment(programs, model)
        for _ in range(plan.claude_turns):
            await _bare(programs, env, times)
            await _through(programs, site, env, times)
    return FirstWords(**{name: Spread.of(getattr(times, name)) for name in Times.__struct_fields__})


def _environment(programs: Programs, model: str) -> dict[str, str]:
    home = programs.path("home")
    home.mkdir()
    return {
        "ANTHROPIC_BASE_URL": model,
        "ANTHROPIC_API_KEY": "bench",
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "HOME": str(home),
        "IS_SANDBOX": "1",
    }


async def _bare(programs: Programs, env: Mapping[str, str], times: Times) -> None:
    """Start the CLI with a message that waits for it; then say another one to it."""
    began = time.monotonic_ns()
    program = await programs.start(_cli(), *FLAGS, env=env, is_spoken_to=True)
    for found in (times.bare_cold, times.bare_warm):
        await program.tell(msgspec.json.encode(PROMPT))
        await _until(program, "text_delta")
        found.append(time.monotonic_ns() - began)
        await _until(program, '"type":"result"')
        began = time.monotonic_ns()
    await program.end()


async def _until(program: Program, words: str) -> None:
    while words not in await program.line():
        pass


def _cli() -> str:
    """Return the CLI that the SDK's wheel carries, else the one on PATH."""
    found = find_spec("claude_agent_sdk")
    bundled = Path(found.origin).parent / "_bundled/claude" if found and found.origin else None
    if bundled is not None and bundled.is_file():
        return str(bundled)
    path = shutil.which("claude")
    if path is None:
        raise BrokenError("there is no Claude CLI: pip install 'wegent[executor]'")
    return path


async def _through(programs: Programs, site: Site, env: Mapping[str, str], times: Times) -> None:
    """A first turn on an executor that has just started, the next one of its task, and one of another task."""
    async with _device(programs, site, env) as client:
        began = time.monotonic_ns()
        task = await client.run("hi", shell="ClaudeCode")
        times.cold.append(await _first_word(task.stream(), began))
        await task.result(PATIENCE)
        await asyncio.sleep(SETTLE_SECONDS)
        began = time.monotonic_ns()
        further = await task.ask("hi")
        times.warm.append(await _first_word(further.stream(), began))
        await further.result(PATIENCE)
        began = time.monotonic_ns()
        other = await client.run("hi", shell="ClaudeCode")
        times.spare.append(await _first_word(other.stream(), began))
        await other.result(PATIENCE)


@asynccontextmanager
async def _device(programs: Programs, site: Site, env: Mapping[str, str]) -> AsyncIterator[AsyncClient]:
    """Start an executor with a home of its own; give a client of its owner, once it is the default device."""
    login = {"WEGENT_BACKEND_URL": site.urls[0], "WEGENT_TOKEN": site.tokens[0]}
    home = {"WEGENT_HOME": str(programs.path("executor"))}
    program = await programs.module("executor", "--shell", "ClaudeCode", env={**env, **login, **home})
    try:
        async with AsyncClient(site.urls[0], site.tokens[0]) as client, time_limit(PATIENCE * 4):
            await client.set_default(await _becomes(client, "online"))
            yield client
            await program.end()
            await _becomes(client, "offline")
    finally:
        await program.end()


async def _becomes(client: AsyncClient, status: str) -> Device:
    while True:
        for device in await client.devices:
            if device.status == status:
                return device
        await asyncio.sleep(LOOK_SECONDS)


async def _first_word(stream: AsyncIterator[object], began: int) -> int:
    async for event in stream:
        if isinstance(event, Text):
            if WORD not in event.text:
                raise BrokenError(f"Claude said {event.text!r}")
            return time.monotonic_ns() - began
    raise BrokenError("a turn of Claude Code ended without a word")
