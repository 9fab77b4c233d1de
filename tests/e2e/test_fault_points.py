"""Killed exactly there: between a commit and its answer, and around what the executor does in between.

Each subtask leaves one line in a file for each time it was begun: that is how often it really ran.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from support.persistent_viewer import Watching, watching
from support.processes import Program, Programs, eventually
from support.redis import RedisServer
from support.stack import ApiProcess, Stack, StackUser, running_stack

from wegent.protocol.chat_messages import CancelSubtask


class Scene:
    """One executor on one API process, which has a fault point, a second API process without, and a viewer."""

    def __init__(self, stack: Stack, user: StackUser, ledger: Path, executor: Program) -> None:
        self.stack = stack
        self.user = user
        self.ledger = ledger
        self.executor = executor

    @property
    def faulty(self) -> ApiProcess:
        """The process that dies."""
        return self.stack.apis[0]

    @property
    def healthy(self) -> ApiProcess:
        """The one that viewers use."""
        return self.stack.apis[1]

    @property
    def times_begun(self) -> int:
        """How often the command was begun."""
        return len(self.ledger.read_text().splitlines()) if self.ledger.exists() else 0

    async def send(self, then: str) -> str:
        """Send a command that leaves its line, says hello and then does ``then``."""
        prompt = f"echo begun >> {self.ledger}; echo hello; {then}"
        status, sent = await self.stack.call(
            self.user,
            "POST",
            "/tasks",
            json={"prompt": prompt, "shell": "Command", "device_id": "executor"},
            url=self.healthy.url,
        )
        assert status == 201, sent
        return str(sent["subtask_id"])

    async def died(self) -> None:
        """Wait until the fault point was reached, and start the process again without it."""
        assert await self.faulty.running.ended() == -9
        await self.faulty.start()

    async def state(self, subtask_id: str) -> str:
        found = await self.stack.get(self.user, f"/subtasks/{subtask_id}", url=self.healthy.url)
        return str(found["state"])


MakeScene = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def make_scene(programs: Programs, redis_server: RedisServer, sqlite_url: str, tmp_path: Path) -> MakeScene:
    """Make a scene whose first API process, or executor, dies at a fault point."""

    @asynccontextmanager
    async def make(api: str = "", executor: str = "") -> AsyncIterator[Scene]:
        # A restart that takes its time on a loaded machine makes nobody lost.
        environ = {"WEGENT_ONLINE_TTL_SECONDS": "30"}
        async with running_stack(programs, redis_server, sqlite_url, apis=0, environ=environ) as stack:
            await stack.start_api(**({"WEGENT_FAULT": api} if api else {}))
            await stack.start_api()
            # The executor is served by the first one alone.
            stack.proxy.targets.remove(stack.apis[1].port)
            user = await stack.user()
            env = {"WEGENT_FAULT": executor} if executor else {}
            program = await stack.start_executor(user, **env)
            yield Scene(stack, user, tmp_path / "ledger", program)

    return make


@asynccontextmanager
async def two_viewers(scene: Scene, subtask_id: str) -> AsyncIterator[list[Watching]]:
    """Watch on the process that dies, and on the one that nobody tells anything."""
    stack, user = scene.stack, scene.user
    async with (
        watching(stack, user, subtask_id, scene.faulty.url) as here,
        watching(stack, user, subtask_id, scene.healthy.url) as there,
    ):
        yield [here, there]


async def ended(scene: Scene, viewers: list[Watching], state: str, output: str, error: str | None = None) -> None:
    """Everybody was told the same, and SQL says it."""
    for watched in viewers:
        done = await watched.end()
        assert done.state == state
        assert (done.error.code if done.error else None) == error
        assert watched.viewer.text() == output
        subtask_id = done.subtask_id
    subtask = await scene.stack.get(scene.user, f"/subtasks/{subtask_id}", url=scene.healthy.url)
    assert (subtask["state"], subtask["attempt"]) == (state, 1)


async def slots_are_free(scene: Scene) -> None:
    """The device, too, knows that it is over: its slot is free and a further command runs."""
    device = await scene.stack.get(scene.user, "/devices/executor", url=scene.healthy.url)
    assert device["slots"]["used"] == 0
    await scene.stack.online(scene.user, "executor")
    subtask_id = await scene.send("true")

    async def is_completed() -> bool:
        return await scene.state(subtask_id) == "completed"

    await eventually(is_completed)
    outboxes = scene.stack.programs.root / "executors" / "executor" / "outbox"
    await eventually(lambda: not list(outboxes.iterdir()), what="the executor keeps nothing of them")


async def test_api_dies_between_the_commit_and_the_answer_of_accept(make_scene: MakeScene) -> None:
    async with make_scene(api="api-accepted") as scene:
        subtask_id = await scene.send("echo done")
        async with two_viewers(scene, subtask_id) as viewers:
            assert await scene.faulty.running.ended() == -9
            # It is running, says SQL; it has not begun, since nobody answered.
            assert (await scene.state(subtask_id), scene.times_begun) == ("running", 0)
            await scene.faulty.start()
            await ended(scene, viewers, "completed", "hello\ndone\n")
        assert scene.times_begun == 1
        await slots_are_free(scene)


async def test_api_dies_between_the_commit_and_the_answer_of_complete(make_scene: MakeScene) -> None:
    async with make_scene(api="api-completed") as scene:
        subtask_id = await scene.send("exit 3")
        async with two_viewers(scene, subtask_id) as viewers:
            await scene.died()
            await ended(scene, viewers, "failed", "hello\n", "shell_failed")
        assert scene.times_begun == 1
        await slots_are_free(scene)


async def test_api_dies_between_settling_and_publishing(make_scene: MakeScene) -> None:
    async with make_scene(api="api-settled") as scene:
        subtask_id = await scene.send("echo done")
        async with two_viewers(scene, subtask_id) as viewers:
            assert await scene.faulty.running.ended() == -9
            # Nobody was poked, and nobody is left to poke: the viewer elsewhere looks by itself.
            await viewers[1].end(2 * scene.stack.settings.timing.reread)
            await scene.faulty.start()
            await ended(scene, viewers, "completed", "hello\ndone\n")
        assert scene.times_begun == 1
        await slots_are_free(scene)


async def test_api_dies_between_the_commit_and_the_answer_of_cancel(make_scene: MakeScene) -> None:
    async with make_scene(api="api-cancelled") as scene:
        subtask_id = await scene.send("sleep 600")
        async with two_viewers(scene, subtask_id) as viewers:
            await viewers[1].until(lambda viewer: viewer.text() == "hello\n")
            async with scene.stack.viewer(scene.user, scene.faulty.url) as viewer:
                await viewer.send("chat:cancel", CancelSubtask(subtask_id), ref=1)
                assert await scene.faulty.running.ended() == -9
            assert await scene.state(subtask_id) == "cancelling"
            await scene.faulty.start()
            await ended(scene, viewers, "cancelled", "hello\n")
        assert scene.times_begun == 1
        await slots_are_free(scene)


async def test_executor_dies_between_accept_and_start(make_scene: MakeScene) -> None:
    async with make_scene(executor="executor-after-accept") as scene:
        subtask_id = await scene.send("echo done")
        async with two_viewers(scene, subtask_id) as viewers:
            assert await scene.executor.ended() == -9
            assert await scene.state(subtask_id) == "running"
            await scene.stack.start_executor(scene.user)
            await ended(scene, viewers, "failed", "", "executor_restarted")
        assert scene.times_begun == 0
        await slots_are_free(scene)


async def test_executor_dies_between_end_and_report(make_scene: MakeScene) -> None:
    async with make_scene(executor="executor-before-report") as scene:
        subtask_id = await scene.send("echo done")
        async with two_viewers(scene, subtask_id) as viewers:
            assert await scene.executor.ended() == -9
            assert await scene.state(subtask_id) == "running"
            await scene.stack.start_executor(scene.user)
            await ended(scene, viewers, "completed", "hello\ndone\n")
        assert scene.times_begun == 1
        await slots_are_free(scene)
