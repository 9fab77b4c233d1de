"""`wegent` in a terminal with a person in front of it: questions, Ctrl-C, what is shown live."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest
from support.processes import eventually
from support.scripted_api import ScriptedApi, device
from support.scripted_turns import NOW, Turn
from support.terminal import Terminal, wegent

from wegent.client import credentials
from wegent.protocol.output_events import Approval, ApprovalDone, Diff, File, Stream, Text, ToolResult, ToolUse
from wegent.protocol.states import State

CHOICES = ["allow", "allow_task", "deny"]


@pytest.fixture
def environ(api: ScriptedApi, tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **api.environ}


async def ask_twice(turn: Turn) -> None:
    """Ask, say what was answered, and ask again."""
    await turn.set(State.RUNNING)
    for number in (1, 2):
        question = Approval(f"a{number}", "Bash", {"command": f"make step{number}"}, None, CHOICES)
        await turn.say(Text(f"Step {number}."), question)
        answer = await turn.answer()
        await turn.say(ApprovalDone(answer["id"], answer["choice"], "ann"))
        await turn.say(Text(f"You said: {answer['choice']} {answer.get('message')}"))
    await turn.end(State.COMPLETED)


async def test_questions_are_asked_and_answered(api: ScriptedApi, environ: dict[str, str]) -> None:
    api.script = ask_twice
    async with Terminal(wegent("run", "make it"), environ) as terminal:
        await terminal.shows(r"Step 1\.\n\? Bash asks for permission:\n    make step1\n")
        await terminal.shows(
            r"\[y\] allow once  \[a\] allow this tool for this task, .*  \[n\] deny .*\nYour choice: $"
        )
        terminal.type("what?\n")
        await terminal.shows(r"“what\?” is none of these\.\nYour choice: $")
        terminal.type("y\n")
        # Between two pieces the line that says what it waits for may come and go.
        await terminal.shows(r"✓ allowed once by ann\n(.*\n)*.*You said: allow None")
        await terminal.shows(r"make step2\n(.*\n)*Your choice: $")
        terminal.type("n not this one\n")
        await terminal.shows(r"✗ denied by ann\n(.*\n)*.*You said: deny not this one\n$")
        assert await terminal.ends() == 0


async def test_output_that_comes_meanwhile_does_not_hide_the_question(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    api.script = ask_twice
    async with Terminal(wegent("run", "make it"), environ) as terminal:
        await terminal.shows("Your choice: $")
        (turn,) = api.turns.values()
        api.do(turn.say(ToolUse("t1", "Read", {"file_path": "x.py"}), ToolResult("t1", "")))
        await terminal.shows(r"✓ Read x\.py\nYour choice: $")
        terminal.type("a\n")
        await terminal.shows("allowed for this task by ann")


async def test_a_question_answered_elsewhere_disappears(api: ScriptedApi, environ: dict[str, str]) -> None:
    api.script = ask_twice
    async with Terminal(wegent("run", "make it"), environ) as terminal:
        await terminal.shows("Your choice: $")
        (turn,) = api.turns.values()

        async def answer_elsewhere(number: int) -> None:
            async with turn.changed:
                turn.inputs.append({"type": "approval", "id": f"a{number}", "choice": "deny"})
                turn.changed.notify_all()

        api.do(answer_elsewhere(1))
        await terminal.shows("✗ denied by ann")
        last_line = terminal.raw.rpartition("✗ denied")[0].rpartition("\n")[2]
        assert re.search(r"Your choice: .*\x1b\[2K", last_line)
        await terminal.shows(r"make step2\n(.*\n)*Your choice: $")
        terminal.type("y\n")
        await terminal.shows("You said: allow None")
        assert await terminal.ends() == 0
        assert [each["choice"] for each in turn.inputs] == []


async def test_what_was_typed_before_the_question_does_not_answer_it(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    begin = asyncio.Event()

    async def later(turn: Turn) -> None:
        await turn.say(Text("Thinking it over.\n"))
        await begin.wait()
        await ask_twice(turn)

    api.script = later
    async with Terminal(wegent("run", "make it"), environ) as terminal:
        await terminal.shows("Thinking it over")
        terminal.type("y\ny\n")
        await asyncio.sleep(0.2)
        api._loop.call_soon_threadsafe(begin.set)
        await terminal.shows("Your choice: $")
        await asyncio.sleep(0.3)
        (turn,) = api.turns.values()
        assert len(turn.events) == 3
        terminal.type("n\n")
        await terminal.shows("denied by ann")


async def test_attaching_asks_only_what_is_still_open(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = api.new_turn()
    api.do(turn.set(State.RUNNING))
    old = [Approval("a1", "Bash", {"command": "one"}), ApprovalDone("a1", "allow", "ann")]
    api.do(turn.say(*old, Approval("a2", "Bash", {"command": "two"}, None, CHOICES)))
    api.faults.max_events = 1  # each in a frame of its own, as a long history comes
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows(r"allowed once by ann\n(.*\n)*    two\n(.*\n)*Your choice: $")
        assert terminal.text.count("Your choice") == 1
        assert terminal.lines[-3:-1] == [
            "    two",
            "[y] allow once  [a] allow this tool for this task, whatever its input  [n] deny (words may follow)",
        ]
        terminal.type("\x04")  # Ctrl-D: there will be no answer from here
        await terminal.shows(f"wegent attach {turn.id}")


async def test_the_place_in_the_queue_is_shown_live_and_taken_back(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    async def wait(turn: Turn) -> None:
        turn.queue_position = 3

    api.script = wait
    api.devices = [device(name="workstation", status="busy")]
    async with Terminal(wegent("run", "-d", "workstation", "hi"), environ) as terminal:
        await terminal.shows(r"3rd in the queue on workstation…$")
        (turn,) = api.turns.values()
        api.do(turn.set(State.QUEUED, 2))
        await terminal.shows(r"2nd in the queue on workstation…$")
        api.do(turn.set(State.RUNNING))
        await terminal.shows(r"Running on workstation…$")
        api.do(turn.say(Text("Hello.")))
        api.do(turn.end(State.COMPLETED))
        assert await terminal.ends() == 0
    assert [line for line in terminal.lines if line] == ["Hello."]


async def test_who_waits_for_a_paused_device_is_told_that_it_is(api: ScriptedApi, environ: dict[str, str]) -> None:
    api.devices = [device(paused=True)]
    turn = api.new_turn()
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows(r"1st in the queue on workstation, which is paused…$")
        api.do(turn.end(State.CANCELLED))
        assert await terminal.ends() == 130


async def test_ctrl_c_asks_to_stop_and_a_second_one_leaves(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = api.new_turn()
    api.do(turn.set(State.RUNNING))
    api.do(turn.say(Stream("stdout", "begun\n")))
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows("begun\n")
        terminal.type("\x03")
        await terminal.shows(r"Stopping… \(Ctrl-C again leaves it")
        await eventually(lambda: turn.state is State.CANCELLING)
        terminal.type("\x03")
        await terminal.shows(f"wegent attach {turn.id}\n")
        assert await terminal.ends() == 130
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows("begun\n")
        api.do(turn.end(State.CANCELLED))
        await terminal.shows("■ Stopped.")
        assert await terminal.ends() == 130


async def test_ctrl_c_while_sending_stops_it_once_sent(api: ScriptedApi, environ: dict[str, str]) -> None:
    api.lost_answers = 3
    async with Terminal(wegent("run", "hi"), environ) as terminal:
        await eventually(lambda: ("POST", "/tasks") in api.requests)
        terminal.type("\x03")
        await terminal.shows("It will be stopped as soon as it is sent")
        await terminal.shows("■ Stopped.")
        assert await terminal.ends() == 130
    assert [turn.state for turn in api.turns.values()] == [State.CANCELLED]


async def test_a_lost_connection_is_told_and_forgotten(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = api.new_turn()
    api.do(turn.set(State.RUNNING))
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        await terminal.shows("Running on workstation…$")
        api.faults.refuse = 1
        api.cut_all()
        await terminal.shows("The connection is lost .*; reconnecting…$")
        api.faults.refuse = 0
        await terminal.shows("Running on workstation…$")
        api.do(turn.say(Text("Here again.")))
        await terminal.shows("Here again.")


async def test_colours_are_for_those_who_want_them(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = api.new_turn()
    api.do(turn.say(Diff("x.py", "@@ -1 +1 @@\n-old\n+new\n")))
    api.do(turn.end(State.COMPLETED))
    async with Terminal(wegent("attach", turn.id), environ) as terminal:
        assert await terminal.ends() == 0
        assert "\x1b[32m  +new" in terminal.raw and "\x1b[31m  -old" in terminal.raw
    async with Terminal(wegent("attach", turn.id), {**environ, "NO_COLOR": "1"}) as terminal:
        assert await terminal.ends() == 0
        assert "  +new\n" in terminal.text and "\x1b[3" not in terminal.raw


async def test_a_narrow_terminal_is_not_overrun(api: ScriptedApi, environ: dict[str, str]) -> None:
    turn = api.new_turn()
    api.do(turn.set(State.RUNNING))
    async with Terminal(wegent("attach", turn.id), environ, columns=30) as terminal:
        await terminal.shows("Running on workstation…$")
        api.do(turn.say(ToolUse("t1", "Bash", {"command": "echo " + "很长" * 60})))
        await terminal.shows("Bash echo .*…$")
        api.do(turn.say(ToolResult("t1", "")))
        await terminal.shows("✓ Bash .*…\n")
        api.do(turn.end(State.COMPLETED))
        assert await terminal.ends() == 0
    widths = [len(line) + sum(character in "很长" for character in line) for line in terminal.lines]
    assert 20 < max(widths) <= 30


async def test_lists_are_tables(api: ScriptedApi, environ: dict[str, str]) -> None:
    api.devices = [device(is_default=True), device("d2", "gpu-box", status="offline")]
    async with Terminal(wegent("devices"), environ) as terminal:
        assert await terminal.ends() == 0
        assert re.search(r"Device +Status +Slots +Queued +Shells +Id", terminal.text)
        assert re.search(r"workstation ⭐ +🟢 online +0/5 +0 +ClaudeCode, Command +0f3d5a7e\b", terminal.text)


async def test_logging_in_asks_and_ctrl_c_ends_that(
    api: ScriptedApi, environ: dict[str, str], tmp_path: Path
) -> None:
    del environ["WEGENT_TOKEN"]
    async with Terminal(wegent("login", "--username", "ann"), environ) as terminal:
        await terminal.shows("Password: $")
        terminal.type("pässword\n")
        await terminal.shows("Logged in to .* as ann.")
        assert await terminal.ends() == 0
        assert "pässword" not in terminal.text
    async with Terminal(wegent("login", "--username", "ann"), environ) as terminal:
        await terminal.shows("Password: $")
        terminal.type("\x03")
        assert await terminal.ends() == 130
        assert "Traceback" not in terminal.text


@pytest.mark.parametrize("argv", [["login"], ["login", "--device-code"]], ids=["default", "told"])
async def test_a_computer_is_logged_in_by_a_code(
    api: ScriptedApi, environ: dict[str, str], tmp_path: Path, argv: list[str]
) -> None:
    del environ["WEGENT_TOKEN"]
    async with Terminal(wegent(*argv), environ) as terminal:
        await terminal.shows(r"\n    https://wegent\.example\.org/app/devices/pair\n")
        await terminal.shows(r"\n    ABCD-2345\n")
        await terminal.shows(r"wegent-server approve ABCD-2345")
        await terminal.shows("good for 10 minutes")
        await eventually(lambda: len(api.pairing_polls) > 2)
        api.approve()
        await terminal.shows("Logged in to .* as ann.")
        assert await terminal.ends() == 0
        assert "a-secret" not in terminal.text
    assert api.pairing_names[0].startswith("wegent on ")
    assert api.pairing_scopes == [["device", "send", "read"]]
    saved = credentials.load(api.url, {"WEGENT_HOME": str(tmp_path / ".wegent-executor")})
    assert saved is not None and (saved.token, saved.user, saved.expires_at) == ("paired", "ann", NOW)


async def test_waiting_for_approval_is_given_up_with_ctrl_c(api: ScriptedApi, environ: dict[str, str]) -> None:
    environ["LANG"] = "zh_CN.UTF-8"
    async with Terminal(wegent("login", "--device-code"), environ) as terminal:
        await terminal.shows("10 分钟内有效")
        terminal.type("\x03")
        assert await terminal.ends() == 130
        assert "Traceback" not in terminal.text


async def test_only_the_answer_is_in_the_file(api: ScriptedApi, environ: dict[str, str], tmp_path: Path) -> None:
    api.script = ask_twice
    with (tmp_path / "answer").open("w") as out:
        async with Terminal(wegent("run", "make it"), environ, stdout=out.fileno()) as terminal:
            for _ in range(2):
                await terminal.shows("Your choice: $")
                terminal.type("y\n")
                await terminal.shows("allowed once by ann")
            assert await terminal.ends() == 0
    said = (tmp_path / "answer").read_text()
    assert said == "Step 1.\n\nYou said: allow NoneStep 2.\n\nYou said: allow None\n"


@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
async def test_a_terminal_that_can_do_nothing_gets_no_control_sequence(
    api: ScriptedApi, environ: dict[str, str], term: str
) -> None:
    turn = api.new_turn()
    api.do(turn.set(State.RUNNING))
    api.do(turn.say(ToolUse("t1", "Bash", {"command": "ls"}), Approval("a1", "Bash", {}, None, CHOICES)))
    async with Terminal(wegent("attach", turn.id), {**environ, "TERM": term}) as terminal:
        await terminal.shows("Your choice: $")
        api.do(turn.say(ApprovalDone("a1", "deny", "ann"), Diff("x.py", "@@ -1 +1 @@\n-a\n+b\n")))
        await terminal.shows("denied by ann")
        api.do(turn.end(State.COMPLETED))
        assert await terminal.ends() == 0
        assert ("\x1b" in terminal.raw) == (term != "dumb")


def test_a_pipe_gets_colours_only_by_force_and_never_a_status_line(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    async def work(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(Text("Answer."), ToolUse("t1", "Bash", {"command": "ls"}))
        await asyncio.sleep(0.2)
        await turn.say(ToolResult("t1", "", seconds=1), File("a.txt", "text/plain", 1, "f1"))
        await turn.end(State.COMPLETED)

    api.script = work
    api.files["f1"] = "a.txt", "text/plain", b"x"
    for force, is_coloured in (({}, False), ({"FORCE_COLOR": "1"}, True), ({"TERM": "dumb"}, False)):
        env = {**environ, "TERM": "xterm-256color", **force}
        command = wegent("run", "--save", environ["HOME"], "make it")
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "Answer.\n")
        assert ("\x1b" in done.stderr) == is_coloured
        assert "\r" not in done.stderr and "\x1b[2K" not in done.stderr and "Running on" not in done.stderr
