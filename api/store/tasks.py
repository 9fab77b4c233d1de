"""Tasks: conversations, each a row with its turns in ``subtasks``."""

import re
import secrets
from typing import Any, Self

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store import subtasks
from api.store.clock import now_ms, rfc3339
from api.store.database import Database
from api.store.live_log import LiveLog
from api.store.subtasks import UNSETTLED, SubtaskRow
from api.store.tables import subtasks as subtask_table
from api.store.tables import tasks
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import Task

TITLE_CHARACTERS = 80


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``tasks``."""

    row: int
    id: str
    user_id: str
    title: str
    history_session: str | None
    history_device: int | None
    created_at: int
    updated_at: int
    noted_at: int
    seen_at: int

    @classmethod
    def of(cls, record: Any) -> Self:
        """Read a record of the table."""
        return cls(**dict(record._mapping))

    @property
    def is_unread(self) -> bool:
        """Whether something worth seeing happened since its user last saw it."""
        return self.noted_at > self.seen_at


def title_of(text: str) -> str:
    """Return the first line of a prompt, shortened, as the title of its conversation."""
    line = " ".join(text.strip().split("\n", 1)[0].split()) or "…"
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1] + "…"


async def insert(connection: Connection, user_id: str, text: str, now: int) -> str:
    """Begin a conversation titled after ``text``; return its id."""
    task_id = secrets.token_hex(10)
    await connection.execute(
        tasks.insert().values(id=task_id, user_id=user_id, title=title_of(text), created_at=now, updated_at=now)
    )
    return task_id


async def touch(connection: Connection, task_id: str, now: int) -> None:
    """Note that its user went on with a conversation, and so has seen it."""
    values = {"updated_at": now, "seen_at": seen(now)}
    await connection.execute(tasks.update().where(tasks.c.id == task_id).values(values))


# The clocks of two processes differ: what comes second must not seem to have come first.


def noted(now: int) -> sa.ColumnElement[int]:
    """Return the value of ``noted_at`` that makes a conversation unread."""
    return sa.case((tasks.c.seen_at >= now, tasks.c.seen_at + 1), else_=now)


def seen(now: int) -> sa.ColumnElement[int]:
    """Return the value of ``seen_at`` that makes a conversation read."""
    return sa.case((tasks.c.noted_at > now, tasks.c.noted_at), else_=now)


async def note(connection: Connection, task_id: str) -> None:
    """Make a conversation unread: an approval was asked."""
    await connection.execute(tasks.update().where(tasks.c.id == task_id).values(noted_at=noted(now_ms())))


async def mark_seen(connection: Connection, row: TaskRow) -> bool:
    """Note that its user has seen a conversation; return whether it was unread."""
    unread = (tasks.c.id == row.id, tasks.c.noted_at > tasks.c.seen_at)
    changed = tasks.update().where(*unread).values(seen_at=seen(now_ms())).returning(tasks.c.id)
    return await connection.fetch_one(changed) is not None


async def get(connection: Connection, task_id: str, user_id: str) -> TaskRow:
    """Return a task of the user's; raise ``not_found``."""
    record = await connection.fetch_one(tasks.select().where(tasks.c.id == task_id, tasks.c.user_id == user_id))
    if record is None:
        raise ProtocolError(Code.NOT_FOUND, "There is no such task.")
    return TaskRow.of(record)


async def select(
    connection: Connection, user_id: str, *, search: str = "", before: tuple[int, int] | None = None, limit: int
) -> list[TaskRow]:
    """Return the user's tasks, last used first, those whose title holds ``search``.

    ``before`` is (updated_at, row) of the last one of the page before.
    """
    query = tasks.select().where(tasks.c.user_id == user_id)
    if search:
        # As a parameter: `databases` takes a percent sign in the statement for one of its own.
        escaped = re.sub(r"([%_\\])", r"\\\1", search)
        query = query.where(tasks.c.title.ilike(f"%{escaped}%", escape="\\"))
    if before is not None:
        query = query.where(sa.tuple_(tasks.c.updated_at, tasks.c.row) < sa.tuple_(*map(sa.literal, before)))
    query = query.order_by(tasks.c.updated_at.desc(), tasks.c.row.desc()).limit(limit)
    return [TaskRow.of(record) for record in await connection.fetch_all(query)]


async def show(database: Database, log: LiveLog, rows: list[TaskRow]) -> list[Task]:
    """Return ``rows`` as REST gives them, each with its last subtask."""
    newest = (
        sa.select(sa.func.max(subtask_table.c.position))
        .where(subtask_table.c.task_id.in_([row.id for row in rows]))
        .group_by(subtask_table.c.task_id)
    )
    async with database.read() as connection:
        last = await subtasks.select(connection, subtask_table.c.position.in_(newest)) if rows else []
    shown = {one.task_id: one for one in await subtasks.show(database, log, last)}
    return [
        Task(
            task_id=row.id,
            title=row.title,
            unread=row.is_unread,
            last_subtask=shown.get(row.id),
            created_at=rfc3339(row.created_at),
            updated_at=rfc3339(row.updated_at),
        )
        for row in rows
    ]


async def rename(connection: Connection, row: TaskRow, title: str) -> None:
    """Give a conversation another title."""
    await connection.execute(tasks.update().where(tasks.c.id == row.id).values(title=title))


async def unsettled(connection: Connection, task_id: str) -> list[SubtaskRow]:
    """Return the turns of a task that have not ended."""
    states = [state.value for state in UNSETTLED]
    return await subtasks.select(connection, subtask_table.c.task_id == task_id, subtask_table.c.state.in_(states))


async def delete(connection: Connection, row: TaskRow) -> None:
    """Delete a conversation with all its turns and output; raise ``conflict`` while one is unsettled."""
    if await unsettled(connection, row.id):
        raise ProtocolError(
            Code.CONFLICT, "The task has turns that have not ended.", "Cancel them, then delete the task."
        )
    await connection.execute(tasks.delete().where(tasks.c.id == row.id))
