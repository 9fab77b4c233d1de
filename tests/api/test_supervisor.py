"""`up`'s keeper: children are restarted, ended in order, and never outlive it, however it dies."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from support.processes import Programs, eventually

from api import supervisor
from api.child_log import KEPT, ChildLog
from api.supervisor import Program, StartError, Supervisor, first_of

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
KEEPER = """
import asyncio, os, signal, sys
from pathlib import Path
from api import orphans
from api.supervisor import Program, Supervisor

async def main():
    orphans.adopt()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Supervisor(Path("logs"), print) as supervisor:
        supervisor.start(Program(name="child", argv=(sys.executable, "-c", sys.argv[1]), environ=os.environ))
        await stop.wait()
    print("left over:", orphans.kill())

asyncio.run(main())
"""
DAEMON_MAKER = f"""
import subprocess, sys, time
daemon = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
print(daemon.pid, flush=True)
time.sleep(60)
"""


def python(name: str, code: str, **options: object) -> Program:
    return Program(name=name, argv=(sys.executable, "-c", code), environ=os.environ, **options)  # type: ignore[arg-type]


async def wrote(log: Path, text: str) -> None:
    await eventually(lambda: log.exists() and text in log.read_text(), what=f"{text} in {log}")


async def test_a_child_that_dies_is_started_again_and_that_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    said: list[str] = []
    async with Supervisor(tmp_path, said.append) as children:
        children.has_started = True
        children.start(python("flaky", "print('hello'); raise SystemExit(7)"))
        await eventually(lambda: len(said) >= 3)
    assert said[0] == f"flaky ended with exit code 7; starting it again in 0.01 s (log: {tmp_path / 'flaky.log'})"
    assert "0.02 s" in said[1] and "0.04 s" in said[2]


async def test_a_child_that_dies_while_all_is_started_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, print) as children:
        children.start(python("broken", "raise SystemExit('no such file: x')"))
        with pytest.raises(StartError, match=r"broken ended with exit code 1\n    no such file: x"):
            await children.failure()


async def test_a_program_that_is_not_there_is_a_start_error_not_a_hang(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, print) as children:
        children.start(Program(name="nowhere", argv=("/no/such/program",), environ=os.environ))
        with pytest.raises(StartError, match="nowhere"):
            await children.failure()


async def test_an_exit_code_that_is_final_is_explained_and_not_retried(tmp_path: Path) -> None:
    said: list[str] = []
    async with Supervisor(tmp_path, said.append) as children:
        children.has_started = True
        children.start(python("replaced", "raise SystemExit(4)", final={4: "somebody else took over."}))
        await eventually(lambda: said)
        await eventually(lambda: not children.pids)
    assert said == ["replaced ended with exit code 4: somebody else took over."]


async def test_children_are_ended_in_the_opposite_order(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = "import sys, signal, time; from pathlib import Path\n"
    code += "def end(*_):\n  open(TOLD, 'a').write(NAME); sys.exit(0)\n"
    code += "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    async with Supervisor(tmp_path, print) as children:
        for name in "abc":
            children.start(python(name, f"TOLD = {str(told)!r}; NAME = {name!r}\n{code}"))
        for name in "abc":
            await wrote(tmp_path / f"{name}.log", "up")
    assert told.read_text() == "cba"


async def test_hurry_kills_a_child_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "INSIST_SECONDS", 0.1)
    said: list[str] = []
    async with Supervisor(tmp_path, said.append) as children:
        children.start(python("stubborn", STUBBORN, stop_seconds=200))
        await wrote(tmp_path / "stubborn.log", "up")
        (pid,) = children.pids
        children.hurry.set()
    assert said == ["stubborn does not end; killing it"]
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("turns", range(8))
async def test_a_child_started_in_the_moment_of_the_stop_does_not_stay(tmp_path: Path, turns: int) -> None:
    before = set(psutil.Process().children())
    async with asyncio.timeout(20), Supervisor(tmp_path, print) as children:
        children.start(python("late", SLEEPER))
        for _ in range(turns):
            await asyncio.sleep(0)
    assert set(psutil.Process().children()) <= before


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
async def test_children_die_with_their_keeper_even_when_it_is_killed(programs: Programs) -> None:
    keeper = programs.start(sys.executable, "-c", KEEPER, SLEEPER)
    await wrote(programs.folder / "logs" / "child.log", "up")
    assert len(programs.marked()) == 2
    keeper.kill()
    await eventually(lambda: not programs.marked(), timeout=10)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_CHILD_SUBREAPER is Linux's")
async def test_what_a_killed_child_leaves_behind_is_ended_too(programs: Programs) -> None:
    keeper = programs.start(sys.executable, "-c", KEEPER, DAEMON_MAKER)
    log = programs.folder / "logs" / "child.log"
    await eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    daemon = psutil.Process(int(log.read_text().split()[0]))
    child = daemon.parent()
    assert child is not None
    child.kill()
    await eventually(lambda: daemon.ppid() == keeper.pid)
    keeper.send(signal.SIGTERM)
    assert await keeper.ended() == 0
    assert not daemon.is_running()


async def test_first_of_raises_what_failed_and_cancels_the_rest() -> None:
    async def fail() -> None:
        raise LookupError("first")

    forever = asyncio.ensure_future(asyncio.Event().wait())
    with pytest.raises(LookupError, match="first"):
        await first_of(fail(), forever)
    assert forever.cancelled()


def test_a_log_is_rotated_at_start_and_when_it_is_full(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "api.log"
    for start in range(5):
        ChildLog(path).write(b"start %d\n" % start)
    assert path.read_text() == "start 4\n"
    assert path.with_name("api.log.1").read_text() == "start 3\n"
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "api.log",
        *(f"api.log.{n}" for n in range(1, KEPT + 1)),
    ]
    log = ChildLog(path, max_bytes=100)
    for _ in range(50):
        log.write(b"0123456789\n")
    assert sum(file.stat().st_size for file in path.parent.iterdir()) <= (KEPT + 1) * 120
    assert "0123456789" in log.tail() or log.tail() == "    (it wrote nothing)"
