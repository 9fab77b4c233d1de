"""Subtasks as SQL holds them: reading one, reading many, and how REST shows them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, Self

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store.clock import rfc3339, rfc3339_or_none
from api.store.database import Database
from api.store.live_log import LiveLog
from api.store.tables import chunks, subtasks
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import Subtask, TaskError
from wegent.protocol.states import HOLDS_SLOT, TERMINAL, State

UNSETTLED = [state for state in State if state not in TERMINAL]
_HOLDING = [state.value for state in HOLDS_SLOT]

Moment = Literal["offered_at", "cancelled_at", "expires_at"]
"""The columns that say since or until when a subtask may be as it is."""


class SubtaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``subtasks``; the columns' meaning stands in ``tables.py``."""

    position: int
    id: str
    task_id: str
    user_id: str
    client_id: str
    is_cloud: bool
    device: int | None
    device_id: str
    labels: dict[str, str] | None
    state: State
    attempt: int
    shell: str
    folder: str | None
    prompt: str
    options: dict[str, Any]
    failed_offers: int
    waiting_reason: str | None
    offered_at: int | None
    cancelled_at: int | None
    expires_at: int
    stored_seq: int
    log_version: int
    seq: int | None
    error: TaskError | None
    result: dict[str, Any] | None
    created_at: int
    started_at: int | None
    ended_at: int | None

    @classmethod
    def of(cls, record: Any) -> Self:
        """Read a record of the table."""
        fields = dict(record._mapping)
        fields["state"] = State(fields["state"])
        fields["is_cloud"] = bool(fields["is_cloud"])
        fields["prompt"] = fields["prompt"].decode()
        fields["options"] = msgspec.json.decode(fields["options"])
        if fields["labels"] is not None:
            fields["labels"] = msgspec.json.decode(fields["labels"])
        if fields["error"] is not None:
            fields["error"] = msgspec.json.decode(fields["error"], type=TaskError)
        if fields["result"] is not None:
            fields["result"] = msgspec.json.decode(fields["result"])
        return cls(**fields)

    @property
    def is_settled(self) -> bool:
        """Whether it has ended."""
        return self.state in TERMINAL

    def shown(self, queue_position: int | None, seq: int) -> Subtask:
        """Return it as REST gives it."""
        return Subtask(
            subtask_id=self.id,
            task_id=self.task_id,
            state=self.state,
            attempt=self.attempt,
            device_id=self.device_id,
            labels=self.labels,
            shell=self.shell,
            prompt=self.prompt,
            options=self.options,
            queue_position=queue_position,
            waiting_reason=self.waiting_reason,
            seq=seq,
            error=self.error,
            result=self.result,
            created_at=rfc3339(self.created_at),
            started_at=rfc3339_or_none(self.started_at),
            ended_at=rfc3339_or_none(self.ended_at),
        )


async def find(connection: Connection, subtask_id: str, user_id: str | None = None) -> SubtaskRow | None:
    """Return a subtask, of ``user_id`` only where one is given; None if there is no such."""
    query = subtasks.select().where(subtasks.c.id == subtask_id)
    if user_id is not None:
        query = query.where(subtasks.c.user_id == user_id)
    record = await connection.fetch_one(query)
    return None if record is None else SubtaskRow.of(record)


async def get(connection: Connection, subtask_id: str, user_id: str) -> SubtaskRow:
    """Return a subtask of the user's; raise ``not_found``."""
    row = await find(connection, subtask_id, user_id)
    if row is None:
        raise ProtocolError(Code.NOT_FOUND, "There is no such subtask.")
    return row


async def select(connection: Connection, *conditions: Any, limit: int | None = None) -> list[SubtaskRow]:
    """Return the subtasks that meet ``conditions``, in the queue's order."""
    query = subtasks.select().where(*conditions).order_by(subtasks.c.position)
    if limit is not None:
        query = query.limit(limit)
    return [SubtaskRow.of(record) for record in await connection.fetch_all(query)]


async def holding(connection: Connection, device: int) -> list[SubtaskRow]:
    """Return the subtasks that hold a slot of a device."""
    return await select(connection, subtasks.c.device == device, subtasks.c.state.in_(_HOLDING))


class Standing(msgspec.Struct, frozen=True):
    """How a subtask stands, without what may be large."""

    id: str
    task_id: str
    user_id: str
    state: State
    device_id: str
    labels: dict[str, str] | None
    device: int | None
    is_cloud: bool
    waiting_reason: str | None

    @classmethod
    def of(cls, record: Any) -> Self:
        """Read a record of these columns."""
        fields = dict(record._mapping)
        fields["state"] = State(fields["state"])
        fields["is_cloud"] = bool(fields["is_cloud"])
        if fields["labels"] is not None:
            fields["labels"] = msgspec.json.decode(fields["labels"])
        return cls(**fields)


