"""`wegent` as a process with pipes: what it prints where, its exit codes, its JSON."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.processes import eventually
from support.scripted_api import ScriptedApi, device
from support.scripted_turns import Turn
from support.terminal import wegent

from wegent.client import credentials
from wegent.protocol.output_events import Approval, ApprovalDone, Stream, Text, ToolResult, ToolUse
from wegent.protocol.resources import TaskError
from wegent.protocol.states import State

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def environ(api: ScriptedApi, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error",
        "PYTHONDEVMODE": "1",
        **api.environ,
    }


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """Run `wegent` with some input, and more or less of the environment."""

    def ran(*arguments: str, stdin: str = "", **more: str) -> Done:
        env = {name: value for name, value in {**environ, **more}.items() if value}
        return subprocess.run(wegent(*arguments), env=env, input=stdin, capture_output=True, text=True, timeout=60)

    return ran


async def converse(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.say(Text("Looking. "), ToolUse("t1", "Bash", {"command": "ls"}), ToolResult("t1", "x.py"))
    await turn.say(Text("It is “x.py”."))
    await turn.end(State.COMPLETED, {"text": "It is “x.py”."})


async def too_long(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    error = TaskError("timed_out", "It was stopped after 2 seconds.", "Retry with a larger timeout_seconds.")
    await turn.end(State.FAILED, {"exit_code": -2}, error)


async def command(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.say(Stream("stdout", "one\ntwo"), Stream("stderr", "oh\n"))
    code = int(turn.body["prompt"].split()[-1])
    if code:
        await turn.end(
            State.FAILED,
            {"exit_code": code},
            TaskError("shell_failed", "It went wrong.", "Read the end of the output."),
        )
    else:
        await turn.end(State.COMPLETED, {"exit_code": 0})


async def run_on(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.say(Stream("stdout", "begun\n"))
    await turn.is_stop_wanted.wait()
    await turn.end(State.CANCELLED)


def test_the_answer_goes_to_standard_output_and_all_else_beside_it(api: ScriptedApi, run: Run) -> None:
    api.script = converse
    done = run("run", "where", "is", "it?")
    assert (done.returncode, done.stdout) == (0, "Looking. \n\nIt is “x.py”.\n")
    assert "✓ Bash ls" in done.stderr.splitlines()
    (turn,) = api.turns.values()
    assert turn.body == {"prompt": "where is it?"}


def test_what_ran_out_of_time_does_not_end_as_what_was_stopped(api: ScriptedApi, run: Run) -> None:
    api.script = too_long
    assert run("run", "--shell", "Command", "sleep 5").returncode == 1


@pytest.mark.parametrize(("code", "exit_code"), [(0, 0), (3, 3), (-9, 137), (300, 1)])
def test_a_commands_exit_code_is_its_own(code: int, exit_code: int, api: ScriptedApi, run: Run) -> None:
    api.script = command
    done = run("run", "--shell", "Command", f"exit {code}")
    assert (done.returncode, done.stdout) == (exit_code, "one\ntwo")
    assert "oh\n" in done.stderr
    assert ("✗ It went wrong.\n  Read the end of the output.\n" in done.stderr) == (code != 0)


def test_a_failure_is_1(api: ScriptedApi, run: Run) -> None:
    async def fail(turn: Turn) -> None:
        await turn.end(State.FAILED, None, TaskError("device_lost", "The device went away.", "Try again."))

    api.script = fail
    done = run("run", "hi")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The device went away." in done.stderr and "Try again." in done.stderr
    assert "设备断开了连接" in run("run", "hi", LANG="zh_CN.UTF-8").stderr


def test_every_flag_of_run_reaches_the_server(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    api.script = converse
    first = ["-d", "workstation", "-s", "ClaudeCode", "--dir", "/data", "--wait", "--title", "A title"]
    more = ["--model", "m", "--option", "max_turns=5", "--option", "system_prompt=be=brief"]
    assert run("run", *first, *more, "-", stdin="from\nstdin").returncode == 0
    (turn,) = api.turns.values()
    assert turn.body == {
        "prompt": "from\nstdin",
        "device_id": device().device_id,
        "shell": "ClaudeCode",
        "wait": True,
        "title": "A title",
        "options": {"model": "m", "max_turns": 5, "system_prompt": "be=brief", "workdir": "/data"},
    }
    sent = run("run", "--task", turn.id, "--dir", os.path.relpath(tmp_path), "--bg", "--", "-x")
    assert sent.stderr == f"It goes on. Come back with: wegent attach {sent.stdout.strip()}\n"
    again = api.turns[sent.stdout.strip()]
    assert again.task_id == turn.task_id
    assert again.body["prompt"] == "-x"
    assert Path(again.body["options"]["workdir"]).resolve() == tmp_path.resolve()
    assert Path(again.body["options"]["workdir"]).is_absolute()


def test_json_is_a_line_per_event_and_then_the_end(api: ScriptedApi, run: Run) -> None:
    api.script = command
    done = run("run", "--json", "exit 3")
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    (turn,) = api.turns.values()
    assert done.returncode == 3
    assert lines[0] == {"type": "sent", "subtask_id": turn.id, "task_id": turn.task_id}
    assert lines[1:3] == [
        {"seq": 1, "type": "stream", "name": "stdout", "text": "one\ntwo"},
        {"seq": 2, "type": "stream", "name": "stderr", "text": "oh\n"},
    ]
    assert lines[3]["type"] == "done" and lines[3]["state"] == "failed" and lines[3]["seq"] == 2
    assert lines[3]["result"] == {"exit_code": 3} and lines[3]["error"]["code"] == "shell_failed"
    attached = run("--json", "attach", turn.task_id)
    assert attached.stdout.splitlines() == done.stdout.splitlines()[1:]
    assert attached.returncode == 3


def test_attach_shows_it_all_again(api: ScriptedApi, run: Run) -> None:
    api.script = converse
    done = run("run", "hi")
    (turn,) = api.turns.values()
    for id in (turn.id, turn.task_id):
        again = run("attach", id)
        assert (again.returncode, again.stdout) == (0, done.stdout)
    assert run("attach", "nothing").returncode == 1


def test_lists(api: ScriptedApi, run: Run) -> None:
    api.script = converse
    assert "No tasks yet." in run("tasks").stderr
    assert run("run", "--title", "Find\tit", "hi").returncode == 0
    (turn,) = api.turns.values()
    assert run("tasks").stdout == f"Find it\t✓ completed\t{turn.id}\n"
    assert [task["title"] for task in json.loads(run("tasks", "--json").stdout)] == ["Find\tit"]
    assert run("devices").stdout.split("\t")[:3] == ["workstation", "🟢 online", "0/5"]
    assert "🟢 在线" in run("devices", LANG="zh_CN.UTF-8").stdout
    assert [each["name"] for each in json.loads(run("devices", "--json").stdout)] == ["workstation"]
    api.devices = []
    assert run("devices").stdout == "" and "wegent-executor" in run("devices").stderr


def test_the_default_device(api: ScriptedApi, run: Run) -> None:
    assert "No default device." in run("default").stderr
    assert "Default device: workstation" in run("default", "workstation").stderr
    assert json.loads(run("default", "--json").stdout)["is_default"] is True
    assert "No default device." in run("default", "--unset").stderr
    assert run("default", "nowhere").returncode == 1


def test_cancel(api: ScriptedApi, run: Run) -> None:
    turn = api.new_turn()
    assert "Stopped." in run("cancel", turn.id).stderr
    assert turn.state is State.CANCELLED
    again = run("cancel", turn.id)
    assert again.returncode == 0 and "It had ended before: stopped." in again.stderr
    assert json.loads(run("cancel", "--json", turn.id).stdout)["state"] == "cancelled"
    running = api.new_turn()
    api.do(running.set(State.RUNNING))
    assert "It is being stopped." in run("cancel", running.id).stderr


def test_what_needs_an_answer_is_never_allowed_without_anybody(api: ScriptedApi, run: Run) -> None:
    async def ask(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(Approval("a1", "Bash", {"command": "rm -rf /"}, None, ["allow", "deny"]))
        await asyncio.sleep(0.5)
        assert turn.inputs == []
        await turn.say(ApprovalDone("a1", "deny", "ann"))
        await turn.end(State.COMPLETED)

    api.script = ask
    for flags in ([], ["--json"]):
        done = run("run", *flags, "clean up", stdin="y\n")
        turn = list(api.turns.values())[-1]
        assert done.returncode == 0
        assert done.stderr.count(f"wegent attach {turn.id}") == 1
        assert f"wegent attach {turn.id}" not in run("attach", turn.id).stderr


def test_logging_in_and_out(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    bare = {"WEGENT_BACKEND_URL": "", "WEGENT_TOKEN": ""}
    login = ["login", "--url", api.url, "--username", "ann", "--password-stdin"]
    assert run("devices", **bare).returncode == 3
    wrong = run(*login, stdin="wrong\n", **bare)
    assert wrong.returncode == 3 and "password is wrong" in wrong.stderr
    done = run(*login, stdin="pässword\n", **bare)
    assert done.returncode == 0 and f"Logged in to {api.url} as ann." in done.stderr
    saved = credentials.load(environ={"WEGENT_HOME": str(tmp_path / ".wegent-executor")})
    assert saved is not None and (saved.token, saved.user) == ("api-token", "ann")
    assert api.saved_tokens[0].startswith("wegent on ")
    assert "session" not in api.valid_tokens
    assert "workstation" in run("devices", **bare).stdout
    assert run("logout", **bare).returncode == 0
    assert "api-token" not in api.valid_tokens
    assert run("devices", **bare).returncode == 3
    assert "no login" in run("logout", **bare).stderr


def test_logging_in_with_a_token(api: ScriptedApi, run: Run) -> None:
    bare = {"WEGENT_BACKEND_URL": "", "WEGENT_TOKEN": ""}
    assert run("login", "--url", api.url, "--token-stdin", stdin="wrong\n", **bare).returncode == 3
    assert run("login", "--url", api.url, "--token-stdin", stdin="\n", **bare).returncode == 2
    done = run("login", "--url", api.url, "--token-stdin", "--json", stdin="a-token\n", **bare)
    assert json.loads(done.stdout) == {"url": api.url, "user": "ann", "expires_at": None}
    assert "workstation" in run("devices", **bare).stdout


def test_usage_errors_are_2_and_say_what_to_do(api: ScriptedApi, run: Run) -> None:
    assert run().returncode == 2
    assert run("run").returncode == 2
    assert run("run", "-", stdin=" ").returncode == 2
    assert run("run", "--option", "nothing", "hi").returncode == 2
    assert "--token-stdin" in run("login").stderr
    elsewhere = run("devices", "--url", "http://127.0.0.1:1", WEGENT_TOKEN="", WEGENT_BACKEND_URL="")
    assert elsewhere.returncode == 3 and "wegent login --url http://127.0.0.1:1`" in elsewhere.stderr
    assert run("--version").stdout.startswith("wegent ")
    bad = run("devices", WEGENT_RECONNECT_MAX_SECONDS="soon")
    assert bad.returncode == 2 and "WEGENT_RECONNECT_MAX_SECONDS" in bad.stderr
    assert api.turns == {}


def test_errors_are_json_where_json_was_asked_for(api: ScriptedApi, run: Run) -> None:
    api.devices = [device(status="offline")]
    done = run("--json", "run", "-d", "workstation", "hi")
    assert (done.returncode, done.stdout) == (1, "")
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "device_offline" and error["hint"]


def test_help_is_in_the_readers_language(run: Run) -> None:
    assert "send a task and follow it" in run("--help").stdout
    assert "发送任务并跟踪输出" in run("--help", LANG="zh_CN.UTF-8").stdout
    assert "130" in run("run", "--help").stdout


def test_a_reader_that_goes_away_is_no_error(api: ScriptedApi, environ: dict[str, str]) -> None:
    async def babble(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        for _ in range(200):
            await turn.say(Stream("stdout", "line\n" * 1000))

    api.script = babble
    program = subprocess.Popen(
        wegent("run", "babble"), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None and program.stderr is not None
    program.stdout.readline()
    program.stdout.close()
    assert program.wait(30) == 141
    assert b"Traceback" not in program.stderr.read()
    program.stderr.close()
    (turn,) = api.turns.values()
    assert not turn.is_stop_wanted.is_set()


async def begin(environ: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    """Start `wegent` and return when it has printed a line."""
    program = await asyncio.create_subprocess_exec(
        *wegent(*arguments), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    await asyncio.wait_for(program.stdout.readline(), 20)
    return program


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
async def test_an_interrupt_asks_to_stop(flags: list[str], api: ScriptedApi, environ: dict[str, str]) -> None:
    api.script = run_on
    program = await begin(environ, "run", *flags, "hi")
    program.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(program.communicate(), 20)
    assert program.returncode == 130
    assert (b"Stopped." in err) == (not flags)
    assert [turn.state for turn in api.turns.values()] == [State.CANCELLED]


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
async def test_a_second_interrupt_leaves(flags: list[str], api: ScriptedApi, environ: dict[str, str]) -> None:
    async def never_stop(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(Stream("stdout", "begun\n"))

    api.script = never_stop
    program = await begin(environ, "run", *flags, "hi")
    (turn,) = api.turns.values()
    program.send_signal(signal.SIGINT)
    await eventually(lambda: turn.state is State.CANCELLING)
    program.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(program.communicate(), 20)
    assert program.returncode == 130
    assert f"wegent attach {turn.id}".encode() in err


def test_it_starts_quickly_without_what_help_does_not_need() -> None:
    script = "import sys, wegent.cli; print([name for name in ('aiohttp', 'rich') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
