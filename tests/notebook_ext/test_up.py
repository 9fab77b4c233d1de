"""`%wegent up`: an executor beside a real kernel, against the real stack."""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from support.kernel import CellRun, Kernel, running_kernel
from support.processes import Programs, eventually
from support.stack import Stack, StackUser
from support.terminal import wegent

from wegent.control.client import ControlClient, NotRunningError

LOAD = "get_ipython().extension_manager.load_extension('notebook_ext');\n"
STATE = "__import__('notebook_ext.local_executor', fromlist=['_'])._executor.keeper.state"
DEVICE = "jupyter"


class Notebook:
    """A kernel on a computer whose executors have ``home``."""

    def __init__(self, kernel: Kernel, home: Path) -> None:
        self.kernel = kernel
        self.home = home

    async def up(self, *argv: str) -> CellRun:
        """Run the cell; it must not fail."""
        run = await self.types("up", *argv)
        assert run.error is None, run.error
        return run

    async def down(self, *argv: str) -> CellRun:
        """Run the cell, which may fail."""
        return await self.types("down", *argv)

    async def types(self, *words: str) -> CellRun:
        """Run ``%wegent`` with these words to its end, which may be an error."""
        return await self.kernel.run(f"{LOAD}%wegent {shlex.join(words)}")

    def executor(self) -> psutil.Process | None:
        """The executor that answers in the home."""
        with contextlib.suppress(NotRunningError, OSError), ControlClient.open(self.home) as client:
            status = client.ask("status").status
            return psutil.Process(status.pid) if status is not None else None
        return None

    async def running(self) -> psutil.Process:
        """Wait until there is one."""
        found = await eventually(self.executor, 30, "an executor answers")
        assert found is not None
        return found

    async def kernel_pid(self) -> int:
        return int(await self.kernel.value("__import__('os').getpid()"))


class Computer:
    """Where notebooks are opened: one home, and the login of one user."""

    def __init__(self, programs: Programs, stack: Stack, user: StackUser, home: Path) -> None:
        self.programs = programs
        self.stack = stack
        self.user = user
        self.home = home
        self._opened = contextlib.AsyncExitStack()

    async def open(self, **env: str) -> Notebook:
        """Start a kernel."""
        environ = self.programs.environment(
            **self.stack.executor_environment(self.user, self.home), **{"LANG": "C.UTF-8"}
        )
        environ = {name: value for name, value in (environ | env).items() if value}
        folder = self.programs.folder / "notebooks"
        folder.mkdir(exist_ok=True)
        (folder / "executor.py").write_text("raise RuntimeError('this is the user s own')")
        kernel = await self._opened.enter_async_context(running_kernel(environ, str(folder)))
        return Notebook(kernel, self.home)

    async def close(self) -> None:
        await self._opened.aclose()

    async def status(self) -> str:
        """How the device is on the server."""
        status, body = await self.stack.call(self.user, "GET", f"/devices/{DEVICE}")
        return str(body["status"]) if status == 200 else "unknown"

    async def is_offline(self) -> bool:
        return await self.status() == "offline"


