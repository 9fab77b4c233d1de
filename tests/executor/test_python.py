"""The shell ``Python``: a real kernel that a task keeps between its turns, and how it is lost."""

from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from support import marked
from support.processes import Program, Programs, eventually
from support.scripted_backend import Record, ScriptedBackend

from wegent.protocol.close_codes import CloseCode
from wegent.protocol.device_messages import Complete
from wegent.protocol.output_events import Cell, CellOutput, Notice

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def start(start_executor) -> Any:
    def start(*flags: str, **env: str) -> Program:
        return start_executor("--shell", "Python", *flags, **env)

    return start


class Task:
    """A task whose turns go to one device."""

    def __init__(self, backend: ScriptedBackend, id: str) -> None:
        self._backend = backend
        self._id = id
        self._turns = 0

    async def begin(self, code: str, **fields: Any) -> Record:
        """Offer the next turn."""
        self._turns += 1
        return await self._backend.offer(
            f"{self._id}-{self._turns}", code, shell="Python", task_id=self._id, **fields
        )

    async def run(self, code: str, **fields: Any) -> tuple[Record, Complete]:
        """Run the next turn to its end."""
        record = await self.begin(code, **fields)
        return record, await record.ended(60)


@pytest.fixture
def task(backend: ScriptedBackend) -> Task:
    return Task(backend, "conversation")


def printed(record: Record) -> str:
    """Return what the code wrote, or its last expression as text."""
    outputs = [event.output for event in record.events if isinstance(event, CellOutput)]
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def notices(record: Record) -> str:
    return "\n".join(event.text for event in record.events if isinstance(event, Notice))


def kept(task: str = "conversation") -> list[psutil.Process]:
    """Return the processes that are kept for a task."""
    return marked.kept(f"kernel {task} ")


async def test_a_task_keeps_its_kernel_and_each_turn_has_its_own_place(
    backend: ScriptedBackend, start, task: Task, tmp_path: Path
) -> None:
    start("--workspace", str(tmp_path), WEGENT_SECRET_KEY="hidden")
    record, end = await task.run("x = 20\nprint('hi')\nx + 1")
    assert (end.status, end.result) == ("completed", {"kernel": "python3", "execution_count": 1})
    assert record.events[0] == Cell(1, 1)
    outputs = [event.output for event in record.events if isinstance(event, CellOutput)]
    assert outputs[0] == {"output_type": "stream", "name": "stdout", "text": "hi\n"}
    assert outputs[1]["output_type"] == "execute_result"
    assert outputs[1]["data"] == {"text/plain": "21"}
    look = "import os; print(x, os.getcwd(), os.environ.get('COLOR'), os.environ['WEGENT_SUBTASK_ID'])"
    record, end = await task.run(look, options={"workdir": str(tmp_path), "env": {"COLOR": "teal"}})
    assert printed(record) == f"20 {tmp_path} teal conversation-2\n"
    record, end = await task.run(look + "\nprint(sorted(n for n in os.environ if 'TOKEN' in n or 'SECRET' in n))")
    assert printed(record).startswith("20 ") and " None conversation-3\n[]\n" in printed(record)
    assert "workspace/conversation" in printed(record)
    record, end = await Task(backend, "other").run("x")
    assert end.error and end.error.message == "NameError: name 'x' is not defined"
    assert end.result and (end.result["ename"], end.result["kernel"]) == ("NameError", "python3")
    record, end = await task.run("input()")
    assert end.error and "nobody can type here" in end.error.message


async def test_a_stop_leaves_the_state_and_what_a_turn_started_ends_with_it(
    backend: ScriptedBackend, start, task: Task
) -> None:
    start()
    await task.run("x = 7")
    record = await task.begin("import subprocess, time\nprint('up', flush=True)\ntime.sleep(600)")
    await record.until(lambda record: printed(record) == "up\n", 60)
    await backend.cancel(record)
    assert (await record.ended(30)).status == "cancelled"
    record, _ = await task.run(
        "import subprocess\np = subprocess.Popen(['sleep', '600'])\n"
        "q = subprocess.Popen(['sleep', '600'], env={}, start_new_session=True)\nprint(x, p.pid, q.pid)"
    )
    x, *started = map(int, printed(record).split())
    assert x == 7, "the state is there"
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in started)
    record, end = await task.run("x")
    assert (end.status, printed(record)) == ("completed", "7")
    # One that ignores the interrupt is killed, and the next turn says what that cost.
    stubborn = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    record = await task.begin(stubborn)
    await record.until(lambda record: printed(record) == "up\n", 60)
    await backend.cancel(record)
    assert (await record.ended(30)).status == "cancelled"
    assert not kept()
    record, end = await task.run("'x' in globals()")
    assert printed(record) == "False"
    assert "the former one's state was lost, since it had to be killed" in notices(record)


async def test_a_kernel_that_dies_is_told_of_and_replaced(backend: ScriptedBackend, start, task: Task) -> None:
    start()
    _, end = await task.run("import os\nx = 1\nos._exit(9)")
    assert (end.status, end.error and end.error.code) == ("failed", "shell_failed")
    assert end.error and end.error.message == "The kernel died with exit code 9."
    record, end = await task.run("'x' in globals()")
    assert (end.status, printed(record)) == ("completed", "False")
    assert "The kernel had died with exit code 9." in notices(record)
    _, end = await task.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert end.error and "SIGKILL; the computer may have run out of memory" in end.error.message
    for process in kept():
        process.kill()
    await eventually(lambda: not kept(), 20, "it has ended")
    record, end = await task.run("1")
    assert (end.status, printed(record)) == ("completed", "1"), end.error
    assert "its process had died" in notices(record)


async def test_kernels_that_rest_are_few_and_end_after_a_while(backend: ScriptedBackend, start) -> None:
    program = start("--kept", "2")
    first, second, third = (Task(backend, name) for name in ("a", "b", "c"))
    await first.run("x = 1")
    await second.run("x = 2")
    await first.run("x")
    await third.run("x = 3")
    await eventually(lambda: not kept("b"), 20, "the one used least recently is gone")
    record, _ = await second.run("'x' in globals()")
    assert (printed(record), "no more are kept at a time" in notices(record)) == ("False", True)
    await program.stop()
    start("--kept-seconds", "1.5")
    await backend.connected(2)
    await third.run("x = 3")
    assert kept("c")
    await eventually(lambda: not kept("c"), 30, "it has ended")
    record, _ = await third.run("'x' in globals()")
    assert "nothing was asked of it for 1.5 seconds" in notices(record)


async def test_no_kernel_outlives_its_executor(
    backend: ScriptedBackend, start, task: Task, programs: Programs
) -> None:
    program = start()
    await task.run("x = 1")
    assert len(kept()) == 2, "the host and the kernel"
    program.kill()
    start()
    await backend.connected(2)
    assert not kept()
    record, _ = await task.run("x = 2")
    assert "since the executor was restarted" in notices(record)
    await backend.close(CloseCode.DEVICE_DELETED)
    await eventually(lambda: not kept(), 20, "a deleted device keeps nothing")
    await backend.connected(3)
    record, _ = await task.run("x = 3")
    assert "since the device was deleted" in notices(record)
    (entry,) = (programs.folder / "home/.wegent-executor/kept").iterdir()
    assert msgspec.json.decode(entry.read_bytes())["leader"]


async def test_stopping_the_executor_ends_what_it_keeps(start, task: Task) -> None:
    program = start()
    await task.run("x = 1")
    assert kept()
    assert await program.stop() == 0
    assert not kept()
