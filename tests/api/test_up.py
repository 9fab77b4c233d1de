"""`wegent-server up`: one command on an empty machine, and no process left when it ends."""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import psutil
import pytest
from support.processes import Programs, eventually, free_port
from support.redis import RedisServer
from support.upped import Upped, is_private

from wegent.client import credentials


@pytest.fixture
def up(programs: Programs) -> Upped:
    """An `up` on an empty home."""
    return Upped(programs)


async def test_the_first_start_makes_this_computer_a_device_that_runs_a_task(up: Upped) -> None:
    # A user's own modules of the same names, in the folder where they start it, are none of ours.
    for name in ("api", "worker", "executor", "wegent"):
        (up.programs.folder / f"{name}.py").write_text("raise SystemExit('imported the wrong one')")
    await up.start()
    assert up.said[-1] == f"Wegent is ready at {up.url}"
    (password,) = [line.rpartition(" ")[2] for line in up.said if "password" in line]
    async with aiohttp.ClientSession() as session:
        body = {"username": "admin", "password": password}
        async with session.post(f"{up.url}/auth/login", json=body) as response:
            assert response.status == 200
            assert (await response.json())["user"]["is_admin"]
    (device,) = (await up.call("GET", "/devices"))["items"]
    assert device["status"] == "online" and device["is_default"]
    assert {"ClaudeCode", "Command"} <= set(device["shells"])
    subtask = await up.settled(await up.command("echo done > proof; cat proof"))
    assert subtask["state"] == "completed"
    output = await up.call("GET", f"/subtasks/{subtask['subtask_id']}/events")
    assert "".join(event["text"] for item in output["items"] for event in item["events"]) == "done\n"
    assert is_private(up.data / "secret_key") and is_private(up.home / ".wegent-executor" / "credentials.json")
    assert await up.program.stop() == 0
    assert up.programs.marked() == []
    assert up.said[-1] == f"Wegent is ready at {up.url}"


async def test_the_next_start_keeps_password_login_and_default(up: Upped) -> None:
    await up.start()
    token = up.login.token
    (device,) = (await up.call("GET", "/devices"))["items"]
    await up.call("DELETE", f"/devices/{device['device_id']}/default")
    up.program.send(signal.SIGINT)
    assert await up.program.ended() == 0
    await up.start("--no-executor")
    assert not [line for line in up.said if "password" in line]
    assert up.login.token == token
    (device,) = (await up.call("GET", "/devices"))["items"]
    assert device["status"] == "offline" and not device["is_default"]
    assert not up.children("executor.main")


async def test_a_login_that_the_server_does_not_know_is_replaced(up: Upped) -> None:
    environ = {"WEGENT_HOME": str(up.home / ".wegent-executor")}
    credentials.save(credentials.Login(up.url, "stale", "admin"), environ=environ)
    credentials.save(credentials.Login("https://elsewhere.example", "kept", "ann"), True, environ=environ)
    credentials.save(credentials.Login(up.url, "stale too", "ann", shelf="devices"), environ=environ)
    await up.start()
    assert credentials.load(up.url, environ, "devices") == up.login, "its executor has no other login"
    assert up.login.token != "stale"
    assert (await up.call("GET", "/auth/me"))["name"] == "admin"
    elsewhere = credentials.load("https://elsewhere.example", environ)
    assert elsewhere is not None and elsewhere.token == "kept"
    assert f"--url {up.url}" in up.program.text


async def test_the_executor_gets_none_of_the_servers_secrets(up: Upped) -> None:
    await up.start(WEGENT_SECRET_KEY="k" * 40, WEGENT_ADMIN_PASSWORD="open sesame", WEGENT_TOKEN="somebody's")
    assert "open sesame" not in up.program.text + up.errors
    (executor,) = up.children("executor.main", "local")
    seen = psutil.Process(executor).environ()
    assert not {"WEGENT_SECRET_KEY", "WEGENT_ADMIN_PASSWORD", "WEGENT_REDIS_URL", "WEGENT_TOKEN"} & seen.keys()
    assert not [process for process in up.programs.marked() if "k" * 40 in " ".join(process.cmdline())]


async def test_a_part_that_is_killed_comes_back_and_the_running_task_goes_on(up: Upped, tmp_path: Path) -> None:
    await up.start()
    flag = tmp_path / "go"
    subtask_id = await up.command(f"until [ -e {flag} ]; do sleep 0.1; done; echo went on")
    await eventually(lambda: _is(up, subtask_id, "running"))
    for name in ("api", "worker"):
        (pid,) = up.children("api.cli", name)
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda name=name: f"{name} was killed by SIGKILL; starting it again" in up.errors)
        await eventually(lambda name=name: up.children("api.cli", name))
    (redis,) = [p for p in up.programs.marked() if "redis" in p.name()]
    redis.kill()
    flag.touch()

    async def is_completed() -> bool:
        try:
            return await _is(up, subtask_id, "completed")
        except (aiohttp.ClientError, AssertionError):
            return False

    await eventually(is_completed, 40)
    assert up.errors.count("\n") == 3


async def _is(up: Upped, subtask_id: str, state: str) -> bool:
    return bool((await up.call("GET", f"/subtasks/{subtask_id}"))["state"] == state)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
async def test_killed_it_leaves_no_process_and_the_next_start_works(up: Upped) -> None:
    await up.start()
    subtask_id = await up.command("sleep 1000")
    await eventually(lambda: up.children("sleep", "1000"))
    up.program.kill()
    await eventually(lambda: not up.programs.marked(), 30, "everything is gone")
    await up.start()
    assert (await up.settled(subtask_id))["state"] == "failed"


async def test_ctrl_c_ends_what_runs_and_says_how_it_ended(up: Upped) -> None:
    await up.start()
    subtask_id = await up.command("sleep 1000")
    await eventually(lambda: up.children("sleep", "1000"))
    up.program.send(signal.SIGINT)
    assert await up.program.ended(30) == 0
    assert up.programs.marked() == []
    assert up.errors.startswith("Stopping:")
    await up.start("--no-executor")
    assert (await up.call("GET", f"/subtasks/{subtask_id}"))["state"] == "failed"


async def test_a_second_ctrl_c_ends_at_once(up: Upped) -> None:
    patient = {"WEGENT_CANCEL_SECONDS": "300", "WEGENT_TERMINATE_SECONDS": "300"}
    await up.start(**patient)
    await up.command("trap '' INT TERM; sleep 1000 & wait; wait; sleep 1000")
    await eventually(lambda: up.children("sleep", "1000"))
    up.program.send(signal.SIGINT)
    await eventually(lambda: "Stopping" in up.errors)
    await asyncio.sleep(1)  # Two signals within half a second are one wish.
    up.program.send(signal.SIGINT)
    assert await up.program.ended(20) == 0
    assert up.programs.marked() == []


async def test_a_signal_while_it_starts_ends_it_too(up: Upped) -> None:
    program = up.begin()
    await program.line("keeps its data")
    program.send(signal.SIGTERM)
    assert await program.ended() == 0
    assert up.programs.marked() == []
    assert "ready" not in program.text


def _taken_port(up: Upped) -> Callable[[], object]:
    import socket

    taken = socket.create_server(("127.0.0.1", up.port))
    return taken.close


def _locked_executor(up: Upped) -> Callable[[], object]:
    home = up.home / ".wegent-executor"
    home.mkdir(parents=True)
    lock = open(home / "executor.lock", "w")  # noqa: SIM115
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock.close


def _nothing(up: Upped) -> Callable[[], object]:
    return lambda: None


@pytest.mark.parametrize(
    ("prepare", "env", "words"),
    [
        (_taken_port, {}, ["cannot listen on 127.0.0.1:", "--bind 127.0.0.1:8001"]),
        (_locked_executor, {}, ["executor ended with exit code 1\n    "]),
        (
            _nothing,
            {"WEGENT_REDIS_URL": "redis://:secret@127.0.0.1:1/0"},
            ["redis://127.0.0.1:1/0", "WEGENT_REDIS_URL"],
        ),
        (_nothing, {"WEGENT_DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/x"}, ["postgresql://127.0.0.1:1/x"]),
    ],
    ids=["port taken", "executor cannot start", "redis away", "database away"],
)
async def test_what_cannot_start_is_explained_and_leaves_nothing_behind(
    up: Upped, prepare: Callable[[Upped], Callable[[], object]], env: dict[str, str], words: list[str]
) -> None:
    release = prepare(up)
    program = up.begin(**env)
    assert await program.ended(40) == 1
    release()
    assert up.errors.splitlines()[0].startswith("wegent-server: ")
    for word in words:
        assert word in up.errors
    assert "secret" not in up.errors and "Traceback" not in up.errors
    assert "is ready" not in program.text
    assert up.programs.marked() == []


async def test_two_on_one_data_folder_is_an_error(up: Upped) -> None:
    await up.start("--no-executor")
    second = up.programs.module("api.cli", "up", env={**up.environ, "WEGENT_BIND": f"127.0.0.1:{free_port()}"})
    assert await second.ended() == 1
    assert f"another `wegent-server up` (process {up.program.pid})" in second.text


async def test_it_works_on_postgresql_and_a_redis_that_runs_already(
    programs: Programs, redis_server: RedisServer, postgres_url: str
) -> None:
    up = Upped(programs, WEGENT_DATABASE_URL=postgres_url, WEGENT_REDIS_URL=redis_server.url)
    await up.start()
    assert (await up.settled(await up.command("true")))["state"] == "completed"
    assert up.log("redis") == "" and not (up.data / "wegent.db").exists()
    assert await up.program.stop() == 0


async def test_a_data_folder_too_deep_for_a_unix_socket_gets_a_port_with_a_password(programs: Programs) -> None:
    deep = programs.root / ("d" * 60) / ("e" * 60)
    up = Upped(programs, WEGENT_DATA_DIR=str(deep))
    await up.start("--no-executor")
    configuration = (deep / "redis.conf").read_text()
    assert "requirepass" in configuration and is_private(deep / "redis.conf")
    (redis,) = [p for p in programs.marked() if "redis" in p.name()]
    assert not [word for word in redis.cmdline() if "requirepass" in word]
