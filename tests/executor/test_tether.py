"""An executor that another program started ends with that program."""

import os
import signal
import sys

import psutil
import pytest
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend

from tests.executor.conftest import FAST

PARENT = """
import os, subprocess, sys, time
argv = [sys.executable, "-P", "-m", "executor.main", "run", "--tether", "--shell", "Command"]
executor = subprocess.Popen(argv, stdin=subprocess.PIPE)
forked = os.fork()
if forked:
    print("started", executor.pid, forked, flush=True)
    sys.stdin.readline()
time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_it_ends_with_the_program_that_started_it_also_when_a_fork_holds_its_standard_input(
    backend: ScriptedBackend, programs: Programs, end: int
) -> None:
    env = FAST | {"WEGENT_BACKEND_URL": backend.url, "WEGENT_TOKEN": "token"}
    parent = programs.start(sys.executable, "-c", PARENT.replace("sys.stdin.readline()", ""), env=env)
    found = await parent.line(r"^started (\d+) (\d+)")
    executor, forked = psutil.Process(int(found[1])), int(found[2])
    await backend.connected()
    parent.send(end)
    await eventually(lambda: not executor.is_running(), 15, "the executor has ended")
    assert psutil.pid_exists(forked), "the pipe was still held"
    assert "device:goodbye" in backend.heard
    os.kill(forked, signal.SIGKILL)
