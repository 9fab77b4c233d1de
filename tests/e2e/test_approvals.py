"""A question of a task that is open while others answer, processes die, and time passes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.model_endpoint import ModelEndpoint, claude_env, model_endpoint, text, tool
from support.processes import Program, eventually
from support.raw_socket import RefusedError
from support.stack import Stack, StackUser

TOUCH = tool("Bash", command="touch made", description="x")


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[StackUser]:
    yield await stack.user()


async def start(stack: Stack, user: StackUser, endpoint: ModelEndpoint, folder: Path, *flags: str) -> Program:
    return await stack.start_executor(user, "executor", *flags, **claude_env(folder, endpoint))


async def ask(stack: Stack, user: StackUser) -> tuple[str, dict[str, Any]]:
    """Send a turn; return it and the answer that its question waits for."""
    sent = await stack.send(user, "do it", device_id="executor", shell="ClaudeCode")
    (asked,) = await eventually(lambda: of(stack, user, sent["subtask_id"], "approval"), 40, "it asks")
    return sent["subtask_id"], {"type": "approval", "id": asked["id"], "choice": "allow"}


async def of(stack: Stack, user: StackUser, subtask_id: str, kind: str) -> list[Any]:
    """Return the events of one kind."""
    return [event for event in await stack.events(user, subtask_id) if event["type"] == kind]


def rows(stack: Stack, subtask_id: str) -> list[Any]:
    """Return what SQL says of its questions: choice, and who answered."""
    with sqlite3.connect(stack.database_url.removeprefix("sqlite:///")) as connection:
        query = "SELECT choice, answered_by FROM approvals WHERE subtask_id = ?"
        return connection.execute(query, [subtask_id]).fetchall()


def has_made(folder: Path) -> bool:
    return any(folder.rglob("made"))


async def refused(stack: Stack, user: StackUser, subtask_id: str, answer: dict[str, Any]) -> tuple[str, str]:
    """Answer over REST, too late; return the code and the words."""
    status, problem = await stack.call(user, "POST", f"/subtasks/{subtask_id}/input", json={"input": answer})
    assert status == 409
    return problem["code"], problem["detail"]


async def test_of_many_answers_the_first_one_counts_also_after_the_server_restarted(
    stack: Stack, user: StackUser, tmp_path: Path
) -> None:
    async with model_endpoint([TOUCH], [text("Done.")]) as endpoint:
        await start(stack, user, endpoint, tmp_path)
        subtask, answer = await ask(stack, user)
        assert rows(stack, subtask) == [(None, None)]
        api = stack.apis[0]
        api.kill()
        await api.start()
        await stack.online(user, "executor")
        async with stack.viewer(user) as second, stack.viewer(user) as third:
            given = [
                each.input(subtask, {**answer, "choice": choice}, f"client-{choice}")
                for each, choice in ((second, "allow"), (third, "deny"))
            ]
            first, other = await asyncio.gather(*given, return_exceptions=True)
            won = "allow" if first is None else "deny"
            (late,) = [each for each in (first, other) if each is not None]
            assert isinstance(late, RefusedError)
            assert (late.code, f"{user.name} answered first: {won}." in late.message) == ("already_answered", True)
            await second.input(subtask, {**answer, "choice": won}, f"client-{won}")  # said twice
        assert (await stack.settled(user, subtask, 40))["state"] == "completed"
        (done,) = await of(stack, user, subtask, "approval_done")
        assert (done["choice"], done["by"]) == (won, user.name)
        assert rows(stack, subtask) == [(won, user.name)]
        assert (await refused(stack, user, subtask, answer))[0] == "settled"


async def test_a_question_that_nobody_answers_in_time_is_denied_by_the_device(
    stack: Stack, user: StackUser, tmp_path: Path
) -> None:
    replies = [[TOUCH], [text("one two three four five", pause=1)]]
    async with model_endpoint(*replies) as endpoint:
        await start(stack, user, endpoint, tmp_path, "--approval-seconds", "1.5")
        subtask, answer = await ask(stack, user)
        (done,) = await eventually(lambda: of(stack, user, subtask, "approval_done"), 20, "it expires")
        assert (done["choice"], done["reason"]) == ("deny", "expired")
        code, words = await refused(stack, user, subtask, answer)
        assert (code, words) == ("already_answered", "Nobody answered in time, so the device denied it.")
        assert (await stack.settled(user, subtask, 40))["state"] == "completed"
        assert "Nobody answered within 1.5 seconds." in endpoint.said[1]
        assert rows(stack, subtask) == [("deny", None)]
    assert not has_made(tmp_path)


async def test_a_question_ends_with_its_executor(stack: Stack, user: StackUser, tmp_path: Path) -> None:
    async with model_endpoint([TOUCH]) as endpoint:
        executor = await start(stack, user, endpoint, tmp_path)
        subtask, answer = await ask(stack, user)
        async with stack.viewer(user) as viewer:
            await viewer.subscribe(subtask)
            executor.kill()
            await start(stack, user, endpoint, tmp_path)
            done = await viewer.done(40)
            assert done.error is not None
            assert (done.state, done.error.code) == ("failed", "executor_restarted")
        assert rows(stack, subtask) == [("deny", None)]
        assert (await refused(stack, user, subtask, answer))[0] == "settled"
    assert not has_made(tmp_path)
