"""ClaudeCode with the real CLI, run by a real executor, against a scripted model."""

import asyncio
import os
from pathlib import Path

import pytest
from support.claude_records import answer, approval, of, offer
from support.marked import commands
from support.model_endpoint import (
    model_endpoint,
    refuse,
    text,
    thinking,
    tool,
)
from support.processes import eventually
from support.scripted_backend import ScriptedBackend

from wegent.protocol.output_events import (
    Approval,
    ApprovalDone,
    Diff,
    Notice,
    Text,
    Thinking,
    Todo,
    TodoItem,
    ToolResult,
    ToolUse,
    Usage,
)

SDKS = ("claude_agent_sdk", "claude_code_sdk")


@pytest.mark.parametrize("sdk", SDKS)
async def test_text_thinking_edits_and_usage_are_streamed(
    backend: ScriptedBackend, start_claude, tmp_path: Path, sdk: str
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("one\ntwo\nthree\n")
    replies = [
        [thinking("hm"), text("I will look."), tool("Read", file_path=str(folder / "a.txt"))],
        [tool("Edit", file_path=str(folder / "a.txt"), old_string="two", new_string="TWO")],
        [tool("Write", file_path=str(folder / "b.txt"), content="new\n")],
        [tool("TodoWrite", todos=[{"content": "check", "status": "pending", "activeForm": "Checking"}])],
        [text("All done, really.")],
    ]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, "--workspace", str(folder), "--permission-mode", "acceptEdits", sdk=sdk)
        record = await offer(backend, "one", options={"workdir": str(folder)})
        end = await record.ended(60)
    assert (end.status, end.error) == ("completed", None)
    assert end.result is not None
    assert end.result["text"] == "All done, really."
    assert end.result["session_id"]
    assert (folder / "a.txt").read_text() == "one\nTWO\nthree\n"
    assert "".join(event.text for event in of(record, Text)) == "I will look.\n\nAll done, really."
    assert "".join(event.text for event in of(record, Thinking)) == "hm"
    assert [event.name for event in of(record, ToolUse)] == ["Read", "Edit", "Write", "TodoWrite"]
    assert [event.is_error for event in of(record, ToolResult)] == [False] * 4
    edited, created = of(record, Diff)
    assert edited == Diff("a.txt", "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n")
    assert created == Diff("b.txt", "--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1,1 @@\n+new\n")
    assert of(record, Todo) == [Todo([TodoItem("check", "pending")])]
    (usage,) = of(record, Usage)
    assert (usage.input_tokens, usage.output_tokens, usage.turns) == (55, 35, 5)
    assert not of(record, Approval)


