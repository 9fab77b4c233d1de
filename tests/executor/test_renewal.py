"""The executor's login: renewed before it ends, and what happens when the server refuses it."""

import sys
from pathlib import Path
from typing import Any

import jwt
import psutil
import pytest
from aiohttp import web
from support.claude_records import offer
from support.model_endpoint import model_endpoint, text, tool
from support.processes import Program, Programs, eventually
from support.scripted_backend import ScriptedBackend

from wegent.client import credentials
from wegent.client.credentials import Login
from wegent.protocol.errors import Code

COUNT = "for i in $(seq 1 60); do echo $i; sleep 0.05; done"
NUMBERS = "".join(f"{n}\n" for n in range(1, 61))


def token(gen: int = 0, iat: int = 1000, jti: str = "a") -> str:
    """Return a token that is good for 1,000 seconds of a clock that shows nearly 1970."""
    return jwt.encode({"jti": jti, "gen": gen, "iat": iat, "exp": iat + 1000}, "k" * 32)


FIRST, SECOND, THIRD = token(), token(1, 1560), token(2, 2300)
EARLY, DUE, LATER = [f"1970-01-01T00:{minute}:00Z" for minute in ("18", "27", "39")]
"""1,080, 1,620 and 2,340 seconds: in the first half of the first token's life; when it and the next are due."""


@pytest.fixture
def environ(programs: Programs) -> dict[str, str]:
    """Where the executor of a test keeps its logins."""
    return {"WEGENT_HOME": str(programs.folder / "home/.wegent-executor")}


def start(start_executor: Any) -> Program:
    """Start an executor whose login comes from the file."""
    program: Program = start_executor(WEGENT_TOKEN="", WEGENT_BACKEND_URL="")
    return program


def saved(environ: dict[str, str]) -> str:
    """Return the token in the file."""
    login = credentials.load(environ=environ)
    assert login is not None
    return login.token


async def test_a_login_is_renewed_when_less_than_half_of_its_life_is_left_whatever_this_clock_shows(
    backend: ScriptedBackend, start_executor, environ: dict[str, str]
) -> None:
    credentials.save(Login(backend.url, FIRST, "ann"), environ=environ)
    backend.server_time, backend.successors = EARLY, [SECOND, THIRD]
    start(start_executor)
    record = await backend.offer("one", COUNT)
    await record.until(lambda record: record.text().count("\n") > 5)
    assert backend.renewals == []
    backend.server_time = DUE
    await backend.close(1012)
    await backend.connected(2)
    await eventually(lambda: saved(environ) == SECOND)
    assert (await record.ended()).status == "completed"
    assert (record.text(), len(backend.registers)) == (NUMBERS, 2), "renewing cuts nothing"
    await backend.close(1012)
    await backend.connected(3)
    assert (backend.renewals, backend.tokens) == ([FIRST], [FIRST, FIRST, SECOND])
    found = credentials.load(environ=environ)
    assert found is not None and (found.user, found.expires_at) == ("ann", "2030-01-01T00:00:00Z")
    backend.server_time = LATER
    await backend.close(1012)
    await eventually(lambda: saved(environ) == THIRD)


async def test_a_server_that_cannot_renew_is_asked_again_and_the_work_goes_on(
    backend: ScriptedBackend, start_executor, environ: dict[str, str]
) -> None:
    credentials.save(Login(backend.url, FIRST), environ=environ)
    backend.server_time = DUE
    program = start(start_executor)
    await program.line("could not be renewed yet")
    assert (await (await backend.offer("one", "echo done")).ended()).status == "completed"
    backend.successors = [SECOND]
    await eventually(lambda: saved(environ) == SECOND, 30)
    assert len(backend.registers) == 1


@pytest.mark.parametrize("way", ["flag", "environment"])
async def test_the_successor_of_a_given_token_is_used_after_a_restart_too(
    backend: ScriptedBackend, start_executor, way: str
) -> None:
    def begin() -> Program:
        flags, env = (["--token", FIRST], "") if way == "flag" else ([], FIRST)
        program: Program = start_executor(*flags, WEGENT_TOKEN=env)
        return program

    backend.server_time, backend.successors = DUE, [SECOND]
    program = begin()
    await program.line("The login was renewed")
    await program.stop()
    begin()
    await backend.connected(2)
    assert (backend.renewals, backend.tokens) == ([FIRST], [FIRST, SECOND])


async def test_what_another_program_renewed_already_is_taken_from_the_file(
    backend: ScriptedBackend, start_executor, environ: dict[str, str]
) -> None:
    credentials.save(Login(backend.url, FIRST), environ=environ)
    backend.server_time, backend.successors = EARLY, [THIRD]
    start(start_executor)
    await backend.connected()
    credentials.replace(Login(backend.url, FIRST), Login(backend.url, SECOND), environ)
    backend.server_time = DUE
    await backend.close(1012)
    await backend.connected(2)
    await backend.close(1012)
    await backend.connected(3)
    assert (backend.tokens[-1], backend.renewals) == (SECOND, [])


