"""`wegent approvals` and `wegent answer`: questions of tasks, for scripts and for those who do not follow them."""

import asyncio

import msgspec

from wegent.client.async_client import AsyncClient
from wegent.client.tasks import AsyncTask
from wegent.protocol.inputs import CHOICES, DENY
from wegent.protocol.output_events import Approval
from wegent.protocol.resources import Task
from wegent.protocol.states import State
from wegent.terminal.approvals import LETTERS
from wegent.terminal.json_lines import json_line
from wegent.terminal.lists import put_table
from wegent.terminal.rendering import main_input
from wegent.terminal.session import Session, UsageError
from wegent.terminal.visible import visible

LOOKED_THROUGH = 100
"""How many of the newest tasks are looked through for questions."""


async def show_questions(session: Session) -> int:
    """List the questions that wait for an answer."""
    async with session.client() as client:
        running = [task for task in await client.tasks(LOOKED_THROUGH) if _is_running(task)]
        found = await asyncio.gather(*(_questions(client, task) for task in running))
    asked = [(task, question) for task, questions in zip(running, found, strict=True) for question in questions]
    if session.as_json:
        session.screen.out(json_line([_data(task, question) for task, question in asked]))
    elif not asked:
        session.screen.line(session.words("no_questions"))
    else:
        put_table(session, ("task", "question", "id"), [_row(task, question) for task, question in asked])
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


def _is_running(task: Task) -> bool:
    return task.last_subtask is not None and task.last_subtask.state is State.RUNNING


async def _questions(client: AsyncClient, task: Task) -> list[Approval]:
    assert task.last_subtask is not None
    return await AsyncTask(client, task.last_subtask.subtask_id, task.task_id).questions()


def _what(question: Approval) -> str:
    return f"{visible(question.tool)} {main_input(question.input)}".strip()


def _row(task: Task, question: Approval) -> tuple[str, ...]:
    assert task.last_subtask is not None
    return " ".join(visible(task.title).split()), _what(question), task.last_subtask.subtask_id


def _data(task: Task, question: Approval) -> dict[str, object]:
    assert task.last_subtask is not None
    ids = {"task_id": task.task_id, "subtask_id": task.last_subtask.subtask_id, "title": task.title}
    return ids | {"question": msgspec.to_builtins(question)}
