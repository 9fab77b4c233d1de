"""Claude Code stays for a while after a turn, so that the next one begins at once; and nothing else stays."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.claude_records import answer, approval, of, offer
from support.marked import commands, hosted
from support.model_endpoint import model_endpoint, text, tool
from support.processes import eventually
from support.scripted_backend import Record, ScriptedBackend

from wegent.protocol.output_events import Approval, Notice, Text

SDKS = ("claude_agent_sdk", "claude_code_sdk")


def clis() -> set[int]:
    """Return the process ids of the CLIs that run."""
    return {process.pid for process in hosted() if "stream-json" in " ".join(_line(process))}


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def ledger(tmp_path: Path) -> list[Path]:
    """Return the files of the hosts that the executor knows."""
    return sorted((tmp_path / "claude-home/.wegent-executor/kept").glob("*.json"))


async def turn(backend: ScriptedBackend, name: str, **fields: Any) -> tuple[Record, str]:
    """Run a turn of the task ``conversation``; return it and its session."""
    record = await offer(backend, name, **{"task_id": "conversation"} | fields)
    end = await record.ended(40)
    assert (end.status, end.error) == ("completed", None)
    assert end.result is not None
    return record, end.result["session_id"]


@pytest.mark.parametrize("sdk", SDKS)
async def test_the_next_turn_of_a_task_finds_its_session_connected_unless_it_wants_another(
    backend: ScriptedBackend, start_claude, sdk: str
) -> None:
    background = tool("Bash", command="setsid sleep 61 >/dev/null 2>&1 & echo hi", description="x")
    replies = [[background], [text("One.")], [text("Two.")], [text("Three.")], [text("Four.")], [text("Five.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, "--permission-mode", "bypassPermissions", sdk=sdk)
        _, session = await turn(backend, "one")
        (first,) = clis()
        assert not commands(), "the background process of the turn is gone, Claude is not"
        _, again = await turn(backend, "two", history_session=session)
        assert (again, clis()) == (session, {first})
        assert "One." in str(endpoint.requests[2]["messages"])
        # Another system prompt, then another task: each needs a connection of its own.
        options = {"system_prompt": "Be brief."}
        _, again = await turn(backend, "three", history_session=session, options=options)
        (second,) = clis()
        assert (again, second != first) == (session, True)
        assert "Be brief." in json.dumps(endpoint.requests[3]["system"])
        assert "Two." in str(endpoint.requests[3]["messages"])
        await turn(backend, "four", task_id="other")
        await turn(backend, "five", history_session=session, options=options)
        assert second in clis()
        assert len(clis()) == 2


async def test_a_turn_that_is_stopped_is_cancelled_and_the_next_one_resumes_its_session(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    command = f"touch {started}; exec sleep 62"
    replies = [[text("One.")], [tool("Bash", command=command, description="x")], [text("Three.")], [text("Four.")]]
    for number, sdk in enumerate(SDKS, 1):
        started.unlink(missing_ok=True)
        async with model_endpoint(*replies) as endpoint:
            program = start_claude(endpoint, sdk=sdk, WEGENT_CANCEL_SECONDS="7.5")
            await backend.connected(number)
            _, session = await turn(backend, f"{sdk}-1")
            stopped = await offer(backend, f"{sdk}-2", task_id="conversation", history_session=session)
            await answer(backend, stopped, await approval(stopped), "allow")
            await eventually(started.exists, 40)
            await backend.cancel(stopped)
            end = await stopped.ended(20)
            assert (end.status, end.result and end.result["session_id"]) == ("cancelled", session)
            assert not clis()
            assert not commands()
            third, again = await turn(backend, f"{sdk}-3", history_session=session)
            assert again == session
            asked = str(endpoint.requests[-1]["messages"])
            assert "One." in asked
            assert not of(third, Approval)
            assert not of(third, Notice)
            await program.stop()


async def test_a_task_goes_on_with_its_session_after_the_executor_was_restarted_or_killed(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    async with model_endpoint([text("One.")], [text("Two.")], [text("Three.")]) as endpoint:
        program = start_claude(endpoint)
        _, session = await turn(backend, "one")
        await program.stop()
        assert not hosted()
        assert not ledger(tmp_path)
        program = start_claude(endpoint)
        await backend.connected(2)
        assert not hosted(), "nothing is started ahead before it is needed"
        _, again = await turn(backend, "two", history_session=session)
        assert again == session
        # Killed, with hosts that cannot even notice it: the next executor ends them.
        await eventually(lambda: len(ledger(tmp_path)) == 2)
        for process in hosted():
            process.suspend()
        left = hosted()
        program.kill()
        assert len(left) >= 3
        start_claude(endpoint)
        await backend.connected(3)
        assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in left)
        assert not ledger(tmp_path)
        third, again = await turn(backend, "three", history_session=session)
        assert again == session
        assert not of(third, Notice)
    assert [word for word in ("One.", "Two.") if word in str(endpoint.requests[2]["messages"])] == ["One.", "Two."]


async def test_what_waits_is_bounded_and_ends_when_it_is_idle_or_dies(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    async with model_endpoint(*[[text("Hello.")]] * 7) as endpoint:
        start_claude(endpoint, WEGENT_WARM_SECONDS="8")
        sessions = [(await turn(backend, f"s{number}", task_id=f"t{number}"))[1] for number in range(3)]
        await eventually(lambda: len(clis()) == 2 and len(ledger(tmp_path)) == 3, 8)
        # One dies while it waits: its task's next turn begins with another one.
        for pid in clis():
            os.kill(pid, 9)
        _, session = await turn(backend, "again", task_id="t2", history_session=sessions[2])
        assert session == sessions[2]
        await eventually(lambda: not hosted() and not ledger(tmp_path), 30)


async def test_a_session_that_would_go_on_by_itself_does_not_stay(backend: ScriptedBackend, start_claude) -> None:
    waiting = tool("Bash", command="sleep 63", description="x", run_in_background=True)
    async with model_endpoint([waiting], [text("It runs.")], [text("never")]) as endpoint:
        start_claude(endpoint)
        record, _ = await turn(backend, "one")
        assert "".join(event.text for event in of(record, Text)) == "It runs."
        await eventually(lambda: not clis() and not commands())
        await asyncio.sleep(0.5)
    assert len(endpoint.requests) == 2


async def test_where_nothing_may_stay_nothing_does(backend: ScriptedBackend, start_claude, tmp_path: Path) -> None:
    async with model_endpoint([text("Hello.")], [text("Again.")]) as endpoint:
        start_claude(endpoint, WEGENT_WARM_SECONDS="0")
        _, session = await turn(backend, "one")
        await eventually(lambda: not hosted() and not ledger(tmp_path))
        assert (await turn(backend, "two", history_session=session))[1] == session


async def test_a_host_that_cannot_be_started_fails_its_turn_and_not_the_executor(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    async with model_endpoint([text("Hello.")]) as endpoint:
        start_claude(endpoint)
        await backend.connected()
        ledger_folder = tmp_path / "claude-home/.wegent-executor/kept"
        ledger_folder.write_text("in the way")
        end = await (await offer(backend, "one")).ended(40)
        assert end.error is not None
        assert "could not run it" in end.error.message
        ledger_folder.unlink()
        await turn(backend, "two")
    assert len(backend.registers) == 1
