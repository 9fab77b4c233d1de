"""``wegent-executor login``: by a code, and then the executor just works."""

import os
import platform
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import Program, Programs, eventually
from support.scripted_api import ScriptedApi, answer, not_paired, problem
from support.scripted_backend import ScriptedBackend
from support.scripted_turns import NOW

from wegent.client import credentials
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import User


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    """A server to log in to."""
    with ScriptedApi() as server:
        yield server


def log_in(programs: Programs, *flags: str, **env: str) -> Program:
    return programs.module("executor.main", "login", *flags, name="login", env=env)


async def test_an_approved_code_is_all_that_an_executor_needs(
    api: ScriptedApi, programs: Programs, backend: ScriptedBackend, start_executor
) -> None:
    program = log_in(programs, "--url", api.url, LANG="C.UTF-8")
    await program.line("ABCD-2345")
    api.approve()
    assert await program.ended() == 0
    assert "https://wegent.example.org/app/devices/pair" in program.text
    assert f"Logged in to {api.url} as ann." in program.text
    assert "wegent-executor --mode local" in program.text
    assert api.pairing_names == [f"{platform.system()} - {platform.node()}"]
    assert api.pairing_scopes == [["device"]]
    environ = {"WEGENT_HOME": str(programs.folder / "home/.wegent-executor")}
    saved = credentials.load(environ=environ, shelf="devices")
    assert saved is not None and (saved.url, saved.token) == (api.url, "paired")
    login = credentials.Login(backend.url, saved.token, shelf="devices")
    credentials.save(login, make_default=True, environ=environ)
    start_executor("--mode", "local", WEGENT_TOKEN="", WEGENT_BACKEND_URL="")
    await backend.connected()
    assert backend.tokens == ["paired"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (not_paired("access_denied", Code.FORBIDDEN), "may not do that"),
        (not_paired("expired_token", Code.TOKEN_EXPIRED), "expired"),
    ],
)
async def test_without_approval_it_must_log_in(api: ScriptedApi, programs: Programs, answer, words: str) -> None:
    api.pairing = [answer]
    program = log_in(programs, WEGENT_BACKEND_URL=api.url, LANG="C.UTF-8")
    assert await program.ended() == 3
    assert words in program.text
    assert "Traceback" not in program.text


async def test_a_device_login_leaves_the_login_of_who_sends_from_here_alone(
    api: ScriptedApi, programs: Programs
) -> None:
    environ = {"WEGENT_HOME": str(programs.folder / "home/.wegent-executor")}
    api.approve()
    assert await log_in(programs, "--url", api.url).ended() == 0
    terminal = programs.module("wegent.cli", "run", "hi", name="wegent", env={"LANG": "C.UTF-8"})
    assert await terminal.ended() == 3
    assert f"logged in to {api.url} as a device only" in terminal.text
    assert "wegent login" in terminal.text
    api.valid_tokens.add("mine")
    credentials.save(credentials.Login(api.url, "mine", "ann"), environ=environ)
    api.approve()
    assert await log_in(programs).ended() == 0, "to the server of the login before"
    mine, devices = [credentials.load(environ=environ, shelf=shelf) for shelf in ("backends", "devices")]
    assert mine is not None and devices is not None
    assert (mine.token, devices.token) == ("mine", "paired")
    assert await programs.module("executor.main", "logout", name="logout").ended() == 0
    assert api.valid_tokens & {"mine", "paired"} == {"mine"}
    found = credentials.load(api.url, environ, "devices")
    assert found == mine, "its owner's"
    assert await programs.module("executor.main", "logout", name="logout").ended() == 0
    assert "mine" in api.valid_tokens


async def test_ctrl_c_gives_up(api: ScriptedApi, programs: Programs, tmp_path: Path) -> None:
    program = log_in(programs, WEGENT_BACKEND_URL=api.url, LANG="zh_CN.UTF-8")
    await program.line("10 分钟内有效")
    await eventually(lambda: api.pairing_polls)
    os.kill(program.pid, signal.SIGINT)
    assert await program.ended() == 3
    assert "Traceback" not in program.text


async def test_a_server_that_cannot_be_reached_is_1(programs: Programs) -> None:
    program = log_in(programs, "--url", "http://127.0.0.1:1", LANG="C.UTF-8")
    assert await program.ended() == 1
    assert "Cannot reach http://127.0.0.1:1" in program.text


async def test_nothing_that_a_server_says_steers_the_terminal(api: ScriptedApi, programs: Programs) -> None:
    evil = problem(ProtocolError(Code.FORBIDDEN, "No\x1b]0;title\x07\x9b2J.", "\u202eAsk", error="access_denied"))
    evil.set_status(400)
    user = User("u1", "ann\x1b[2J", False)
    api.pairing = [evil, answer({"token": "t", "token_id": "k", "expires_at": NOW, "user": user})]
    for code, said in ((3, "No␛]0;title␇"), (0, "ann␛[2J")):
        program = log_in(programs, WEGENT_BACKEND_URL=api.url, LANG="C.UTF-8")
        assert await program.ended() == code
        assert said in program.text
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(program.text)
