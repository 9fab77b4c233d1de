"""Sleep, networks that change, clocks that are wrong, more work than the computer can do: it stays a device."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from support.clock import WallClock
from support.gated_command import GatedCommand
from support.processes import Programs
from support.proxy import Proxy, proxied
from support.scripted_backend import ScriptedBackend

HOUR = 3600
SPIN = "import time; end = time.monotonic() + 4\nwhile time.monotonic() < end: pass"


@pytest.fixture
async def way(backend: ScriptedBackend) -> AsyncIterator[Proxy]:
    """What the executor reaches the server through."""
    async with proxied(int(backend.url.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def command(tmp_path: Path) -> GatedCommand:
    return GatedCommand(tmp_path / "gates", stages=3, lines=100)


def can_run(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True).returncode == 0


async def test_after_sleep_it_connects_anew_at_once_and_nothing_that_runs_is_lost(
    backend: ScriptedBackend, start_executor, command: GatedCommand, tmp_path: Path
) -> None:
    backend.heartbeat_seconds = 600  # no heartbeat will notice
    clock = WallClock(tmp_path / "clock")
    program = start_executor(**clock.environment)
    record = await backend.offer("one", command.prompt)
    command.open(0)
    await record.until(lambda record: record.text() == command.output(1))
    clock.set(8 * HOUR)
    command.open(1)
    await backend.connected(2)
    assert "the computer slept" in program.text
    command.open(2)
    end = await record.ended()
    assert (end.status, record.text(), record.accepts) == ("completed", command.output(), 1)
    assert len(backend.heartbeats) >= 2  # one begins each connection


@pytest.mark.parametrize("skew", [-5 * HOUR, 5 * HOUR])
async def test_a_wrong_clock_changes_nothing(
    backend: ScriptedBackend, start_executor, command: GatedCommand, tmp_path: Path, skew: float
) -> None:
    clock = WallClock(tmp_path / "clock")
    clock.set(skew)
    program = start_executor(**clock.environment)
    backend.files["f1"] = ("data.txt", b"x")
    soon = {"Date": "Fri, 31 Dec 1999 23:59:58 GMT", "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}
    backend.file_answers = [web.Response(status=503, headers=soon)]
    record = await backend.offer("one", command.prompt, options={"files": ["f1"]}, timeout_seconds=60)
    command.open(0)
    await record.until(lambda record: record.text() == command.output(1))
    await backend.close(1012)
    await backend.connected(2)
    program.kill()
    clock.set(-skew)  # and set right, and further, while nothing ran
    start_executor(**clock.environment)
    end = await record.ended()
    assert (end.status, end.error and end.error.code) == ("failed", "executor_restarted")
    record = await backend.offer("two", "sleep 60")
    await record.until(lambda record: record.state == "running")
    await backend.cancel(record)
    assert (await record.ended()).status == "cancelled"
    assert "the computer slept" not in program.text


async def test_a_connection_that_died_in_silence_is_noticed_and_replaced(
    backend: ScriptedBackend, start_executor, way: Proxy, command: GatedCommand
) -> None:
    program = start_executor(WEGENT_BACKEND_URL=way.url)
    record = await backend.offer("one", command.prompt)
    command.open(0)
    await record.until(lambda record: record.text() == command.output(1))
    way.stall()  # no packet comes through any more, and nobody says so
    command.open(1)
    await program.line("a heartbeat was not answered")
    await way.refuse()  # the new network leads nowhere yet
    way.cut()
    await program.line("Cannot reach")
    command.open(2)
    way.resume()
    await way.listen()
    end = await record.ended()
    assert (end.status, record.text(), record.accepts) == ("completed", command.output(), 1)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may give it names of its own")
async def test_a_name_that_is_not_known_for_a_while_and_then_means_another_address(
    backend: ScriptedBackend, programs: Programs, way: Proxy, command: GatedCommand, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 wegent.test\n")
    # A mount namespace with an /etc/hosts of its own: the real resolver, and nobody else's names.
    script = f'mount --bind {hosts} /etc/hosts && exec "$@"'
    if not can_run("unshare", "--mount", "sh", "-c", script, "sh", "true"):
        pytest.skip("there are no mount namespaces here")
    environ = {
        "WEGENT_BACKEND_URL": f"http://wegent.test:{way.port}",
        "WEGENT_TOKEN": "token",
        "WEGENT_SHELLS": "Command",
        "WEGENT_RECONNECT_MAX_SECONDS": "0.3",
    }
    started = (sys.executable, "-P", "-m", "executor.main")
    program = programs.start(
        "unshare", "--mount", "sh", "-c", script, "sh", *started, name="executor", env=environ
    )
    record = await backend.offer("one", command.prompt)
    command.open(0)
    await record.until(lambda record: record.text() == command.output(1))
    hosts.write_text("")
    await way.refuse()
    way.cut()
    command.open(1)
    await program.line("Cannot reach http://wegent.test")
    way.host = "127.0.0.2"
    await way.listen()
    hosts.write_text("127.0.0.2 wegent.test\n")
    command.open(2)
    end = await record.ended()
    assert (end.status, record.text(), record.accepts) == ("completed", command.output(), 1)
    await program.stop()


async def test_five_heavy_tasks_at_once_and_every_heartbeat_in_time(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    await backend.connected()
    spin = f"{sys.executable} -S -c '{SPIN}' &"
    heavy = f"{spin} {spin} yes 0123456789 | head -c 10000000; wait"
    records = [await backend.offer(f"heavy-{number}", heavy) for number in range(5)]
    for record in records:
        end = await record.ended(90)
        assert (end.status, len(record.text())) == ("completed", 10_000_000)
    assert len(backend.registers) == 1
    assert len(backend.heartbeats) > 5
    assert backend.silence() < 5  # seconds; the default TTL is 90, and a heartbeat's deadline here 2
