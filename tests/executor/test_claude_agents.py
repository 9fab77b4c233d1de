"""What subagents do can be seen, and counts: also while they work in the background."""

from pathlib import Path

import pytest
from support.claude_records import of, offer
from support.model_endpoint import Block, Reply, model_endpoint, text, tool, wait
from support.scripted_backend import ScriptedBackend

from executor.shells.claude_agents import Agents
from wegent.protocol.output_events import Subagent, Text, ToolResult, ToolUse, Usage

SDKS = ("claude_agent_sdk", "claude_code_sdk")


def task(**more: object) -> Block:
    """Let a subagent look for something."""
    return tool("Task", description="look", prompt="find it", subagent_type="general-purpose", **more)


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("is_background", [False, True])
async def test_what_a_subagent_does_is_told_with_whose_it_is_and_awaited(
    backend: ScriptedBackend, start_claude, sdk: str, is_background: bool
) -> None:
    looking: list[Reply] = [
        [wait(2.5 if is_background else 1), tool("Bash", command="echo found", description="x")],
        [text("I found it.")],
    ]
    begin = [task(run_in_background=is_background)]
    last: Reply = [text("It was found.")]
    replies = [begin, [text("Wait.")], *looking, last] if is_background else [begin, *looking, last]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, sdk=sdk)
        record = await offer(backend, "one")
        end = await record.ended(60)
    assert (end.status, end.result and end.result["text"]) == ("completed", "It was found.")
    own, inner = of(record, ToolUse)
    assert (own.name, own.parent, inner.name, inner.parent) == ("Task", None, "Bash", own.id)
    result = next(result for result in of(record, ToolResult) if result.id == inner.id)
    assert (result.parent, "found" in str(result.content)) == (own.id, True)
    started, ended = of(record, Subagent)
    assert started == Subagent(own.id, "started", kind="general-purpose", description="look")
    assert (ended.id, ended.status, ended.text) == (own.id, "completed", "I found it.")
    assert ended.seconds is not None and ended.seconds >= 1
    words = "Wait.\n\nIt was found." if is_background else "It was found."
    assert "".join(event.text for event in of(record, Text)) == words
    assert sum(used.input_tokens for used in of(record, Usage)) == 11 * len(endpoint.requests)


async def test_a_turn_that_waits_for_its_subagents_can_be_stopped(backend: ScriptedBackend, start_claude) -> None:
    async with model_endpoint([task()], [text("Wait.")], [wait(60)]) as endpoint:
        start_claude(endpoint, WEGENT_CANCEL_SECONDS="30")
        record = await offer(backend, "one")
        await record.until(lambda record: of(record, Usage), 40)
        await backend.cancel(record, 32)
        assert (await record.ended(20)).status == "cancelled"


def test_a_subagent_whose_notification_does_not_come_is_over_all_the_same() -> None:
    agents = Agents()
    began = {"task_id": "a", "task_type": "local_agent", "tool_use_id": "t1", "subagent_type": "Explore"}
    assert list(agents.events("task_started", began)) == [Subagent("t1", "started", kind="Explore")]
    assert not list(agents.events("task_updated", {"task_id": "a", "patch": {"status": "killed"}}))
    assert agents.are_working
    ended = list(agents.events("background_tasks_changed", {"tasks": []}))
    assert ended == [Subagent("t1", "stopped")]
    assert (agents.are_working, agents.have_news) == (False, True)
    assert not list(agents.events("status", {"status": "requesting"}))
    assert not agents.have_news


async def test_usage_and_cost_are_the_turns_own_over_follow_ups_turns_and_restarts(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    replies = [[text("a b c d", pause=0.2)], *[[text("More.")]] * 4]
    async with model_endpoint(*replies) as endpoint:
        program = start_claude(endpoint)
        first = await offer(backend, "one", task_id="conversation")
        await first.until(lambda record: of(record, Text), 40)
        await backend.give(first, "i1", {"type": "text", "text": "and the median?"})
        end = await first.ended(40)
        assert end.result is not None
        session = end.result["session_id"]
        one, _ = each = [used.cost_usd or 0 for used in of(first, Usage)]
        assert one > 0
        assert each == pytest.approx([one, one])
        assert end.result["cost_usd"] == pytest.approx(2 * one)
        for name in ("two", "three"):  # the second one on the same connection, the third one on a new one
            further = await offer(backend, name, task_id="conversation", history_session=session)
            end = await further.ended(40)
            (used,) = of(further, Usage)
            assert used.cost_usd == pytest.approx(one)
            assert (used.input_tokens, used.output_tokens) == (11, 7)
            assert end.result is not None
            assert end.result["cost_usd"] == pytest.approx(one)
            if name == "two":
                await program.stop()
                start_claude(endpoint)
                await backend.connected(2)
