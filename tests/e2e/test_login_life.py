"""A login never dies of age while its executor runs, and ends that when it is revoked: short lives, for real."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.http import session_of
from support.processes import Program, Programs, eventually
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack

from api.config import Settings
from api.store import tables, tokens
from api.store.clock import now_ms
from api.store.database import Database
from wegent.client import credentials
from wegent.client.credentials import Login

LIFE = 7.0
"""Seconds: short, and yet enough for programs to start on a busy machine."""
SHORT = {"WEGENT_TOKEN_DAYS": str(LIFE / 86_400)}
PATIENT = {"WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_HEARTBEAT_SECONDS": "30"}
"""So that no work is lost while a login is, and no connection because the machine is busy."""


@pytest.fixture
async def stack(programs: Programs, redis_server: RedisServer, sqlite_url: str) -> AsyncIterator[Stack]:
    """A stack whose API gives tokens for some seconds; those that a test makes itself are good for seven days."""
    async with running_stack(programs, redis_server, sqlite_url, apis=0, environ=PATIENT) as stack:
        await stack.start_api(**SHORT)
        yield stack


async def short_token(stack: Stack, user: StackUser, name: str = "device") -> str:
    """Make a device's token with a short life."""
    settings = Settings.from_env({**stack.environ, **SHORT})
    async with Database.open(stack.database_url) as database:
        issued = await tokens.issue(database, settings, user.id, name=name, scopes=["device"])
    return issued.token


async def chain(stack: Stack, name: str) -> Any:
    """Return the row of a token."""
    async with Database.open(stack.database_url) as database, database.read() as connection:
        return await connection.fetch_one(tables.tokens.select().where(tables.tokens.c.name == name))


def keep(stack: Stack, name: str, token: str) -> dict[str, str]:
    """Log an executor in by its file; return the environment that leaves it to that."""
    home = stack.programs.root / "executors" / name
    credentials.save(Login(stack.url, token, shelf="devices"), True, {"WEGENT_HOME": str(home)})
    return {"WEGENT_TOKEN": "", "WEGENT_BACKEND_URL": ""}


async def begin(stack: Stack, user: StackUser, flag: Path, device: str = "executor") -> str:
    """Begin a task that says something every now and then until there is ``flag``; return its id."""
    line = f"until [ -e {flag} ]; do echo tick; sleep 0.2; done; echo done"
    sent = await stack.send(user, line, device_id=device, shell="Command")

    async def is_running() -> bool:
        return bool((await stack.subtask(user, sent["subtask_id"]))["state"] == "running")

    await eventually(is_running)
    return str(sent["subtask_id"])


async def finish(stack: Stack, user: StackUser, flag: Path, subtask: str) -> None:
    """Let the task end, and look whether nothing of it is missing."""
    await asyncio.to_thread(flag.touch)
    assert (await stack.settled(user, subtask))["state"] == "completed"
    said = "".join(event["text"] for event in await stack.events(user, subtask))
    assert said.endswith("tick\ndone\n") and not said.replace("tick\n", "").removesuffix("done\n")


async def test_a_running_executor_outlives_its_token_three_times_with_a_task_at_work(
    stack: Stack, tmp_path: Path
) -> None:
    user, flag = await stack.user(), tmp_path / "flag"
    environ = keep(stack, "filed", await short_token(stack, user, "filed"))
    filed = await stack.start_executor(user, "filed", **environ)
    given = await stack.start_executor(user, "given", WEGENT_TOKEN=await short_token(stack, user, "given"))
    subtasks = [await begin(stack, user, flag, device) for device in ("filed", "given")]

    async def have_lived_three_lives() -> bool:
        rows = [await chain(stack, name) for name in ("filed", "given")]
        return all(now_ms() - row["created_at"] > 3 * LIFE * 1000 for row in rows)

    await eventually(have_lived_three_lives, 60)
    for name, program in (("filed", filed), ("given", given)):
        assert (program.returncode, program.text.count("Connected to")) == (None, 1), program.text
        assert program.text.count("The login was renewed") >= 4
        assert (await stack.get(user, f"/devices/{name}"))["status"] != "offline"
        assert (await chain(stack, name))["generation"] >= 4
    stack.proxy.cut()  # who connects now has the newest successor
    for program in (filed, given):
        await eventually(lambda program=program: program.text.count("Connected to") == 2)
    for subtask in subtasks:
        await finish(stack, user, flag, subtask)
    session = await session_of(stack, user)
    assert sorted(each["name"] for each in (await stack.get(session, "/tokens"))["items"]) == [
        "filed",
        "given",
        "test",
    ]


