"""The main job: `wegent run 'fix the failing test'`, with the real Claude CLI, on a real repository."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.model_endpoint import claude_env, model_endpoint, text, tool
from support.processes import Programs, eventually
from support.terminal import Terminal, wegent
from support.upped import Upped

TESTS = f"{sys.executable} -m unittest -q test_sums.py"


def git(folder: Path, *words: str) -> str:
    """Run git and return what it says."""
    argv = ["git", "-c", "user.name=A Person", "-c", "user.email=person@example.org", *words]
    return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small git repository with a failing test."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "sums.py").write_text("def add(a, b):\n    return a - b\n")
    (folder / "test_sums.py").write_text(
        "import unittest\n\nfrom sums import add\n\n\n"
        "class Sums(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 2), 4)\n"
    )
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Sums")
    assert not is_fixed(folder)
    return folder


def is_fixed(repository: Path) -> bool:
    return subprocess.run(TESTS.split(), cwd=repository, capture_output=True, timeout=60).returncode == 0


async def test_fix_the_failing_test(programs: Programs, repository: Path, tmp_path: Path) -> None:
    source = repository / "sums.py"
    replies = [
        [text("Let me see what fails."), tool("Read", file_path=str(source))],
        [tool("Bash", command=TESTS, description="run the tests")],
        [tool("Edit", file_path=str(source), old_string="a - b", new_string="a + b")],
        [tool("Bash", command=TESTS, description="run the tests again")],
        [text("The test passes now: add() subtracted.")],
        [text("I changed one character in sums.py.")],
    ]
    async with model_endpoint(*replies) as endpoint:
        model = claude_env(tmp_path, endpoint)
        del model["HOME"]
        up = Upped(programs, **model)
        await up.start("--workspace", str(repository))
        env = programs.environment(LANG="C.UTF-8")
        run = wegent("--url", up.url, "run", "--dir", str(repository), "fix the failing test")
        async with Terminal(run, env) as terminal:
            await terminal.shows(r"Let me see what fails\.", 60)
            await terminal.shows(r"\? Bash asks for permission:(.*\n)+.*Your choice: $", 60)
            terminal.type("a\n")
            await terminal.shows(r"\? Edit asks for permission:(.*\n)+.*Your choice: $", 60)
            assert not is_fixed(repository), "nothing is edited before it was allowed"
            terminal.type("y\n")
            await terminal.shows(r"± .*sums\.py  \+1 −1\n", 60)
            # The second run of the tests was allowed with the first.
            await terminal.shows(r"The test passes now: add\(\) subtracted\.", 60)
            assert await terminal.ends(30) == 0
        assert is_fixed(repository)
        assert "sums.py | 2 +-" in git(repository, "diff", "--stat")
        (task,) = (await up.call("GET", "/tasks"))["items"]
        await streamed(up, task["last_subtask"]["subtask_id"])
        await asked_again(up, env, task["task_id"], "what did you do?")
        assert "The test passes now" in str(endpoint.requests[-1]["messages"]), "the session was resumed"
        assert task["last_subtask"]["result"]["session_id"]


async def streamed(up: Upped, subtask_id: str) -> None:
    """All of it is in the stream, and the tests really ran: first failing, then passing."""
    answer = await up.call("GET", f"/subtasks/{subtask_id}/events")
    events = [event for item in answer["items"] for event in item["events"]]
    (diff,) = [event for event in events if event["type"] == "diff"]
    assert "-    return a - b\n+    return a + b\n" in diff["patch"]
    tools = [event["name"] for event in events if event["type"] == "tool_use"]
    assert tools == ["Read", "Bash", "Edit", "Bash"]
    results = [event for event in events if event["type"] == "tool_result"]
    assert [result.get("is_error", False) for result in results] == [False, True, False, False]
    assert "AssertionError: 0 != 4" in str(results[1]["content"])
    assert any(event["type"] == "usage" for event in events)


async def asked_again(up: Upped, env: dict[str, str], task_id: str, prompt: str) -> None:
    """A further turn of the same task, in the terminal."""
    async with Terminal(wegent("--url", up.url, "run", "--task", task_id, prompt), env) as terminal:
        await terminal.shows(r"I changed one character in sums\.py\.", 60)
        assert await terminal.ends(30) == 0


async def test_a_denial_with_words_and_a_follow_up_reach_the_model(programs: Programs, tmp_path: Path) -> None:
    replies = [
        [tool("Bash", command="touch first", description="x")],
        [tool("Bash", command="touch second", description="x")],
        [text("a b c d e f g h", pause=0.5), tool("Bash", command="touch third", description="x")],
        [text("Both are there.")],
        [text("And the follow-up is answered.")],
    ]
    async with model_endpoint(*replies) as endpoint:
        model = claude_env(tmp_path, endpoint)
        del model["HOME"]
        up = Upped(programs, **model)
        await up.start()
        sent = await up.call("POST", "/tasks", json={"prompt": "make files", "shell": "ClaudeCode"})
        subtask = sent["subtask_id"]
        first = await asked(up, subtask, 1)
        await answer(up, subtask, first, "deny", message="not the first, please")
        second = await asked(up, subtask, 2)
        assert "not the first, please" in endpoint.said[1]
        await answer(up, subtask, second, "allow_task")
        await happened(up, subtask, "text", 1)
        given = {"input": {"type": "text", "text": "and what about the fourth?"}}
        await up.call("POST", f"/subtasks/{subtask}/input", json=given)
        settled = await up.settled(subtask)
        assert settled["state"] == "completed"
        events = await happened(up, subtask, "usage", 1)
        assert [event["choice"] for event in events if event["type"] == "approval_done"] == ["deny", "allow_task"]
        assert str(endpoint.requests[-1]["messages"]).count("and what about the fourth?") == 1
        results = [event for event in events if event["type"] == "tool_result"]
        assert [result.get("is_error", False) for result in results] == [True, False, False]
        assert "".join(event["text"] for event in events if event["type"] == "text").startswith("a b c d e f g h")
        folder = up.home / ".wegent-executor/workspace" / sent["task_id"]
        assert sorted(path.name for path in folder.iterdir()) == ["second", "third"]


async def happened(up: Upped, subtask_id: str, kind: str, count: int) -> list[Any]:
    """Wait until there are so many events of one kind, and return all that there are."""

    async def look() -> list[Any] | None:
        answer = await up.call("GET", f"/subtasks/{subtask_id}/events")
        events = [event for item in answer["items"] for event in item["events"]]
        return events if sum(event["type"] == kind for event in events) >= count else None

    found: list[Any] = await eventually(look, 60, f"{count} × {kind}")
    return found


async def asked(up: Upped, subtask_id: str, count: int) -> str:
    """Wait for a question and return its id."""
    events = await happened(up, subtask_id, "approval", count)
    return str([event["id"] for event in events if event["type"] == "approval"][count - 1])


async def answer(up: Upped, subtask_id: str, approval: str, choice: str, **more: str) -> None:
    """Answer a question."""
    given = {"input": {"type": "approval", "id": approval, "choice": choice, **more}}
    await up.call("POST", f"/subtasks/{subtask_id}/input", json=given)
