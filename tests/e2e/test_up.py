"""The first minutes of a person on a fresh machine: one command, a task whose output streams, Ctrl-C."""

import signal
import sys
from pathlib import Path

import pytest
from support.processes import Programs
from support.terminal import Terminal, wegent
from support.upped import Upped

STEPS = """
import pathlib, time
for step in ("one", "two"):
    print(step, flush=True)
    while not pathlib.Path("{folder}", step).exists():
        time.sleep(0.01)
print("three")
"""


@pytest.fixture
def up(programs: Programs) -> Upped:
    """An `up` on an empty home."""
    return Upped(programs)


async def test_up_then_run_streams_and_ctrl_c_leaves_no_process(up: Upped, tmp_path: Path) -> None:
    assert not up.home.exists() or not list(up.home.iterdir())
    await up.start()
    assert up.said[-1] == f"Wegent is ready at {up.url}"
    # What a person pastes into another terminal of the same home: nobody asks for a login or a device.
    script = STEPS.format(folder=tmp_path)
    argv = wegent("--url", up.url, "run", "--shell", "Command", f"{sys.executable} -c '{script}'")
    async with Terminal(argv, up.programs.environment(LANG="C.UTF-8")) as terminal:
        await terminal.shows(r"\bone\n", 30)
        (tmp_path / "one").touch()
        await terminal.shows(r"\btwo\n")
        (tmp_path / "two").touch()
        await terminal.shows(r"\bthree\n")
        assert await terminal.ends() == 0
    async with Terminal(
        wegent("--url", up.url, "run", "--shell", "Command", "exit 7"), up.programs.environment(LANG="C.UTF-8")
    ) as terminal:
        assert await terminal.ends() == 7, "a Command's own exit code"
    up.program.send(signal.SIGINT)
    assert await up.program.ended() == 0
    assert up.programs.marked() == []
