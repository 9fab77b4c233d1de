"""Nothing lost, doubled or moved: 20,000 numbered lines through everything that can go wrong on their way."""

import itertools
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from support.gated_command import GatedCommand
from support.persistent_viewer import PersistentViewer, Watching, watching
from support.processes import Programs, eventually
from support.redis import RedisServer
from support.stack import Stack, running_stack

LINES = 20_000
STAGES = 40
"""More than there are faults."""
QUICK = {
    "WEGENT_RECONNECT_MAX_SECONDS": "0.3",
    "WEGENT_COALESCE_MS": "2",
    "WEGENT_ONLINE_TTL_SECONDS": "30",
}
Fault = Callable[[], Awaitable[object]]


def faults(stack: Stack, watched: Watching) -> list[Fault]:
    """Kill the API twice, flush Redis, cut it three times, the device and the viewer ten times, in disorder."""
    apis = itertools.cycle(stack.apis)

    async def kill_api() -> None:
        api = next(apis)
        api.kill()
        await api.start()

    async def flush_redis() -> None:
        stack.redis.flush()

    async def cut_redis() -> None:
        stack.redis.cut()

    async def cut_device() -> None:
        # Nobody but the device comes through the proxy.
        await eventually(lambda: stack.proxy.cut() > 0, what="the device was connected")

    async def cut_viewer() -> None:
        await eventually(watched.viewer.cut, what="the viewer was connected")

    chosen: list[Fault] = [kill_api] * 2 + [flush_redis] + [cut_redis] * 3 + [cut_device] * 10 + [cut_viewer] * 10
    random.Random(7).shuffle(chosen)
    return chosen


def has_begun(length: int, viewer: PersistentViewer) -> bool:
    """Whether the viewer was shown more than ``length`` characters."""
    return viewer.characters > length


@pytest.mark.parametrize(("database", "apis"), [("sqlite", 1), ("postgres", 2)])
async def test_twenty_thousand_lines_through_every_fault(
    programs: Programs,
    redis_server: RedisServer,
    request: pytest.FixtureRequest,
    database: str,
    apis: int,
    tmp_path: Path,
) -> None:
    """With two API processes device and viewer are now on one, now on the other."""
    url = request.getfixturevalue(f"{database}_url")
    async with running_stack(programs, redis_server, url, apis=apis, environ=QUICK) as stack:
        urls = [api.url for api in stack.apis]
        user = await stack.user()
        await stack.start_executor(user)
        command = GatedCommand(tmp_path / "gates", stages=STAGES, lines=LINES // STAGES, width=100, pause=0.0001)
        command.open(0)
        sent = await stack.send(user, command.prompt, device_id="executor", shell="Command")
        subtask_id = sent["subtask_id"]
        async with watching(stack, user, subtask_id, *urls) as watched:
            chosen = faults(stack, watched)
            for stage, fault in enumerate(chosen):
                # The next stage is open before this one is disturbed: there are always lines on their way.
                command.open(stage + 1)
                await watched.until(partial(has_begun, len(command.output(stage))))
                await fault()
            for stage in range(len(chosen), STAGES):
                command.open(stage)
            done = await watched.end()
            assert (done.state, done.error) == ("completed", None)
            assert watched.viewer.text() == command.output()
            assert watched.viewer.connections >= 11
        subtask = await stack.get(user, f"/subtasks/{subtask_id}", url=urls[0])
        assert (subtask["state"], subtask["attempt"], subtask["seq"]) == ("completed", 1, done.seq)
        assert await stack.events(user, subtask_id) == watched.viewer.events
        assert command.times_begun == 1
