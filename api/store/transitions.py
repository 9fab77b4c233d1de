"""The one place where a subtask's state changes: a single statement, guarded by id, state and attempt."""

from typing import Any

import sqlalchemy as sa
from databases.core import Connection

from api.store.clock import now_ms
from api.store.subtasks import SubtaskRow
from api.store.tables import subtasks
from wegent.protocol.resources import ANY
from wegent.protocol.states import TERMINAL, Event, State, outcomes


async def happen(
    connection: Connection,
    subtask_id: str,
    event: Event,
    *conditions: Any,
    attempt: int | None = None,
    **values: Any,
) -> SubtaskRow | None:
    """Let ``event`` happen to a subtask, if the transitions table has it for its present state.

    Returns the row as it is now, or None when the guard did not hold: another state, another attempt, or one of
    ``conditions`` false. ``values`` are further columns to set.
    """
    follows = outcomes(event)
    guard = [subtasks.c.id == subtask_id, subtasks.c.state.in_(list(follows)), *conditions]
    if attempt is not None:
        guard.append(subtasks.c.attempt == attempt)
    state = sa.case({source.value: target.value for source, target in follows.items()}, value=subtasks.c.state)
    changed = subtasks.update().where(*guard).values({"state": state, **_columns(event, follows), **values})
    record = await connection.fetch_one(changed.returning(*subtasks.c))
    return None if record is None else SubtaskRow.of(record)


def _columns(event: Event, follows: dict[State, State]) -> dict[str, Any]:
    now = now_ms()
    columns: dict[str, Any] = {}
    if event is Event.OFFER:
        columns |= {"offered_at": now, "attempt": subtasks.c.attempt + 1}
    if event is Event.REQUEUE:  # back to where it waited: for one of many, or for this one device
        is_for_any = subtasks.c.labels.is_not(None)
        columns["device"] = sa.case((subtasks.c.is_cloud | is_for_any, None), else_=subtasks.c.device)
        columns["device_id"] = sa.case((is_for_any, ANY), else_=subtasks.c.device_id)
    if event is Event.ACCEPT:
        columns["started_at"] = now
    if event is Event.CANCEL:
        columns["cancelled_at"] = now
    settling = [source.value for source, target in follows.items() if target in TERMINAL]
    if settling:
        columns["ended_at"] = sa.case((subtasks.c.state.in_(settling), now), else_=subtasks.c.ended_at)
        # Queued and offered ones have no output.
        silent = [State.QUEUED.value, State.OFFERED.value]
        columns["seq"] = sa.case(
            (subtasks.c.state.in_([state for state in silent if state in settling]), 0), else_=subtasks.c.seq
        )
    return columns
