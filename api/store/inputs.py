"""What people send to running subtasks: answers to approvals (the first one wins) and follow-ups."""

from typing import Any

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store import pubsub, settle, subtasks, tasks
from api.store.clock import now_ms
from api.store.database import Database
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import approvals, inputs
from api.store.tables import subtasks as table
from wegent.protocol.device_messages import TaskInput
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.inputs import EXPIRED, AnyInput, ApprovalInput
from wegent.protocol.output_events import Approval, ApprovalDone
from wegent.protocol.states import State

MAX_APPROVALS = 10_000
"""Questions that one subtask may ask."""
MAX_WAITING = 100
"""Inputs of one subtask that its device has not taken yet."""
DELIVERED_AT_ONCE = 32
NOBODY = "Nobody answered in time, so the device denied it."


async def ask(store: Store, row: SubtaskRow, asked: list[Approval]) -> None:
    """Write down approvals that a subtask waits for; one that is known stays as it is."""
    now = now_ms()
    rows = [
        {
            "subtask_id": row.id,
            "id": approval.id,
            "choices": msgspec.json.encode(approval.choices),
            "created_at": now,
        }
        for approval in asked
    ]
    async with store.database.write() as connection:
        new = store.database.insert_or_ignore(approvals).values(rows).returning(approvals.c.id)
        if not await connection.fetch_all(new):
            return  # a device that replays asks nothing new
        query = sa.select(sa.func.count()).where(approvals.c.subtask_id == row.id)
        if await connection.fetch_val(query) > MAX_APPROVALS:
            raise ProtocolError(Code.TOO_LARGE, f"A subtask may ask {MAX_APPROVALS} times.")
        await tasks.note(connection, row.task_id)
    await store.pubsub.publish(pubsub.user_channel(row.user_id), pubsub.task_changed(row.task_id))


async def give(store: Store, row: SubtaskRow, by: str, client_id: str, given: AnyInput) -> None:
    """Hand an input to a subtask; the same ``client_id`` again is harmless.

    Raises ``settled``, ``already_answered``, ``not_found`` (no such approval), ``conflict`` (it does not run yet)
    or ``bad_message`` (no such choice).
    """
    async with store.database.write() as connection:
        # One input of a subtask at a time, so that of two at once the second sees the first.
        await connection.fetch_one(store.database.locking(sa.select(table.c.id).where(table.c.id == row.id)))
        query = sa.select(inputs.c.row).where(inputs.c.subtask_id == row.id, inputs.c.client_id == client_id)
        if await connection.fetch_val(query) is not None:
            return
        now = await subtasks.get(connection, row.id, row.user_id)
        if now.is_settled:
            raise ProtocolError(Code.SETTLED)
        if now.state is not State.RUNNING:
            raise ProtocolError(Code.CONFLICT, f"The subtask is {now.state}.", "Wait until it runs.")
        waiting = sa.select(sa.func.count()).where(inputs.c.subtask_id == row.id, inputs.c.acked_at.is_(None))
        if await connection.fetch_val(waiting) >= MAX_WAITING:
            raise ProtocolError(Code.RATE_LIMITED, "The device has not taken what was sent before.")
        if isinstance(given, ApprovalInput):
            await _answer(connection, row.id, by, given)
        body = {**msgspec.to_builtins(given), "by": by}
        await connection.execute(
            inputs.insert().values(
                subtask_id=row.id,
                client_id=client_id,
                body=msgspec.json.encode(body),
                created_at=now_ms(),
            )
        )
    await settle.poke_device(store, now)


async def _answer(connection: Connection, subtask_id: str, by: str, given: ApprovalInput) -> None:
    mine = [approvals.c.subtask_id == subtask_id, approvals.c.id == given.id]
    approval = await connection.fetch_one(approvals.select().where(*mine))
    if approval is None:
        raise ProtocolError(Code.NOT_FOUND, "There is no such approval.")
    choices = msgspec.json.decode(approval["choices"], type=list[str])
    if choices and given.choice not in choices:
        raise ProtocolError(Code.BAD_MESSAGE, f"The choices are: {', '.join(choices)}.", field="choice")
    answered = await connection.fetch_one(
        approvals.update()
        .where(*mine, approvals.c.choice.is_(None))
        .values(choice=given.choice, answered_by=by, answered_at=now_ms())
        .returning(approvals.c.id)
    )
    if answered is None:
        first = approval["answered_by"]
        answer = f"{first} answered first: {approval['choice']}." if first else NOBODY
        raise ProtocolError(Code.ALREADY_ANSWERED, answer)


async def close(database: Database, subtask_id: str, answered: list[ApprovalDone]) -> None:
    """Close questions that the device has decided itself, since nobody answered in time."""
    expired = [done for done in answered if done.reason == EXPIRED]
    if not expired:
        return
    async with database.write() as connection:
        for done in expired:
            mine = [approvals.c.subtask_id == subtask_id, approvals.c.id == done.id]
            await connection.execute(
                approvals.update()
                .where(*mine, approvals.c.choice.is_(None))
                .values(choice=done.choice, answered_at=now_ms())
            )


async def pending(connection: Connection, subtask_ids: list[str]) -> list[tuple[int, TaskInput]]:
    """Return the inputs that the device has not acknowledged, in order, with their rows."""
    query = (
        inputs.select()
        .where(inputs.c.subtask_id.in_(subtask_ids), inputs.c.acked_at.is_(None))
        .order_by(inputs.c.row)
        .limit(DELIVERED_AT_ONCE)
    )
    return [_message(record) for record in await connection.fetch_all(query)]


def _message(record: Any) -> tuple[int, TaskInput]:
    body = msgspec.json.decode(record["body"])
    return record["row"], TaskInput(record["subtask_id"], f"input-{record['row']}", body)


async def acknowledge(database: Database, row: int) -> None:
    """Note that the device has an input."""
    async with database.write() as connection:
        await connection.execute(inputs.update().where(inputs.c.row == row).values(acked_at=now_ms()))