@pytest.mark.parametrize("sdk", SDKS)
async def test_a_tool_waits_for_permission_and_a_denial_is_told_to_the_model(
    backend: ScriptedBackend, start_claude, tmp_path: Path, sdk: str
) -> None:
    replies = [[tool("Bash", command="touch made", description="x")]] * 2 + [[text("Fine.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, sdk=sdk)
        record = await offer(backend, "one")
        asked = await approval(record)
        assert (asked.tool, asked.input["command"]) == ("Bash", "touch made")
        assert asked.choices == ["allow", "allow_task", "deny"]
        made = tmp_path / "claude-home/.wegent-executor/workspace/task-one/made"
        assert not made.exists()
        await answer(backend, record, asked, "deny", message="not that")
        second = await approval(record, 2)
        assert "not that" in endpoint.said[1]
        assert not made.exists()
        await answer(backend, record, second, "allow")
        assert (await record.ended(40)).status == "completed"
    assert made.exists()
    assert of(record, ApprovalDone) == [
        ApprovalDone(asked.id, "deny", "ann"),
        ApprovalDone(second.id, "allow", "ann"),
    ]


async def test_what_is_allowed_for_the_task_is_not_asked_again_in_its_next_turn(
    backend: ScriptedBackend, start_claude
) -> None:
    replies = [
        [tool("Bash", command="touch one", description="x")],
        [tool("Bash", command="touch two", description="x")],
        [text("First.")],
        [tool("Bash", command="touch three", description="x")],
        [text("Second.")],
    ]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint)
        first = await offer(backend, "one", task_id="conversation")
        await answer(backend, first, await approval(first), "allow_task")
        end = await first.ended(40)
        assert end.result is not None
        session = end.result["session_id"]
        second = await offer(backend, "two", task_id="conversation", history_session=session)
        end = await second.ended(40)
    assert end.result is not None
    assert (end.status, end.result["session_id"]) == ("completed", session)
    assert len(of(first, Approval)) == 1
    assert not of(second, Approval)
    assert "First." in str(endpoint.requests[-1]["messages"])


async def test_a_tool_tells_how_long_it_took_without_the_wait_for_permission(
    backend: ScriptedBackend, start_claude
) -> None:
    replies = [[tool("Bash", command="sleep 1; touch made", description="x")], [text("Done.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint)
        record = await offer(backend, "one")
        asked = await approval(record)
        await asyncio.sleep(3)
        await answer(backend, record, asked, "allow")
        await record.ended(40)
    (result,) = of(record, ToolResult)
    assert result.seconds is not None
    assert 1 <= result.seconds < 3


async def test_a_task_cannot_send_the_owners_login_elsewhere(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    async with model_endpoint([text("hi")]) as honest, model_endpoint([text("hi")]) as other:
        start_claude(honest)
        env = {"ANTHROPIC_BASE_URL": other.url, "CLAUDE_CONFIG_DIR": str(tmp_path)}
        await offer(backend, "one", options={"env": env})
        await eventually(lambda: backend.declines)
    assert backend.declines[0]["retry"] is False
    assert "ANTHROPIC_BASE_URL, CLAUDE_CONFIG_DIR" in backend.declines[0]["reason"]
    assert not other.requests


@pytest.mark.parametrize("sdk", SDKS)
async def test_a_session_that_is_not_here_is_begun_anew_with_a_notice(
    backend: ScriptedBackend, start_claude, sdk: str
) -> None:
    async with model_endpoint([text("Hello.")]) as endpoint:
        start_claude(endpoint, sdk=sdk)
        record = await offer(backend, "one", history_session="11111111-1111-4111-8111-111111111111")
        end = await record.ended(40)
    assert end.status == "completed"
    assert "not on this device" in of(record, Notice)[0].text


async def test_stop_interrupts_claude_and_leaves_nothing_running(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    command = f"touch {started}; (trap '' INT TERM; while true; do sleep 1; done)"
    async with model_endpoint([tool("Bash", command=command, description="x")]) as endpoint:
        start_claude(endpoint, WEGENT_CANCEL_SECONDS="7.5", WEGENT_TERMINATE_SECONDS="2.5")
        record = await offer(backend, "one")
        await answer(backend, record, await approval(record), "allow")
        await eventually(started.exists, 40)
        await backend.cancel(record)
        end = await record.ended(11)
    assert end.status == "cancelled"
    assert end.result is not None and end.result["session_id"]
    assert not [line for line in commands() if str(started) in line or "sleep" in line]


async def test_what_is_wrong_with_the_login_is_said(backend: ScriptedBackend, start_claude) -> None:
    async with model_endpoint(*[[refuse(401, "invalid x-api-key")]] * 20) as endpoint:
        start_claude(endpoint, CLAUDE_CODE_MAX_RETRIES="1")
        record = await offer(backend, "one")
        end = await record.ended(60)
    assert "HTTP 401" in of(record, Notice)[0].text
    assert end.status == "failed"
    assert end.error is not None
    assert end.error.code == "shell_failed"
    assert "log in" in end.error.message


async def test_too_many_turns_is_said(backend: ScriptedBackend, start_claude) -> None:
    async with model_endpoint([tool("Bash", command="echo hi", description="x")]) as endpoint:
        start_claude(endpoint)
        end = await (await offer(backend, "one", options={"max_turns": 1})).ended(60)
    assert end.error is not None
    assert "options.max_turns" in end.error.message


async def test_without_a_cli_the_shell_is_missing(backend: ScriptedBackend, start_claude, tmp_path: Path) -> None:
    async with model_endpoint() as endpoint:
        start_claude(endpoint, sdk="claude_code_sdk", PATH="/usr/bin:/bin")
        end = await (await offer(backend, "one")).ended(60)
    assert end.error is not None
    assert end.error.code == "shell_missing"


async def test_root_may_bypass_permissions_only_in_a_sandbox_and_is_told_so(
    backend: ScriptedBackend, start_claude
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root is refused")
    async with model_endpoint([text("Hello.")]) as endpoint:
        start_claude(endpoint, "--permission-mode", "bypassPermissions", IS_SANDBOX="")
        end = await (await offer(backend, "one")).ended(60)
    assert end.error is not None
    assert "IS_SANDBOX=1" in end.error.message


async def test_bypassing_asks_nothing_and_still_leaves_nothing_behind(
    backend: ScriptedBackend, start_claude
) -> None:
    command = "setsid sleep 60 >/dev/null 2>&1 & echo hi"
    async with model_endpoint([tool("Bash", command=command, description="x")], [text("Done.")]) as endpoint:
        start_claude(endpoint, "--permission-mode", "bypassPermissions")
        record = await offer(backend, "one")
        assert (await record.ended(60)).status == "completed"
    assert not of(record, Approval)
    assert "hi" in str(of(record, ToolResult)[0].content)
    assert not commands()


async def test_a_task_may_be_stricter_than_its_device(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    write = tool("Write", file_path=str(tmp_path / "project/made"), content="x")
    (tmp_path / "project").mkdir()
    replies = [[write], [text("Asked.")], [write], [text("Planned.")], [write], [text("Written.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, "--permission-mode", "acceptEdits", "--workspace", str(tmp_path / "project"))
        folder = {"workdir": str(tmp_path / "project")}
        for mode in ("ask", "plan"):
            record = await offer(backend, mode, options={**folder, "permission_mode": mode})
            await answer(backend, record, await approval(record), "deny")
            assert (await record.ended(40)).status == "completed"
            assert not (tmp_path / "project/made").exists()
        record = await offer(backend, "own", options=folder)
        assert (await record.ended(40)).status == "completed"
        assert not of(record, Approval)
        assert (tmp_path / "project/made").read_text() == "x"