async def test_a_login_that_ended_while_the_computer_slept_waits_for_another_one_and_the_work_goes_on(
    stack: Stack, tmp_path: Path
) -> None:
    user, flag = await stack.user(), tmp_path / "flag"
    program = await stack.start_executor(user, **keep(stack, "executor", await short_token(stack, user)))
    given = await stack.start_executor(user, "given", WEGENT_TOKEN=await short_token(stack, user))
    subtask = await begin(stack, user, flag)
    for each in (program, given):
        each.freeze()
    await asyncio.sleep(LIFE + 1)  # as a laptop that sleeps for weeks
    for each in (program, given):
        each.thaw()
    await program.line("not valid any more: The token has expired. Work goes on; run `wegent-executor login`")
    assert await given.ended() == 3
    assert "The token has expired." in given.text and "wegent-executor login" in given.text
    keep(stack, "executor", user.token)
    await eventually(lambda: program.text.count("Connected to") == 2)
    await finish(stack, user, flag, subtask)


async def test_a_revoked_login_ends_the_executor_and_the_next_start_reports_what_ran(
    stack: Stack, tmp_path: Path
) -> None:
    user = await stack.user()
    program = await stack.start_executor(user, **keep(stack, "executor", await stack.token(user, "device")))
    subtask = await begin(stack, user, tmp_path / "never")
    session = await session_of(stack, user)
    made = next(each for each in (await stack.get(session, "/tokens"))["items"] if each["scopes"] == ["device"])
    assert (await stack.call(session, "DELETE", f"/tokens/{made['id']}"))[0] == 204
    assert await program.ended() == 3
    assert "This computer's login was revoked. Run `wegent-executor login`" in program.text
    assert (await stack.subtask(user, subtask))["state"] == "running"
    again = await stack.start_executor(user, **keep(stack, "executor", await stack.token(user, "device")))
    settled = await stack.settled(user, subtask)
    assert (settled["state"], settled["error"]["code"]) == ("failed", "executor_restarted")
    assert again.returncode is None


async def test_programs_that_share_a_file_renew_it_together_and_none_is_left_behind(stack: Stack) -> None:
    user = await stack.user()
    home = stack.programs.root / "executors/shared"
    environ = {"WEGENT_HOME": str(home)}
    settings = Settings.from_env({**stack.environ, **SHORT})
    async with Database.open(stack.database_url) as database:
        issued = await tokens.issue(database, settings, user.id, name="shared")
    credentials.save(Login(stack.url, issued.token), environ=environ)
    bare = msgspec.structs.replace(user, token="")
    env = stack.executor_environment(bare, home, WEGENT_BACKEND_URL="", LANG="C.UTF-8")
    executor = stack.programs.module("executor.main", "--shell", "Command", name="executor", env=env)
    await executor.line("Connected to")
    begun = now_ms()
    while now_ms() - begun < 2 * LIFE * 1000:
        several: list[Program] = [
            stack.programs.module("wegent.cli", "devices", name=f"cli-{n}", env=env) for n in range(3)
        ]
        assert [await each.ended() for each in several] == [0, 0, 0], [each.text for each in several]
    assert (executor.returncode, executor.text.count("Connected to")) == (None, 1)
    row = await chain(stack, "shared")
    assert 2 <= row["generation"] <= 6, "one for each half of a life, whoever asked"
    saved = credentials.load(environ=environ)
    assert saved is not None and saved.token != issued.token