async def test_a_successor_that_cannot_be_kept_is_used_all_the_same(
    backend: ScriptedBackend, start_executor, environ: dict[str, str]
) -> None:
    credentials.save(Login(backend.url, FIRST), environ=environ)
    lock = credentials.credentials_file(environ).with_suffix(".lock")
    lock.unlink()
    lock.mkdir()  # so that nobody can write the file: root may, whatever its mode
    backend.server_time, backend.successors = DUE, [SECOND]
    program = start(start_executor)
    await program.line("cannot be kept for the next start")
    await backend.close(1012)
    await backend.connected(2)
    assert (backend.tokens, saved(environ)) == ([FIRST, SECOND], FIRST)
    lock.rmdir()
    backend.server_time, backend.successors = LATER, [THIRD]
    await backend.close(1012)
    await eventually(lambda: saved(environ) == THIRD)


async def test_a_revoked_login_ends_it_and_says_what_to_do(
    backend: ScriptedBackend, start_executor, environ: dict[str, str]
) -> None:
    credentials.save(Login(backend.url, FIRST), environ=environ)
    program = start(start_executor)
    record = await backend.offer("one", "echo up; sleep 60")
    await record.until(lambda record: record.text())
    backend.login_refusal = Code.TOKEN_REVOKED
    backend.me_answers = [web.Response(status=503), web.Response(status=502)]
    await backend.close(4401)
    assert await program.ended() == 3
    assert "was revoked" in program.text and "wegent-executor login" in program.text
    assert not backend.me_answers, "a server that does not say why has not revoked it"
    backend.login_refusal = None
    credentials.save(Login(backend.url, "new"), environ=environ)
    start(start_executor)
    assert (await record.ended()).status == "failed"
    assert backend.tokens[-1] == "new"


async def test_a_newer_login_in_the_file_is_taken_before_anything_is_asked(
    backend: ScriptedBackend, start_executor, environ: dict[str, str]
) -> None:
    credentials.save(Login(backend.url, "old"), environ=environ)
    start(start_executor)
    await backend.connected()
    credentials.save(Login(backend.url, "device", shelf="devices"), environ=environ)
    backend.valid_token = "device"
    backend.me_answers = [web.json_response({"code": Code.TOKEN_REVOKED}, status=401)]
    await backend.close(4401)
    await backend.connected(2)
    assert len(backend.me_answers) == 1


async def test_a_server_that_refuses_and_says_nothing_is_tried_again(
    backend: ScriptedBackend, start_executor
) -> None:
    backend.refuse_upgrade = 401
    backend.me_answers = [web.Response(status=503) for _ in range(1000)]
    program = start_executor()
    await eventually(lambda: len(backend.tokens) > 3)
    assert program.returncode is None
    backend.refuse_upgrade = None
    await backend.connected()


@pytest.mark.parametrize("way", ["flag", "environment"])
async def test_no_child_is_shown_the_login(
    backend: ScriptedBackend, start_claude, programs: Programs, tmp_path: Path, way: str
) -> None:
    """Neither in its arguments nor in its environment; with a successor, too."""
    backend.server_time, backend.successors = DUE, [SECOND]
    replies = [[tool("Bash", command="tail -f /dev/null", description="x")], [text("Done.")]]
    flags = ["--shell", "Command", "--permission-mode", "bypassPermissions"]
    flags += ["--token", FIRST] if way == "flag" else []
    async with model_endpoint(*replies) as endpoint:
        program = start_claude(endpoint, *flags, WEGENT_TOKEN=FIRST if way == "environment" else "")
        await program.line("The login was renewed")
        command = await backend.offer("one", "env; tail -f /dev/null")
        await offer(backend, "two")
        await command.until(lambda record: record.text())

        def children_at_work() -> list[str]:
            found = psutil.Process(program.pid).children(recursive=True)
            try:
                are_at_work = sum(each.name() == "tail" for each in found) == 2
                return [f"{each.cmdline()} {each.environ()}" for each in found] if are_at_work else []
            except psutil.NoSuchProcess:  # one ended while it was looked at: look again
                return []

        shown = await eventually(children_at_work, 40)
        assert len(shown) >= 4, "two shells, two tails, and Claude's own"
        assert not [each for each in shown if FIRST in each or SECOND in each or "WEGENT_TOKEN" in each]
        assert "WEGENT_TOKEN" not in command.text() and FIRST not in command.text()
        await backend.cancel(command, 1)
        await backend.cancel(backend.records["two"], 1)
        await backend.records["two"].ended()


async def test_a_login_in_the_keyring_is_renewed_there(
    backend: ScriptedBackend, start_executor, programs: Programs, environ: dict[str, str]
) -> None:
    keyring = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    code = (
        "import sys; from wegent.client import credentials as c;"
        " print('kept', c.save(c.Login(*sys.argv[1:], shelf='devices'), in_keyring=True))"
    )
    saving = programs.start(sys.executable, "-P", "-c", code, backend.url, FIRST, name="saving", env=keyring)
    assert await saving.ended() == 0, saving.text
    backend.server_time, backend.successors = DUE, [SECOND]
    program = start_executor(WEGENT_TOKEN="", WEGENT_BACKEND_URL="", **keyring)
    await program.line("The login was renewed")
    await program.stop()
    text = credentials.credentials_file(environ).read_text()
    assert '"keyring": true' in text and FIRST not in text and SECOND not in text
    program = start_executor(WEGENT_TOKEN="", WEGENT_BACKEND_URL="", **keyring)
    await backend.connected(2)
    assert backend.tokens == [FIRST, SECOND]
    await program.stop()
    locked = start_executor(
        WEGENT_TOKEN="", WEGENT_BACKEND_URL="", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"
    )
    assert await locked.ended() == 3
    assert "The keyring cannot be used" in locked.text and "Traceback" not in locked.text
