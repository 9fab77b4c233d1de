"""Follow-ups reach the turn that runs, however early they come, or it is said that they do not."""

import asyncio
from pathlib import Path

import pytest
from support.claude_records import of, offer
from support.model_endpoint import model_endpoint, text, wait
from support.processes import eventually
from support.scripted_backend import ScriptedBackend

from wegent.protocol.output_events import FollowUp, Notice, Text

SDKS = ("claude_agent_sdk", "claude_code_sdk")


async def test_a_follow_up_reaches_the_running_turn(backend: ScriptedBackend, start_claude) -> None:
    replies = [[text("a b c d e f g h", pause=0.2)], [text("And the second.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint)
        record = await offer(backend, "one")
        await record.until(lambda record: of(record, Text), 40)
        await backend.give(record, "i1", {"type": "text", "text": "and the median?"})
        await backend.give(record, "i1", {"type": "text", "text": "and the median?"})
        end = await record.ended(40)
    assert end.status == "completed"
    assert len(endpoint.requests) == 2
    assert endpoint.said[1].count("and the median?") == 1
    assert backend.acks.count(7) == 2
    assert [event.text for event in of(record, FollowUp)] == ["and the median?"]
    assert "".join(event.text for event in of(record, Text)) == "a b c d e f g h\n\nAnd the second."


@pytest.mark.parametrize("sdk", SDKS)
async def test_follow_ups_sent_with_the_offer_reach_the_turn(
    backend: ScriptedBackend, start_claude, sdk: str
) -> None:
    replies = [[wait(1), text("One.")], [text("Two.")], [text("Three.")], [text("Four.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, sdk=sdk)
        record = await offer(backend, "one", history_session="11111111-1111-4111-8111-111111111111")
        for number in range(2):
            await backend.give(record, f"i{number}", {"type": "text", "text": f"follow-up {number}"})
        end = await record.ended(40)
    assert end.status == "completed"
    asked = str(endpoint.requests[-1]["messages"])
    assert [asked.count(words) for words in ("do it", "follow-up 0", "follow-up 1")] == [1, 1, 1]
    assert backend.acks.count(7) == 2
    assert not backend.errors
    assert not [event for event in of(record, Notice) if "follow-up" in event.text]


async def test_the_answer_to_a_follow_up_may_take_its_time(backend: ScriptedBackend, start_claude) -> None:
    replies = [[text("a b c d", pause=0.2)], [wait(5), text("And the second.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint)
        record = await offer(backend, "one")
        await record.until(lambda record: of(record, Text), 40)
        await backend.give(record, "i1", {"type": "text", "text": "and the median?"})
        end = await record.ended(40)
    assert end.result is not None
    assert end.result["text"] == "And the second."


async def test_an_input_waits_for_the_answer_to_the_accept(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    backend.answers_accepts = False
    async with model_endpoint([text("One.")], [text("Two.")]) as endpoint:
        start_claude(endpoint)
        record = await offer(backend, "one")
        await record.until(lambda record: record.accepts)
        await backend.give(record, "i1", {"type": "text", "text": "follow-up"})
        await asyncio.sleep(0.5)
        assert not backend.acks
        assert not backend.errors
        backend.answers_accepts = True
        await backend.close(1012)
        await backend.connected(2)
        await backend.give(record, "i1", {"type": "text", "text": "follow-up"})
        assert (await record.ended(40)).status == "completed"
    assert str(endpoint.requests[-1]["messages"]).count("follow-up") == 1


async def test_a_follow_up_that_is_not_taken_is_said_in_the_output(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    record = await backend.offer("one", "echo up; sleep 60")
    await record.until(lambda record: record.text())
    for _ in range(2):
        await backend.give(record, "i1", {"type": "text", "text": "more " * 100})
    await eventually(lambda: backend.errors)
    assert (backend.errors[0]["code"], backend.errors[0]["ref"]) == ("conflict", 7)
    await record.until(lambda record: of(record, Notice))
    await backend.cancel(record, 1)
    await record.ended()
    (notice,) = of(record, Notice)
    assert notice.level == "warning"
    assert "not taken" in notice.text
    assert "more more" in notice.text
    assert len(notice.text) < 300
    await backend.give(record, "i2", {"type": "text", "text": "more"})
    await eventually(lambda: len(backend.errors) == 2)
    assert backend.errors[1]["code"] in {"settled", "not_found"}
