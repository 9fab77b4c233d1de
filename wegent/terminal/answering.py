"""`wegent approvals` and `wegent answer`: questions of tasks, for scripts and for those who do not follow them."""

import msgspec

from wegent.client.approvals import Asked
from wegent.client.tasks import AsyncTask
from wegent.protocol.inputs import CHOICES, DENY
from wegent.protocol.output_events import Approval
from wegent.terminal.approvals import LETTERS
from wegent.terminal.json_lines import json_line
from wegent.terminal.lists import put_table
from wegent.terminal.session import Session, UsageError
from wegent.terminal.tool_calls import main_input
from wegent.terminal.visible import visible


async def show_questions(session: Session) -> int:
    """List the questions that wait for an answer."""
    async with session.client() as client:
        asked = await client.approvals()
    if session.as_json:
        session.screen.out(json_line([_data(each) for each in asked]))
    elif not asked:
        session.screen.line(session.words("no_questions"))
    else:
        put_table(session, ("task", "question", "id"), [_row(each) for each in asked])
    await session.screen.flush()
    return 0


async def answer(session: Session, id: str, choice: str, message: list[str], question_id: str | None) -> int:
    """Answer the question that a task waits with; which one must be said where there are several."""
    choice = LETTERS.get(choice, choice)
    if message and choice != DENY:
        raise UsageError(session.words("words_only_deny"))
    async with session.client() as client:
        task = await client.task(id)
        question = _chosen(session, await task.questions(), question_id)
        choices = question.choices or CHOICES
        if choice not in choices:
            among = session.words("choose_from", choices=", ".join(choices))
            raise UsageError(f"{session.words('not_a_choice', answer=choice)} {among}")
        await task.answer(question.id, choice, " ".join(message) or None)
    if session.as_json:
        data = {"subtask_id": task.id, "task_id": task.task_id, "question_id": question.id, "choice": choice}
        session.screen.out(json_line(data))
    else:
        session.screen.line(session.words("answered", what=_what(question)))
    await session.screen.flush()
    return 0


def _chosen(session: Session, asked: list[Approval], question_id: str | None) -> Approval:
    if question_id is not None:
        asked = [each for each in asked if each.id == question_id]
    if not asked:
        raise UsageError(session.words("asks_nothing"))
    if len(asked) > 1:
        listed = "".join(f"\n  --question {visible(each.id)}  {_what(each)}" for each in asked)
        raise UsageError(session.words("asks_more") + listed)
    return asked[0]


def _what(question: Approval) -> str:
    return f"{visible(question.tool)} {main_input(question.input)}".strip()


def _row(asked: Asked[AsyncTask]) -> tuple[str, ...]:
    return " ".join(visible(asked.title).split()), _what(asked.question), asked.task.id


def _data(asked: Asked[AsyncTask]) -> dict[str, object]:
    ids = {"task_id": asked.task.task_id, "subtask_id": asked.task.id, "title": asked.title}
    return ids | {"question": msgspec.to_builtins(asked.question)}