async def unsettled_of_user(connection: Connection, user_id: str) -> list[Standing]:
    """Return how the user's subtasks that have not ended stand."""
    states = [state.value for state in UNSETTLED]
    return await _standings(connection, subtasks.c.user_id == user_id, subtasks.c.state.in_(states))


async def some_of_user(connection: Connection, user_id: str, ids: Collection[str]) -> list[Standing]:
    """Return how those of the user's subtasks stand that ``ids`` names."""
    return await _standings(connection, subtasks.c.user_id == user_id, subtasks.c.id.in_(ids)) if ids else []


async def _standings(connection: Connection, *conditions: Any) -> list[Standing]:
    columns = [subtasks.c[name] for name in Standing.__struct_fields__]
    query = sa.select(*columns).where(*conditions).order_by(subtasks.c.position)
    return [Standing.of(record) for record in await connection.fetch_all(query)]


async def last_turns(connection: Connection, task_id: str, *conditions: Any, limit: int) -> list[SubtaskRow]:
    """Return the newest turns of a task that meet ``conditions``, oldest first."""
    query = subtasks.select().where(subtasks.c.task_id == task_id, *conditions)
    query = query.order_by(subtasks.c.position.desc()).limit(limit)
    return [SubtaskRow.of(record) for record in reversed(await connection.fetch_all(query))]


async def turns(connection: Connection, task_id: str, after: int, limit: int) -> list[SubtaskRow]:
    """Return the turns of a task that come after position ``after``."""
    return await select(connection, subtasks.c.task_id == task_id, subtasks.c.position > after, limit=limit)


async def overdue(
    connection: Connection, state: State, moment: Moment, before: int, limit: int
) -> list[SubtaskRow]:
    """Return subtasks in ``state`` whose ``moment`` lies before ``before``."""
    return await select(connection, subtasks.c.state == state.value, subtasks.c[moment] < before, limit=limit)


async def ends(connection: Connection, subtask_ids: Sequence[str]) -> dict[str, int | None]:
    """Return when those of ``subtask_ids`` that exist ended (ms since the epoch), None for what goes on."""
    query = sa.select(subtasks.c.id, subtasks.c.ended_at).where(subtasks.c.id.in_(subtask_ids))
    return {record[0]: record[1] for record in await connection.fetch_all(query)}


async def queue_positions(connection: Connection, rows: Iterable[SubtaskRow | Standing]) -> dict[str, int]:
    """Return the place (from 1) of each of ``rows`` that is queued.

    It counts in the queue of its device, of the cloud, or of its user's that wait for any device with its labels.
    """
    queued = [row for row in rows if row.state is State.QUEUED]
    places: dict[str, int] = {}
    if devices := {row.device for row in queued if not row.is_cloud and row.device is not None}:
        places |= await _places(connection, subtasks.c.device.in_(devices), subtasks.c.is_cloud.is_(False))
    if any(row.is_cloud for row in queued):
        places |= await _places(connection, subtasks.c.is_cloud.is_(True))
    if users := {row.user_id for row in queued if row.labels is not None and row.device is None}:
        waits_for_any = (subtasks.c.labels.is_not(None), subtasks.c.device.is_(None))
        places |= await _places(connection, subtasks.c.user_id.in_(users), *waits_for_any)
    return {row.id: places[row.id] for row in queued if row.id in places}


async def _places(connection: Connection, *queue: Any) -> dict[str, int]:
    same = (subtasks.c.device, subtasks.c.is_cloud, subtasks.c.labels)
    owner = sa.case((subtasks.c.is_cloud, ""), else_=subtasks.c.user_id)
    place = sa.func.row_number().over(partition_by=[*same, owner], order_by=subtasks.c.position)
    query = sa.select(subtasks.c.id, place.label("place")).where(subtasks.c.state == State.QUEUED, *queue)
    return {record[0]: record[1] for record in await connection.fetch_all(query)}


async def late_seq(connection: Connection, row: SubtaskRow) -> int:
    """Return the number of the last event held of a settled subtask, late output included."""
    query = sa.select(sa.func.max(chunks.c.last_seq)).where(
        chunks.c.subtask_id == row.id, chunks.c.is_late.is_(True)
    )
    late = await connection.fetch_val(query)
    return max(late or 0, row.seq or 0)


async def show(database: Database, log: LiveLog, rows: Sequence[SubtaskRow]) -> list[Subtask]:
    """Return ``rows`` as REST gives them, with queue positions and the number of the last event held.

    Redis is asked while no connection to SQL is held: it may be slow when others are not.
    """
    async with database.read() as connection:
        places = await queue_positions(connection, rows)
    live = await log.lasts([row.id for row in rows if row.state in (State.RUNNING, State.CANCELLING)])
    return [row.shown(places.get(row.id), max(row.seq or live.get(row.id, 0), row.stored_seq)) for row in rows]
