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
time.sleep(60)
"""
LETS_GO = """
import signal, subprocess, sys, time
argv = [sys.executable, "-P", "-m", "executor.main", "run", "--tether", "--shell", "Command"]
executor = subprocess.Popen(argv, stdin=subprocess.PIPE)
signal.signal(signal.SIGUSR1, lambda *_: None)
print("started", flush=True)
signal.pause()
executor.stdin.close()
print("ended with", executor.wait(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def environ(backend: ScriptedBackend) -> dict[str, str]:
    return FAST | {"WEGENT_BACKEND_URL": backend.url, "WEGENT_TOKEN": "token"}


async def test_it_ends_with_the_program_that_started_it_also_when_a_fork_holds_its_standard_input(
    backend: ScriptedBackend, programs: Programs, environ: dict[str, str]
) -> None:
    parent = programs.start(sys.executable, "-c", PARENT, env=environ)
    found = await parent.line(r"^started (\d+) (\d+)")
    executor, forked = psutil.Process(int(found[1])), int(found[2])
    await backend.connected()
    parent.kill()
    await eventually(lambda: not executor.is_running(), 15, "the executor has ended")
    assert psutil.pid_exists(forked), "the pipe was still held"
    assert "device:goodbye" in backend.heard
    os.kill(forked, signal.SIGKILL)


async def test_it_ends_properly_when_its_standard_input_is_closed(
    backend: ScriptedBackend, programs: Programs, environ: dict[str, str]
) -> None:
    parent = programs.start(sys.executable, "-c", LETS_GO, env=environ)
    await parent.line("started")
    await backend.connected()
    parent.send(signal.SIGUSR1)
    assert (await parent.line(r"^ended with (.*)$"))[1] == "0"
    assert "device:goodbye" in backend.heard
