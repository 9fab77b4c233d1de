"""Questions of all tasks that wait for an answer now."""

import asyncio
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from wegent.client.errors import NotFoundError
from wegent.client.tasks import AsyncTask
from wegent.protocol.output_events import Approval
from wegent.protocol.states import State

if TYPE_CHECKING:
    from wegent.client.async_client import AsyncClient

LOOKED_THROUGH = 100
"""How many of the newest conversations are looked through for questions."""

T = TypeVar("T")


class Asked(NamedTuple, Generic[T]):
    """A question: ``task`` is the handle of the turn that waits, ``title`` its conversation's."""

    task: T
    title: str
    question: Approval


async def asked_now(client: "AsyncClient") -> list[Asked[AsyncTask]]:
    """Return the open questions of the newest conversations."""
    running = [
        (AsyncTask(client, each.last_subtask.subtask_id, each.task_id), each.title)
        for each in await client.tasks(LOOKED_THROUGH)
        if each.last_subtask is not None and each.last_subtask.state is State.RUNNING
    ]
    found = await asyncio.gather(*(_questions(task) for task, _ in running))
    return [
        Asked(task, title, question)
        for (task, title), questions in zip(running, found, strict=True)
        for question in questions
    ]


async def _questions(task: AsyncTask) -> list[Approval]:
    try:
        return await task.questions()
    except NotFoundError:  # deleted since it was listed
        return []
