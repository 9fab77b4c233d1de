"""Living with a running executor: asked, paused, drained, restarted and stopped by its owner."""

import contextlib
import os
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from support.processes import Program, Programs, eventually
from support.scripted_backend import ScriptedBackend

from tests.executor.conftest import StartExecutor
from wegent.control import address
from wegent.control.client import ControlClient, NotRunningError, RefusedError, is_running

WAIT = "while [ ! -e {file} ]; do sleep 0.05; done; echo done"


class Owner:
    """Types commands on the computer of the executor that ``start_executor`` starts."""

    def __init__(self, programs: Programs, home: Path) -> None:
        self.programs = programs
        self.home = home

    def start(self, *words: str, **env: str) -> Program:
        settings = {"LANG": "C.UTF-8", "WEGENT_HOME": str(self.home), **env}
        return self.programs.module("executor.main", *words, name=words[0], env=settings, is_split=True)

    async def types(self, *words: str, code: int = 0, **env: str) -> str:
        """Run a command to its end and return what it says; fail unless it ends with ``code``."""
        program = self.start(*words, **env)
        assert await program.ended() == code, program.text + program.errors.read_text()
        return program.text + program.errors.read_text()

    async def status(self) -> Any:
        return msgspec.json.decode(await self.types("status", "--json"))


@pytest.fixture
def owner(programs: Programs) -> Iterator[Owner]:
    """Whose executors live in a folder of a short name, as people's do: a long one can hold no socket."""
    with tempfile.TemporaryDirectory(prefix="wegent-") as home:
        yield Owner(programs, Path(home))


@pytest.fixture
def start_executor(start_executor: StartExecutor, owner: Owner) -> StartExecutor:
    def start(*flags: str, **env: str) -> Program:
        return start_executor(*flags, **{"WEGENT_HOME": str(owner.home), **env})

    return start


async def test_the_owner_sees_what_runs(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner, tmp_path: Path
) -> None:
    assert "No executor runs with" in await owner.types("status", code=1)
    assert msgspec.json.decode(await owner.types("status", "--json", code=1))["running"] is False
    executor = start_executor("--slots", "2")
    record = await backend.offer("s1", WAIT.format(file=tmp_path / "go"))
    await record.until(lambda record: record.state == "running")
    status = await owner.status()
    assert (status["pid"], status["running"], status["mode"]) == (executor.pid, True, "working")
    assert status["connection"] == {"url": backend.url, "is_connected": True, "trouble": "", "next_try": None}
    assert (status["slots"], status["device_id"]) == ({"used": 1, "total": 2}, backend.registers[-1].device_id)
    (task,) = status["tasks"]
    assert (task["subtask_id"], task["shell"], task["state"]) == ("s1", "Command", "running")
    assert status["load"].keys() >= {"cpu", "memory"}
    text = await owner.types("status")
    assert f"Connected to {backend.url}" in text and "1 of 2 slots" in text and "s1  Command  running" in text
    assert "已用 1/2 个槽位" in await owner.types("status", LANG="zh_CN.UTF-8")
    # Cut off, it says why and when it tries again, and how much output waits.
    backend.refuse_upgrade = 503
    await backend.close()
    (tmp_path / "go").touch()
    await eventually(lambda: len(backend.tokens) > 2)

    async def is_cut_off() -> bool:
        status = await owner.status()
        return (
            not status["connection"]["is_connected"]
            and "503" in status["connection"]["trouble"]
            and [task["state"] for task in status["tasks"]] == ["ended"]
            and status["tasks"][0]["waiting_bytes"] > 0
        )

    await eventually(is_cut_off)
    text = await owner.types("status")
    assert "Not connected" in text and "HTTP 503" in text and "bytes of output wait" in text
    backend.refuse_upgrade = None
    assert (await record.ended()).status == "completed"


