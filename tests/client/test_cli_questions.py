"""Questions of a task and `wegent`: several at once, gone while they are asked, and answered by scripts."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import eventually
from support.scripted_api import ScriptedApi
from support.scripted_turns import Turn
from support.terminal import Terminal, wegent

from wegent.protocol.output_events import Approval, ApprovalDone, Text
from wegent.protocol.states import State

CHOICES = ["allow", "allow_task", "deny"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environ(api: ScriptedApi, tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **api.environ}


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    def run_it(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(wegent(*arguments), env=environ | env, capture_output=True, text=True, timeout=60)

    return run_it


def question(number: int, command: str) -> Approval:
    return Approval(f"a{number}", "Bash", {"command": command}, None, CHOICES)


def asking(api: ScriptedApi, *questions: Approval) -> Turn:
    turn = api.new_turn("clean up")
    api.do(turn.set(State.RUNNING))
    api.do(turn.say(*questions))
    return turn


async def test_of_several_questions_the_one_that_is_asked_is_the_one_above(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    async def ask_both(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(question(1, "make first"), question(2, "make second"))
        for _ in (1, 2):
            answer = await turn.answer()
            # The answer is seen last: what comes after it may come below the next question.
            await turn.say(Text(f"{answer['id']}."), ApprovalDone(answer["id"], answer["choice"], "ann"))
        await turn.end(State.COMPLETED)

    api.script = ask_both
    async with Terminal(wegent("run", "make it"), environ) as terminal:
        await terminal.shows(r"make first\n\? Bash asks for permission:\n    make second\n")
        await terminal.shows(r"\? Bash asks for permission:\n    make first\n\[y\] .*\nYour choice: $")
        terminal.type("y\n")
        await terminal.shows(
            r"a1\.\n(.*\n)*.*\? Bash asks for permission:\n    make second\n\[y\] .*\nYour choice: $"
        )
        terminal.type("n too much\n")
        await terminal.shows(r"denied by ann\n")
        assert await terminal.ends() == 0


async def test_a_question_that_expires_is_taken_back_with_what_was_half_typed(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    turn = asking(api, question(1, "rm -rf build"))
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows("Your choice: $")
        terminal.type("y")  # and no Enter yet
        await terminal.shows("y$")
        api.do(turn.say(ApprovalDone("a1", "deny", "the device", "expired")))
        await terminal.shows("✗ nobody answered in time: denied")
        api.do(turn.say(question(2, "rm -rf dist")))
        await terminal.shows(r"rm -rf dist\n(.*\n)*Your choice: $")
        terminal.type("n\n")
        await eventually(lambda: turn.inputs)
        assert turn.inputs == [{"type": "approval", "id": "a2", "choice": "deny"}]


async def test_half_an_answer_does_not_reach_whoever_reads_next(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = asking(api, question(1, "ls"))
    script = f'{" ".join(wegent("attach", turn.id))}; echo over; read -r typed; echo "[$typed]"'
    async with Terminal(["/bin/bash", "-c", script], environ) as terminal:
        await terminal.shows("Your choice: $")
        terminal.type("rm -rf ")
        await terminal.shows("rm -rf $")
        api.do(turn.say(ApprovalDone("a1", "allow", "ann")))
        api.do(turn.end(State.COMPLETED))
        await terminal.shows("allowed once by ann")
        await terminal.shows("over")
        terminal.type("echo\n")
        await terminal.shows(r"\[echo\]")


async def test_a_job_in_the_background_asks_nothing_and_is_not_stopped_by_the_terminal(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    turn = asking(api, question(1, "ls"))
    command = " ".join(wegent("attach", turn.id))
    async with Terminal(["/bin/bash", "-c", f"set -m; {command} & wait -f; echo over $?"], environ) as terminal:
        await terminal.shows(f"answer in a terminal with: wegent attach {turn.id}")
        api.do(turn.say(ApprovalDone("a1", "deny", "ann")))
        api.do(turn.end(State.COMPLETED))
        await terminal.shows("over 0")
        assert await terminal.ends() == 0


def test_scripts_see_what_waits_and_answer_it(api: ScriptedApi, run: Run) -> None:
    assert "No task waits" in run("approvals").stderr
    assert run("approvals", "--json").stdout == "[]\n"
    turn = asking(api, question(1, "rm -rf build"))
    assert run("approvals").stdout == f"clean up\tBash rm -rf build\t{turn.id}\n"
    (waiting,) = json.loads(run("approvals", "--json").stdout)
    assert (waiting["subtask_id"], waiting["question"]["id"]) == (turn.id, "a1")
    done = run("answer", turn.id, "deny", "not", "now")
    assert (done.returncode, done.stderr) == (0, "Answered: Bash rm -rf build\n")
    assert turn.inputs.pop() == {"type": "approval", "id": "a1", "choice": "deny", "message": "not now"}
    assert json.loads(run("answer", "--json", turn.task_id, "allow_task").stdout) == {
        "subtask_id": turn.id,
        "task_id": turn.task_id,
        "question_id": "a1",
        "choice": "allow_task",
    }


def test_an_answer_that_is_not_clear_is_not_given(api: ScriptedApi, run: Run) -> None:
    turn = asking(api, question(1, "one"), question(2, "two"))
    several = run("answer", turn.id, "allow")
    assert several.returncode == 2
    assert several.stderr.splitlines()[1:] == ["  --question a1  Bash one", "  --question a2  Bash two"]
    unclear = run("answer", turn.id, "maybe", "--question", "a1")
    assert unclear.returncode == 2 and "Choose from allow, allow_task, deny." in unclear.stderr
    assert run("answer", turn.id, "allow", "but careful", "--question", "a1").returncode == 2
    assert run("answer", turn.id, "allow", "--question", "a9").returncode == 2
    assert turn.inputs == []
    assert run("answer", turn.id, "y", "--question", "a2").returncode == 0
    assert turn.inputs == [{"type": "approval", "id": "a2", "choice": "allow"}]
    api.do(turn.say(ApprovalDone("a1", "deny", "ann"), ApprovalDone("a2", "allow", "ann")))
    assert "asks no such question now" in run("answer", turn.id, "allow").stderr
    assert "现在没有提出" in run("answer", turn.id, "allow", LANG="zh_CN.UTF-8").stderr


async def test_two_who_answer_at_once_are_told_who_was_first(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = asking(api, question(1, "ls"))
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows("Your choice: $")
        code, _, _ = await asyncio.to_thread(_answer, environ, turn.id)
        assert code == 0
        api.do(turn.say(ApprovalDone("a1", "allow", "bob")))
        await terminal.shows("allowed once by bob")
        api.do(turn.end(State.COMPLETED))
        assert await terminal.ends() == 0


def _answer(environ: dict[str, str], id: str) -> tuple[int, str, str]:
    done = subprocess.run(wegent("answer", id, "allow"), env=environ, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr
