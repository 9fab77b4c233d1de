"""Approvals and follow-ups, on both databases: the first answer counts, and it waits until the device has it."""

import asyncio

import pytest
from support.store_work import Session, Work

from api.store import inputs, settle
from api.store.subtasks import SubtaskRow
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.inputs import AnyInput, ApprovalInput, TextInput
from wegent.protocol.output_events import Approval
from wegent.protocol.states import Event

QUESTION = Approval("a-1", "Bash", {"command": "ls"}, choices=["allow", "deny"])
ALLOW, DENY = ApprovalInput("a-1", "allow"), ApprovalInput("a-1", "deny")


@pytest.fixture
async def session(work: Work) -> Session:
    """A device's session."""
    return await work.register(await work.user("ada"))


@pytest.fixture
async def row(work: Work, session: Session) -> SubtaskRow:
    """A subtask that runs and has asked a question."""
    running = await work.running("ada", session)
    await inputs.ask(work.store, running, [QUESTION])
    return running


async def refused(work: Work, row: SubtaskRow, given: AnyInput, client_id: str = "c-9") -> ProtocolError:
    """Give what cannot be given, and return why."""
    with pytest.raises(ProtocolError) as error:
        await inputs.give(work.store, row, "bob", client_id, given)
    return error.value


async def pending(work: Work, row: SubtaskRow) -> list[dict[str, object]]:
    """Return what the device has not acknowledged."""
    async with work.store.database.read() as connection:
        return [message.input for _, message in await inputs.pending(connection, [row.id])]


async def test_the_first_answer_counts_and_the_second_is_told_whose_it_was(work: Work, row: SubtaskRow) -> None:
    await inputs.give(work.store, row, "ada", "c-1", ALLOW)
    error = await refused(work, row, DENY)
    assert error.code is Code.ALREADY_ANSWERED
    assert "ada" in error.message
    assert "allow" in error.message
    assert await pending(work, row) == [{"type": "approval", "id": "a-1", "choice": "allow", "by": "ada"}]


async def test_of_many_answers_at_once_one_counts(work: Work, row: SubtaskRow) -> None:
    given = [inputs.give(work.store, row, "ada", f"c-{n}", [ALLOW, DENY][n % 2]) for n in range(8)]
    outcomes = await asyncio.gather(*given, return_exceptions=True)
    assert outcomes.count(None) == 1
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, ProtocolError)]
    assert codes == [Code.ALREADY_ANSWERED] * 7
    assert len(await pending(work, row)) == 1


async def test_the_same_client_id_again_is_harmless_even_after_the_end_and_at_once(
    work: Work, row: SubtaskRow
) -> None:
    await asyncio.gather(*(inputs.give(work.store, row, "ada", "c-1", ALLOW) for _ in range(5)))
    await settle.settle(work.store, row.id, Event.COMPLETE)
    await inputs.give(work.store, row, "ada", "c-1", ALLOW)
    assert len(await pending(work, row)) == 1


async def test_what_cannot_be_answered_is_refused(work: Work, session: Session, row: SubtaskRow) -> None:
    assert (await refused(work, row, ApprovalInput("a-1", "maybe"))).code is Code.BAD_MESSAGE
    assert (await refused(work, row, ApprovalInput("a-2", "allow"))).code is Code.NOT_FOUND
    waiting = await work.send("ada", task_id=row.task_id)
    assert (await refused(work, waiting, TextInput("hurry"))).code is Code.CONFLICT
    await settle.cancel(work.store, row)
    assert (await refused(work, row, ALLOW)).code is Code.CONFLICT
    await settle.settle(work.store, row.id, Event.STOPPED)
    assert (await refused(work, row, ALLOW)).code is Code.SETTLED
    assert await pending(work, row) == []


async def test_a_repeated_question_does_not_forget_its_answer(work: Work, row: SubtaskRow) -> None:
    await inputs.give(work.store, row, "ada", "c-1", ALLOW)
    await inputs.ask(work.store, row, [QUESTION])
    assert (await refused(work, row, DENY)).code is Code.ALREADY_ANSWERED


async def test_inputs_wait_in_their_order_until_each_is_acknowledged(work: Work, row: SubtaskRow) -> None:
    for n in range(3):
        await inputs.give(work.store, row, "ada", f"c-{n}", TextInput(f"{n}"))
    async with work.store.database.read() as connection:
        waiting = await inputs.pending(connection, [row.id])
    assert [message.input["text"] for _, message in waiting] == ["0", "1", "2"]
    assert len({message.input_id for _, message in waiting}) == 3
    await inputs.acknowledge(work.store.database, waiting[1][0])
    assert [given["text"] for given in await pending(work, row)] == ["0", "2"]


async def test_what_the_device_does_not_take_does_not_pile_up(work: Work, row: SubtaskRow) -> None:
    for n in range(inputs.MAX_WAITING):
        await inputs.give(work.store, row, "ada", f"more-{n}", TextInput("more"))
    assert (await refused(work, row, TextInput("even more"))).code is Code.RATE_LIMITED
    await inputs.give(work.store, row, "ada", "more-0", TextInput("more"))
    async with work.store.database.read() as connection:
        ((first, _), *_) = await inputs.pending(connection, [row.id])
    await inputs.acknowledge(work.store.database, first)
    await inputs.give(work.store, row, "ada", "now", TextInput("now"))


async def test_a_subtask_asks_so_often_and_no_more(
    work: Work, row: SubtaskRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MAX_APPROVALS", 20)
    questions = [Approval(f"q-{n}", "Bash", {}) for n in range(inputs.MAX_APPROVALS)]
    with pytest.raises(ProtocolError) as error:
        await inputs.ask(work.store, row, questions)
    assert error.value.code is Code.TOO_LARGE
    await inputs.ask(work.store, row, questions[:-1])
    await inputs.ask(work.store, row, [QUESTION])  # a replay asks nothing new
