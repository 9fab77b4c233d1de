"""kill -9 the executor in mid-task and start it again: no orphan, a clear end, and all output until then."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.gated_command import GatedCommand
from support.marked import marked
from support.persistent_viewer import watching
from support.processes import Program, Programs, eventually
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack

STUBBORN = """
import os, signal, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    os.fork()
print("up", flush=True)
time.sleep(600)
"""
"""Four processes in two sessions, none of which ends when it is asked to."""


@pytest.fixture
async def stack(programs: Programs, redis_server: RedisServer, sqlite_url: str) -> AsyncIterator[Stack]:
    """A restart that takes its time on a loaded machine makes nobody lost."""
    environ = {"WEGENT_ONLINE_TTL_SECONDS": "30"}
    async with running_stack(programs, redis_server, sqlite_url, environ=environ) as running:
        yield running


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[StackUser]:
    yield await stack.user()


async def send(stack: Stack, user: StackUser, prompt: str) -> str:
    sent = await stack.send(user, prompt, device_id="executor", shell="Command", wait=True)
    return str(sent["subtask_id"])


def on_disk(stack: Stack, subtask_id: str) -> str:
    """What the executor has written down of a subtask's output."""
    outboxes = stack.programs.root / "executors" / "executor" / "outbox"
    names = outboxes.glob("*/meta.json")
    (outbox,) = [name.parent for name in names if f'"{subtask_id}"' in name.read_text()]
    return "".join(path.read_text() for path in sorted(outbox.glob("*.jsonl")))


async def restart(stack: Stack, user: StackUser) -> Program:
    return await stack.start_executor(user, "executor", "--slots", "2")


async def test_killed_with_unsent_output_a_stubborn_tree_and_three_queued(
    stack: Stack, user: StackUser, tmp_path: Path
) -> None:
    (api,) = stack.apis
    executor = await restart(stack, user)
    command = GatedCommand(tmp_path / "gates", stages=3, lines=500)
    command.open(0)
    talking = await send(stack, user, command.prompt)
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    stubborn = await send(stack, user, f"{sys.executable} {tmp_path}/stubborn.py")
    queued = [await send(stack, user, f"echo {number} >> {tmp_path}/order") for number in range(3)]
    async with (
        watching(stack, user, talking, api.url) as watched,
        watching(stack, user, stubborn, api.url) as beside,
    ):
        await watched.until(lambda viewer: viewer.text() == command.output(1))
        await beside.until(lambda viewer: viewer.text() == "up\n" * 3)
        # From here on the server hears nothing more of it.
        stack.proxy.stall()
        command.open(1)
        await eventually(lambda: '999 \\n"' in on_disk(stack, talking))
        executor.kill()
        assert len(marked(stubborn)) == 4, "a crash alone ends nobody"
        assert marked(talking)
        stack.proxy.cut()
        stack.proxy.resume()
        await restart(stack, user)
        for each in (watched, beside):
            done = await each.end()
            assert done.state == "failed" and done.error is not None
            assert done.error.code == "executor_restarted" and done.error.hint
        assert watched.viewer.text() == command.output(2), "all that it had written, and nothing after"
        assert beside.viewer.text() == "up\n" * 3
        assert not marked(talking) and not marked(stubborn)
    for subtask_id in queued:
        assert (await stack.settled(user, subtask_id))["state"] == "completed"
    assert sorted((tmp_path / "order").read_text().split()) == ["0", "1", "2"]
    assert command.times_begun == 1


async def test_killed_again_and_again_while_it_recovers(stack: Stack, user: StackUser, tmp_path: Path) -> None:
    """Whatever moment of the recovery a crash hits, the next start finishes it."""
    executor = await restart(stack, user)
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    stubborn = await send(stack, user, f"{sys.executable} {tmp_path}/stubborn.py")
    async with watching(stack, user, stubborn) as watched:
        await watched.until(lambda viewer: viewer.text() == "up\n" * 3)
        executor.kill()
        home = stack.programs.root / "executors" / "executor"
        environ = stack.executor_environment(user, home)
        for seconds in (0.2, 0.5, 0.8, 1.0, 1.2):
            crashing = stack.programs.module("executor.main", "--shell", "Command", name="executor", env=environ)
            await asyncio.sleep(seconds)
            crashing.kill()
        await restart(stack, user)
        done = await watched.end()
        assert done.error is not None and done.error.code == "executor_restarted"
        assert watched.viewer.text() == "up\n" * 3
    assert not marked(stubborn)
    after = await send(stack, user, "true")
    assert (await stack.settled(user, after))["state"] == "completed"
