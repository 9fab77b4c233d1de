"""Labels: what devices say of themselves, and what a subtask asks for that any of its user's devices may take.

In SQL a label is one text, ``["name","value"]``, so that any name and any value stay apart.
"""

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store import folders
from api.store.devices import DeviceRow
from api.store.tables import subtasks, wanted_labels


def encode(labels: dict[str, str]) -> bytes:
    """Return labels as the column ``subtasks.labels`` holds them: the same ones are the same bytes."""
    return msgspec.json.encode(labels, order="deterministic")


def _texts(labels: dict[str, str]) -> list[str]:
    return [msgspec.json.encode(label).decode() for label in labels.items()]


async def want(connection: Connection, subtask_id: str, labels: dict[str, str] | None) -> None:
    """Note which labels a subtask asks for, in place of those that it asked for before."""
    await connection.execute(wanted_labels.delete().where(wanted_labels.c.subtask_id == subtask_id))
    for text in _texts(labels or {}):
        await connection.execute(wanted_labels.insert().values(subtask_id=subtask_id, label=text))


def suits(device: DeviceRow) -> sa.ColumnElement[bool]:
    """Return the condition for what waits for any of its user's devices and may run on this one."""
    is_missing = sa.exists().where(
        wanted_labels.c.subtask_id == subtasks.c.id, wanted_labels.c.label.not_in(_texts(device.about.labels))
    )
    return sa.and_(
        subtasks.c.user_id == device.user_id,
        subtasks.c.labels.is_not(None),
        subtasks.c.device.is_(None),
        subtasks.c.shell.in_(device.about.shells),
        folders.suits(device),
        ~is_missing,
    )