@pytest.fixture
async def computer(programs: Programs, stack: Stack) -> AsyncIterator[Computer]:
    # A short name: a long one can hold no socket.
    with tempfile.TemporaryDirectory(prefix="wegent-") as folder:
        home = Path(folder)
        (home / "device_id").write_text(DEVICE)
        computer = Computer(programs, stack, await stack.user(), home)
        yield computer
        await computer.close()


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_up_makes_this_jupyter_a_device_until_down(computer: Computer, stack: Stack) -> None:
    notebook = await computer.open()
    run = await notebook.up("--name", "My notebook", "--slots", "2", "--label", "gpu=yes")
    assert "My notebook" in run.html and "My notebook: online" in run.plain and not run.stderr
    assert any("application/vnd.jupyter.widget-view+json" in bundle for bundle in run.bundles)
    device = await stack.get(computer.user, f"/devices/{DEVICE}")
    assert (device["name"], device["status"], device["slots"]["total"]) == ("My notebook", "online", 2)
    assert device["labels"] == {"gpu": "yes"}
    assert {"Notebook", "Python"} <= set(device["shells"]) and "Command" not in device["shells"]
    executor = await notebook.running()
    assert computer.user.token not in " ".join(executor.cmdline())

    # A task that is sent from a terminal runs here, in this Python, without a question.
    env = {"PATH": os.environ["PATH"], "HOME": str(computer.home), "LANG": "C.UTF-8"}
    env |= {"WEGENT_BACKEND_URL": stack.url, "WEGENT_TOKEN": computer.user.token}
    words = wegent("run", "--device", "My notebook", "--shell", "Python", "import sys; print(sys.executable)")
    sent = await asyncio.create_subprocess_exec(*words, env=env, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(sent.communicate(), 60)
    assert sent.returncode == 0 and said.decode().strip() == sys.executable

    # While the kernel is busy for longer than the online TTL, heartbeats go on.
    busy = await notebook.kernel.begin(
        "import time\nend = time.time() + 4\nwhile time.time() < end: pass\ntime.time()"
    )
    while not busy.is_idle:
        assert await computer.status() == "online"
        await asyncio.sleep(0.2)

    # Up again: the same. An interrupt of a cell does not reach it.
    await notebook.up()
    sleeping = await notebook.kernel.begin("print('begun', flush=True); time.sleep(60)")
    await eventually(lambda: "begun" in sleeping.stdout)
    await notebook.kernel.interrupt(sleeping)
    assert (await notebook.kernel.ended(sleeping)).error is not None
    assert notebook.executor() == executor

    # What runs is shown while it runs, and stopped by down, which says so.
    task = await stack.send(
        computer.user, "# A long one\nimport time; time.sleep(60)", device_id=DEVICE, shell="Python"
    )

    async def shows_the_task() -> bool:
        return "A long one" in (await notebook.up()).plain

    await eventually(shows_the_task, 30)
    down = await notebook.down()
    assert down.error is None and "(1)" in down.stdout and "It has ended" in down.stdout
    assert is_gone(executor) and await computer.status() == "offline"
    assert (await stack.settled(computer.user, task["subtask_id"]))["state"] == "failed"
    assert "No executor" in (await notebook.down()).stdout
    assert "stopped" in run.plain and not any("widget-view" in name for bundle in run.bundles for name in bundle)


async def test_one_computer_runs_one_executor_whoever_starts_it(computer: Computer, stack: Stack) -> None:
    first, second = await asyncio.gather(computer.open(), computer.open())
    # Two at once: exactly one starts, and both show it.
    runs = await asyncio.gather(first.up(), second.up())
    texts = [run.plain for run in runs]
    executor = await first.running()
    owner = executor.ppid()
    pids = [await first.kernel_pid(), await second.kernel_pid()]
    assert owner in pids
    mine, other = (first, second) if owner == pids[0] else (second, first)
    shown = await other.up()
    assert f"another notebook (process {owner})" in shown.plain, (texts, shown.plain)
    refused = await other.down()
    assert refused.error is None and "not this notebook's" in refused.stderr
    assert mine.executor() == executor

    # Killed, its kernel takes it along; then the other one can.
    os.kill(owner, signal.SIGKILL)
    await eventually(lambda: is_gone(executor), 30, "the executor has ended")
    await eventually(computer.is_offline, 10, "the device is offline")

    async def is_over() -> bool:
        return "stopped" in await other.kernel.value(STATE)

    await eventually(is_over)
    await other.up()
    successor = await other.running()
    assert successor.ppid() in pids and successor.pid != executor.pid

    # A restart of the kernel is an end, too; the new one's first cell may come before the old executor is gone.
    await other.kernel.restart()
    await other.up()
    assert is_gone(successor) and (await other.running()).ppid() == await other.kernel_pid()


async def test_what_ends_is_started_again_and_what_cannot_run_says_why(computer: Computer, stack: Stack) -> None:
    notebook = await computer.open(WEGENT_TOKEN="")
    run = await notebook.types("up")
    assert "%wegent login" in run.stderr and "Traceback" not in run.stderr + str(run.error)
    assert "%wegent login" in run.plain
    await notebook.kernel.run(f"import os; os.environ['WEGENT_TOKEN'] = {computer.user.token!r}")
    wrong = await notebook.types("up", "--slots", "many")
    assert "--slots cannot be 'many'" in wrong.stderr
    unknown = await notebook.types("up", "--slos", "1")
    assert "--slos" in unknown.stderr
    secret = await notebook.types("up", "--token", "abc")
    assert "%wegent login" in secret.stderr and "--slots" in (await notebook.up("--help")).stdout

    await notebook.up()
    executor = await notebook.running()
    executor.kill()
    again = await eventually(lambda: (found := notebook.executor()) and found.pid != executor.pid and found, 30)
    await stack.online(computer.user, DEVICE)
    assert "A subtask" not in (await notebook.up("--log")).stdout
    # Who ends it properly, from a terminal, has it ended.
    with ControlClient.open(computer.home) as client:
        client.ask("stop")

    async def has_ended() -> bool:
        return "by_itself" in await notebook.kernel.value(STATE)

    await eventually(has_ended, 30)
    assert is_gone(again)