async def test_a_paused_device_goes_on_with_what_runs_and_is_offered_nothing_until_it_is_resumed(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner, tmp_path: Path
) -> None:
    executor = start_executor()
    record = await backend.offer("s1", WAIT.format(file=tmp_path / "go"))
    await record.until(lambda record: record.state == "running")
    assert "Paused" in await owner.types("pause")
    assert "device:drain" in backend.heard
    assert (await owner.status())["mode"] == "paused"
    await backend.offer("s2", "echo no")  # it crossed the word on the way
    await eventually(lambda: backend.declines)
    assert (backend.declines[0]["subtask_id"], backend.declines[0]["retry"]) == ("s2", True)
    # A new connection is offered nothing either, nor is the next process.
    await backend.close()
    assert (await backend.connected(2)).paused is True
    (tmp_path / "go").touch()
    assert (await record.ended()).status == "completed"
    executor.kill()
    start_executor()
    assert (await backend.connected(3)).paused is True
    assert "takes tasks again" in await owner.types("resume")
    assert (await backend.connected(4)).paused is False
    assert (await (await backend.offer("s3", "echo yes")).ended()).status == "completed"
    assert (await owner.status())["mode"] == "working"


async def test_a_drain_ends_when_everything_was_reported(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner, tmp_path: Path
) -> None:
    executor = start_executor()
    record = await backend.offer("s1", WAIT.format(file=tmp_path / "go"))
    await record.until(lambda record: record.state == "running")
    impatient = owner.start("drain")
    await impatient.line("1 running, 0 to be reported")
    os.kill(impatient.pid, signal.SIGINT)
    assert await impatient.ended() == 130
    assert "goes on by itself" in impatient.errors.read_text()
    assert (await owner.status())["mode"] == "draining"
    # Called off, and then wanted after all.
    patient = owner.start("drain")
    await patient.line("1 running")
    await owner.types("resume")
    assert await patient.ended() == 1
    assert "called off" in patient.errors.read_text()
    await backend.connected(2)
    patient = owner.start("drain")
    await patient.line("1 running")
    (tmp_path / "go").touch()
    assert await patient.ended() == 0
    assert record.complete is not None and record.complete.status == "completed"
    assert record.text() == "done\n"
    assert await executor.ended() == 0
    assert "The executor has ended." in patient.text
    assert not (owner.home / "paused").exists()


async def test_a_restart_waits_for_tasks_and_goes_on_with_the_same_arguments(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner, tmp_path: Path
) -> None:
    executor = start_executor("--name", "the same", "--slots", "3")
    record = await backend.offer("s1", WAIT.format(file=tmp_path / "go"))
    await record.until(lambda record: record.state == "running")
    restart = owner.start("restart")
    await restart.line("1 running")
    (tmp_path / "go").touch()
    assert await restart.ended() == 0
    assert f"It runs anew (process {executor.pid})." in restart.text
    again = await eventually(lambda: backend.registers[-1] if len(backend.registers) > 1 else None)
    assert (again.name, again.slots, again.paused) == ("the same", 3, False)
    assert again.instance != backend.registers[0].instance
    assert (await record.ended()).status == "completed" and record.text() == "done\n"
    # Now: what runs is stopped properly first, and its end reported.
    (owner.home / "config.toml").write_text('[labels]\nnew = "yes"\n')
    record = await backend.offer("s2", "echo begun; sleep 60")
    await record.until(lambda record: record.text() == "begun\n")
    await owner.types("restart", "--now")
    complete = await record.ended()
    assert complete.error is not None and complete.error.code == "executor_restarted"
    assert (await backend.connected(3)).labels == {"new": "yes"}
    assert "has ended" in await owner.types("stop")
    assert await executor.ended() == 0
    assert backend.heard[-1] == "device:goodbye"


async def test_output_that_the_server_does_not_have_yet_survives_a_restart(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner
) -> None:
    start_executor()
    backend.answers_completes = False
    record = await backend.offer("s1", "seq 1 2000")
    await record.until(lambda record: record.completes)
    restart = owner.start("restart")
    await backend.connected(2)
    backend.answers_completes = True
    assert await restart.ended() == 0
    assert (await record.ended()).status == "completed"
    assert record.text() == "".join(f"{number}\n" for number in range(1, 2001))


