"""A child's whole tree is found and ended, whatever it does to stay."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from support.marked import marked
from support.processes import eventually

from executor.environment import Mark
from executor.processes import tree as processes
from executor.processes.tree import Child, Tree, born, is_same

Starter = Callable[[str], Awaitable[Child]]
IGNORE = "import os, signal, time; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN)\n"


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Starter]:
    """Start Python programs; whatever is left of them at the end is killed."""
    children: list[Child] = []

    async def start_one(program: str) -> Child:
        env = {"PATH": os.environ["PATH"]}
        mark = Mark(str(tmp_path), uuid.uuid4().hex)
        child = await Child.start([sys.executable, "-c", program], cwd=tmp_path, env=env, mark=mark)
        children.append(child)
        return child

    yield start_one
    for child in children:
        await child.tree.end(0)
        child.close()


async def first_line(child: Child) -> str:
    async with asyncio.timeout(20):
        return (await child.stdout.readline()).decode().strip()


async def test_its_end_is_known_although_a_grandchild_holds_the_pipes(start: Starter) -> None:
    child = await start("import subprocess; subprocess.Popen(['sleep', '60']); print('up', flush=True)")
    async with asyncio.timeout(20):
        assert await child.wait() == 0
    assert await child.tree.survivors()
    await child.tree.end(0.2)
    assert not await child.tree.survivors()


async def test_everything_that_ignores_signals_is_killed(start: Starter) -> None:
    program = IGNORE + "os.fork(); os.fork(); print(os.getpid(), flush=True); time.sleep(60)"
    child = await start(program)
    await eventually(lambda: len(marked(child.tree._mark.subtask_id)) == 4)
    child.interrupt()
    assert not await child.wait_within(0.3)
    await child.tree.end(0.3)
    assert not marked(child.tree._mark.subtask_id)


async def test_a_grandchild_in_a_session_of_its_own_is_found(start: Starter) -> None:
    program = IGNORE + "pid = os.fork()\nif not pid: os.setsid()\nprint(os.getpid(), flush=True); time.sleep(60)"
    child = await start(program)
    await eventually(lambda: len(marked(child.tree._mark.subtask_id)) == 2)
    await child.tree.end(0.2)
    assert not marked(child.tree._mark.subtask_id)


async def test_a_grandchild_that_dropped_its_environment_too_is_found_by_descent(start: Starter) -> None:
    hidden = "import time; print('up', flush=True); time.sleep(60)"
    program = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {hidden!r}], env={{}},"
        " start_new_session=True); print(p.pid, flush=True); p.wait()"
    )
    child = await start(program)
    pid = int(await first_line(child))
    assert await first_line(child) == "up"
    assert pid in [process.pid for process in await child.tree.survivors()]
    await child.tree.end(0.2)
    assert born(pid) is None or not await child.tree.survivors()


async def test_others_are_left_alone(start: Starter) -> None:
    mine = await start("import time; time.sleep(60)")
    other = await start("import time; time.sleep(60)")
    await mine.tree.end(0.2)
    assert await other.tree.survivors()


async def test_a_mark_is_enough_to_find_what_a_former_process_left(start: Starter) -> None:
    child = await start("import time; time.sleep(60)")
    tree = Tree(child.tree._mark, None)
    assert [process.pid for process in await tree.survivors()] == [child.pid]
    await tree.end(0.5)
    assert not await tree.survivors()


async def test_another_executor_s_subtask_of_the_same_id_is_left_alone(start: Starter, tmp_path: Path) -> None:
    child = await start("import time; time.sleep(60)")
    other = Tree(Mark(str(tmp_path / "other"), child.tree._mark.subtask_id), None)
    assert not await other.survivors()
    await other.end(0.5)
    assert await child.tree.survivors()


async def test_a_reused_process_id_is_another_process(start: Starter) -> None:
    child = await start("import time; time.sleep(60)")
    found = born(child.pid)
    assert found is not None
    assert is_same(found)
    assert not is_same(found._replace(created=found.created - 100))


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Child.start(["/no/such/program"], cwd=tmp_path, env={}, mark=Mark("", "x"))


async def test_on_windows_a_child_leads_a_group_that_ctrl_break_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asyncio is asked there; the system itself was never seen."""
    asked: dict[str, object] = {}

    class Transport:
        def send_signal(self, number: object) -> None:
            asked["signal"] = number

        def close(self) -> None: ...

        def get_pid(self) -> int:
            return 1

        def get_pipe_transport(self, number: int) -> None: ...

    async def start(factory: Callable[[], object], *argv: str, **options: object) -> tuple[Transport, object]:
        asked.update(options)
        protocol = factory()
        return Transport(), protocol

    monkeypatch.setattr(asyncio.get_running_loop(), "subprocess_exec", start, raising=False)
    monkeypatch.setattr(processes.sys, "platform", "win32")
    monkeypatch.setattr(processes.subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(processes.subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0x4000, raising=False)
    monkeypatch.setattr(processes.signal, "CTRL_BREAK_EVENT", "break", raising=False)
    child = await Child.start(["x"], cwd=tmp_path, env={}, mark=Mark(str(tmp_path), "s"))
    assert asked["creationflags"] == 0x4200 and "start_new_session" not in asked
    child.interrupt()
    assert asked["signal"] == "break"
    assert processes._group_of(os.getpid()) is None  # there are no groups to look for, nor to signal
    processes._signal_group(os.getpid(), 15)
