"""Children that fork away, drop their environment and hold the pipes: nothing of a subtask outlives its end."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.marked import marked
from support.processes import eventually
from support.scripted_backend import ScriptedBackend

DAEMON = """
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.chdir('/')
stay = f"import os, time; open('{sys.argv[1]}', 'w').write(str(os.getpid())); time.sleep(600)"
os.execve(sys.executable, [sys.executable, '-S', '-c', stay], {})
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a brand on")


class Daemon:
    """A daemon of the old school: it writes its process id down once nothing shows where it came from."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "daemon.pid"
        (folder / "daemon.py").write_text(DAEMON)
        self.command = f"nohup {sys.executable} -S {folder}/daemon.py {self._file}"

    async def up(self) -> psutil.Process:
        pid = await eventually(lambda: self._file.exists() and self._file.read_text())
        return psutil.Process(int(pid))


@pytest.fixture
async def daemon(tmp_path: Path):
    yield (made := Daemon(tmp_path))
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        psutil.Process(int(made._file.read_text())).kill()


@pytest.mark.parametrize("end", ["completed", "cancelled", "timed out", "executor killed"])
async def test_a_daemon_ends_with_its_subtask(
    backend: ScriptedBackend, start_executor, daemon: Daemon, end: str, tmp_path: Path
) -> None:
    program = start_executor()
    gate = tmp_path / "gate"
    stay = f"while [ ! -e {gate} ]; do sleep 0.05; done; exit 3"
    fields = {"timeout_seconds": 3} if end == "timed out" else {}
    record = await backend.offer("one", f"{daemon.command}; {stay}", **fields)
    process = await daemon.up()
    assert not process.environ()
    assert process.ppid() == program.pid, "its parents are gone"
    assert os.getpgid(process.pid) != os.getpgid(program.pid)
    if end == "completed":
        gate.touch()
    elif end == "cancelled":
        await backend.cancel(record)
    elif end == "executor killed":
        program.kill()
        assert process.is_running()
        start_executor()
    reported = await record.ended()
    assert (reported.error and reported.error.code) == {
        "completed": "shell_failed",
        "cancelled": None,
        "timed out": "timed_out",
        "executor killed": "executor_restarted",
    }[end]
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not marked("one")


async def test_a_daemon_of_another_subtask_is_left_alone(
    backend: ScriptedBackend, start_executor, daemon: Daemon
) -> None:
    start_executor()
    record = await backend.offer("one", f"{daemon.command}; sleep 60")
    process = await daemon.up()
    other = await backend.offer("two", "true")
    await other.ended()
    assert process.is_running()
    await backend.cancel(record)
    await record.ended()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_what_tasks_compute_yields_to_everything_else(backend: ScriptedBackend, start_executor) -> None:
    program = start_executor()
    record = await backend.offer("one", "nice")
    await record.ended()
    assert int(record.text()) == psutil.Process(program.pid).nice() + 5
