"""The client and `wegent` against the real thing: API, worker, Redis, an executor, the Claude CLI."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.model_endpoint import claude_env, model_endpoint, text, tool
from support.processes import eventually
from support.stack import Stack, StackUser
from support.terminal import Terminal, wegent

from wegent import (
    AsyncClient,
    DeviceOfflineError,
    LoginError,
    NotFoundError,
    RefusedError,
    TaskCancelledError,
    TaskFailedError,
    as_completed,
)
from wegent.protocol.output_events import Stream
from wegent.protocol.states import State


def client_of(stack: Stack, user: StackUser) -> AsyncClient:
    environ = {"WEGENT_RECONNECT_MAX_SECONDS": "0.5"}
    return AsyncClient(stack.url, user.token, environ=environ)


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


async def wegent_of(
    stack: Stack, home: Path, *arguments: str, stdin: str = "", **more: str
) -> tuple[int, str, str]:
    """Run `wegent` with a home of its own."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "WEGENT_BACKEND_URL": stack.url}
    program = await asyncio.create_subprocess_exec(
        *wegent(*arguments),
        env=env | more,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(program.communicate(stdin.encode()), 60)
    assert program.returncode is not None
    return program.returncode, out.decode(), err.decode()


async def test_a_person_sends_follows_continues_and_stops(stack: Stack) -> None:
    user = await stack.user()
    await stack.start_executor(user, "workstation")
    async with asyncio.timeout(90), client_of(stack, user) as client:
        await client.set_default("workstation")
        (device,) = await client.devices
        assert (device.device_id, device.status) == ("workstation", "online")
        task = await client.run_command(python("for n in range(1, 501): print(n)"), device="workst")
        stream = task.stream()
        said = "".join([event.text async for event in stream if isinstance(event, Stream)])
        assert said == "".join(f"{n}\n" for n in range(1, 501)) == await task.output()
        assert stream.outcome is not None and stream.outcome.state is State.COMPLETED
        assert (await task.result(10)).exit_code == 0
        assert [event async for event in task.stream(after=stream.seq)] == []

        failed = await task.ask("echo first; python3 -c 'raise ValueError(1)'; exit 3", shell="Command")
        assert failed.task_id == task.task_id
        with pytest.raises(TaskFailedError) as caught:
            await failed
        assert (caught.value.code, caught.value.result) == ("shell_failed", {"exit_code": 3})
        assert caught.value.output.startswith("first\n")
        assert caught.value.traceback is not None and caught.value.traceback.endswith("ValueError: 1")

        endless = await client.run_command("echo begun; sleep 60")
        await endless.stream().read()
        assert await endless.cancel() is State.CANCELLING
        with pytest.raises(TaskCancelledError):
            await endless.result(20)
        assert [each.last_subtask.state for each in await client.tasks(2) if each.last_subtask] == [
            State.CANCELLED,
            State.FAILED,
        ]

        tasks = await client.map([f"echo {n}" for n in range(6)], devices=["workstation"], shell="Command")
        ended = {each.id: await each.output() async for each in as_completed(tasks, timeout=30)}
        assert [ended[each.id] for each in tasks] == [f"{n}\n" for n in range(6)]


async def test_refusals_are_the_errors_that_they_are(stack: Stack) -> None:
    user, other = await stack.user(), await stack.user()
    program = await stack.start_executor(user, "workstation")
    async with (
        asyncio.timeout(90),
        client_of(stack, user) as client,
        client_of(stack, other) as stranger,
        AsyncClient(stack.url, "no token", environ={}) as nobody,
    ):
        task = await client.run_command("true", device="workstation")
        await task
        for attempt in (stranger.task(task.id), stranger.task(task.task_id), client.task("nothing")):
            with pytest.raises(NotFoundError):
                await attempt
        with pytest.raises(RefusedError) as caught:
            await client.run("hi", device="workstation", shell="Notebook")
        assert caught.value.code == "shell_not_offered"
        with pytest.raises(LoginError):
            await nobody.devices
        stranger_task = type(task)(stranger, task.id, task.task_id)
        with pytest.raises(NotFoundError):
            await stranger_task.stream().read()
        with pytest.raises(LoginError):
            await type(task)(nobody, task.id, task.task_id).stream().read()
        await client.set_default("workstation")
        assert (await client.devices)[0].is_default
        await client.unset_default()
        await program.stop()

        async def is_offline() -> bool:
            return (await client.devices)[0].status == "offline"

        await eventually(is_offline)
        with pytest.raises(DeviceOfflineError):
            await client.run_command("true", device="workstation")
        waiting = await client.run_command("true", device="workstation", wait=True)
        assert await waiting.status is State.QUEUED
        assert await waiting.cancel() is State.CANCELLED


async def test_a_viewer_whose_connection_is_cut_again_and_again_misses_nothing(stack: Stack) -> None:
    user = await stack.user()
    await stack.start_executor(user, "workstation")
    async with asyncio.timeout(120), client_of(stack, user) as client:
        script = "import time\nfor n in range(1, 4001):\n print(n, flush=n % 50 == 0)\n n % 50 or time.sleep(.05)"
        task = await client.run_command(python(script), device="workstation")

        async def cut() -> None:
            while True:
                await asyncio.sleep(0.4)
                stack.proxy.cut()

        cutting = asyncio.create_task(cut())
        try:
            said = "".join([event.text async for event in task.stream() if isinstance(event, Stream)])
        finally:
            cutting.cancel()
        assert said == "".join(f"{n}\n" for n in range(1, 4001))
        assert (await task).exit_code == 0
        assert (await task.subtask()).attempt == 1


async def test_the_terminal_logs_in_runs_lists_and_logs_out(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user("ann")
    await stack.start_executor(user, "workstation")
    home = tmp_path / "ann"

    async def ann(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        return await wegent_of(stack, home, *arguments, stdin=stdin)

    assert (await ann("devices"))[0] == 3
    code, _, err = await ann("login", "--username", "ann", "--password-stdin", stdin=f"{user.password}\n")
    assert code == 0, err
    assert "\t🟢 online\t0/5\t0\tClaudeCode, Command\tworkstation\n" in (await ann("devices"))[1]
    assert "Default device: " in (await ann("default", "workstation"))[2]
    code, out, err = await ann("run", "-s", "Command", "--title", "Count", "printf 'a\\nb'; echo oh >&2; exit 7")
    assert (code, out) == (7, "a\nb")
    assert "oh\n" in err
    code, out, _ = await ann("run", "--json", "-s", "Command", "seq 3")
    lines: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and lines[-1]["state"] == "completed" and lines[-1]["seq"] == len(lines) - 2
    code, out, _ = await ann("tasks", "--json")
    titles = [task["title"] for task in json.loads(out)]
    assert titles == ["seq 3", "Count"]
    assert (await ann("attach", lines[0]["task_id"]))[1] == "1\n2\n3\n"
    code, _, err = await ann("cancel", lines[0]["subtask_id"])
    assert code == 0 and "It had ended before: completed." in err
    assert (await ann("logout"))[0] == 0
    assert (await ann("devices"))[0] == 3


async def test_claude_asks_before_it_edits_and_a_person_answers(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user()
    (tmp_path / "repository").mkdir()
    source = tmp_path / "repository" / "sums.py"
    source.write_text("def add(a, b):\n    return a - b\n")
    replies = [
        [text("Let me look."), tool("Read", file_path=str(source))],
        [tool("Edit", file_path=str(source), old_string="a - b", new_string="a + b")],
        [tool("Bash", command=f"rm {source}", description="clean up")],
        [text("It adds now.")],
    ]
    async with model_endpoint(*replies) as endpoint:
        model = claude_env(tmp_path, endpoint)
        folder = str(tmp_path / "repository")
        await stack.start_executor(user, "workstation", "--workspace", folder, **model)
        login = {"WEGENT_BACKEND_URL": stack.url, "WEGENT_TOKEN": user.token}
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **login}
        async with Terminal(wegent("run", "-d", "workstation", "--dir", folder, "fix sums.py"), env) as terminal:
            await terminal.shows(r"Let me look\.", 60)
            await terminal.shows(r"\? Edit asks for permission:(.*\n)+.*Your choice: $", 60)
            assert source.read_text().endswith("a - b\n")
            terminal.type("y\n")
            await terminal.shows(r"± .*sums\.py  \+1 −1\n", 60)
            await terminal.shows(r"\? Bash asks for permission:(.*\n)+.*Your choice: $", 60)
            terminal.type("n keep the file\n")
            await terminal.shows(r"It adds now\.", 60)
            assert await terminal.ends(30) == 0
        assert source.read_text() == "def add(a, b):\n    return a + b\n"
        assert any("keep the file" in said for said in endpoint.said)


async def test_all_that_can_be_done_to_a_task_is_done_from_a_terminal(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user()
    await stack.start_executor(user, "workstation", "--allow-results")
    token = {"WEGENT_TOKEN": user.token}

    async def run(*arguments: str) -> tuple[int, str, str]:
        return await wegent_of(stack, tmp_path, *arguments, **token)

    (tmp_path / "in.txt").write_text("4")
    command = 'cat "$WEGENT_ATTACHMENTS"/in.txt; echo 2 | tee out.txt; exit 3'
    files = ["--file", str(tmp_path / "in.txt"), "--get", "*.txt", "--save", str(tmp_path / "back")]
    code, out, err = await run("run", "-d", "workstation", "-s", "Command", *files, command)
    assert (code, out) == (3, "42\n"), err
    assert (tmp_path / "back/out.txt").read_text() == "2\n"
    code, out, _ = await run("tasks", "--json")
    last = json.loads(out)[0]["last_subtask"]["subtask_id"]
    assert (await run("log", last, "--after", "1"))[1] == ""
    code, out, _ = await run("log", last, "--json")
    assert [json.loads(line)["type"] for line in out.splitlines()] == ["stream", "file"]
    code, out, _ = await run("retry", last, "--bg")
    again = out.strip()
    assert code == 0 and again != last
    assert (await run("attach", again))[:2] == (3, "42\n")
    assert (await run("rename", again, "Six", "times", "seven"))[0] == 0
    assert "Six times seven" in (await run("tasks"))[1]
    assert "Deleted." in (await run("delete", again))[2]
    assert (await run("log", again))[0] == 1
    code, out, _ = await run("run", "--bg", "-d", "workstation", "-s", "Command", "sleep 30")
    running = out.strip()
    assert (await run("say", running, "hello?"))[0] == 0
    for _ in range(50):
        if "A follow-up was not taken" in (await run("log", running))[2]:
            break
    else:
        raise AssertionError("the log does not say that a command takes no follow-ups")
    code, _, err = await run("delete", running)
    assert code == 1 and err
    assert (await run("cancel", running))[0] == 0


async def test_what_waits_for_one_device_is_moved_to_another(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user()
    executor = await stack.start_executor(user, "workstation")
    await executor.stop()
    await stack.start_executor(user, "second")
    async with asyncio.timeout(60), client_of(stack, user) as client:
        task = await client.run("echo moved", device="workstation", shell="Command", wait=True)
        code, out, err = await wegent_of(stack, tmp_path, "move", task.id, "second", WEGENT_TOKEN=user.token)
        assert (code, out, err) == (0, "", "It waits for second now.\n")
        assert await task.output() == "moved\n"