async def test_once_takes_one_subtask_and_ends_when_it_was_reported(
    backend: ScriptedBackend, start_executor: StartExecutor
) -> None:
    executor = start_executor("run", "--once", "--shell", "Command", "--slots", "4")
    assert (await backend.connected()).slots == 1
    record = await backend.offer("s1", "echo only; exit 3")
    assert (await record.ended()).status == "failed"
    assert await executor.ended() == 0
    assert backend.heard.index("device:drain") < backend.heard.index("task:complete")


async def test_one_executor_per_home_which_a_kill_frees(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner
) -> None:
    executor = start_executor()
    await backend.connected()
    second = start_executor()
    assert await second.ended() == 1
    assert f"process {executor.pid}" in second.text and "wegent-executor status" in second.text
    executor.kill()
    assert (owner.home / address.SOCKET).exists()  # left behind, and harmless
    assert "No executor runs" in await owner.types("status", code=1)
    start_executor()
    await backend.connected(2)
    assert (await owner.status())["running"]


async def test_nobody_else_can_talk_to_it(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner
) -> None:
    start_executor()
    await backend.connected()
    path = owner.home / address.SOCKET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if os.geteuid() == 0:  # as root it can be tried: nobody comes in even where the folders let it pass
        owner.home.chmod(0o711)
        code = f"import os, socket; os.setuid(65534); socket.socket(socket.AF_UNIX).connect({str(path)!r})"
        stranger = owner.programs.start(sys.executable, "-c", code, name="stranger")
        assert await stranger.ended() == 1
        assert "PermissionError" in stranger.text


async def test_a_home_too_deep_for_a_socket_has_a_port_and_a_secret(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner, tmp_path: Path
) -> None:
    home = tmp_path / ("deep" * 40)
    executor = start_executor(WEGENT_HOME=str(home))
    await backend.connected()
    assert stat.S_IMODE((home / address.PORT).stat().st_mode) == 0o600
    status = msgspec.json.decode(await owner.types("status", "--json", "--home", str(home)))
    assert status["pid"] == executor.pid
    door = address.read_door(home)
    assert door is not None and door.secret not in repr(door)
    with socket.create_connection(("127.0.0.1", door.port)) as connection:
        guessing = ControlClient(connection, "a guess")
        with pytest.raises(RefusedError, match="secret"):
            guessing.ask("stop")
    executor.kill()
    assert not is_running(home)
    with pytest.raises(NotRunningError), ControlClient.open(home):
        pass


async def test_neither_nonsense_nor_silence_nor_a_crowd_disturbs_the_work(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner
) -> None:
    start_executor()
    await backend.connected()
    path = str(owner.home / address.SOCKET)
    with contextlib.ExitStack() as crowd:
        for _ in range(50):
            each = crowd.enter_context(socket.socket(socket.AF_UNIX))
            each.connect(path)
            with contextlib.suppress(BrokenPipeError):  # so many are not heard
                each.sendall(b'{"ask": "sta')
        beats = len(backend.heartbeats)
        await eventually(lambda: len(backend.heartbeats) > beats + 3)
    await eventually(lambda: is_running(owner.home))
    for line in (b"\xff\xfe\n", b"[]\n", b'{"ask": 1}\n', b"x" * (2 << 20)):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(path)
            said = b"error"
            with contextlib.suppress(ConnectionError):  # what is too long is hung up on
                connection.sendall(line)
                said = connection.recv(1000)
            assert b"error" in said or not said
    with ControlClient.open(owner.home) as client:
        with pytest.raises(RefusedError, match="does not know 'fly'"):
            client.ask("fly")
        answer = client.ask("status")
    assert answer.status is not None and answer.status.mode == "working"


async def test_a_frozen_executor_is_told_from_none(
    backend: ScriptedBackend, start_executor: StartExecutor, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wegent.control.client.ANSWER_WITHIN", 0.3)
    executor = start_executor()
    await backend.connected()
    executor.freeze()
    with ControlClient.open(owner.home) as client, pytest.raises(TimeoutError):
        client.ask("status")
    executor.thaw()
    assert psutil.pid_exists(executor.pid)
