"""Files in the database, each its user's, deleted after a day."""

import secrets
from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from api.store.clock import now_ms, rfc3339
from api.store.database import Database
from api.store.tables import devices, files, subtasks
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import HOLDS_SLOT

MAX_USER_BYTES = 512 << 20
KEEP_MS = 24 * 3600 * 1000


class Stored(NamedTuple):
    """What is known of a file just stored."""

    id: str
    name: str
    media_type: str
    size: int
    expires_at: str


async def insert(database: Database, user_id: str, name: str, media_type: str, body: bytes) -> Stored:
    """Store a file; raise ``too_large`` when the user's files would take more than ``MAX_USER_BYTES``."""
    now = now_ms()
    file_id = secrets.token_hex(16)
    async with database.write() as connection:
        used = await connection.fetch_val(
            sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(files.c.body)), 0)).where(
                files.c.user_id == user_id
            )
        )
        if int(used) + len(body) > MAX_USER_BYTES:
            raise ProtocolError(
                Code.TOO_LARGE, f"Your files may take {MAX_USER_BYTES} bytes together.", "They go after a day."
            )
        await connection.execute(
            files.insert().values(
                id=file_id,
                user_id=user_id,
                name=name,
                media_type=media_type,
                body=body,
                created_at=now,
                expires_at=now + KEEP_MS,
            )
        )
    return Stored(file_id, name, media_type, len(body), rfc3339(now + KEEP_MS))


async def get(database: Database, user_id: str, file_id: str) -> tuple[str, str, bytes]:
    """Return name, media type and content of a file of the user's; raise ``not_found``."""
    return await get_of_any(database, {user_id}, file_id)


async def get_of_any(database: Database, owners: Collection[str], file_id: str) -> tuple[str, str, bytes]:
    """Return the same of a file of one of these users'; raise ``not_found``."""
    good = (files.c.id == file_id, files.c.user_id.in_(owners), files.c.expires_at > now_ms())
    async with database.read() as connection:
        record = await connection.fetch_one(files.select().where(*good))
    if record is None:
        raise ProtocolError(Code.NOT_FOUND, "There is no such file.", "Files are kept for 24 hours.")
    return record["name"], record["media_type"], record["body"]


async def senders_in_cloud(database: Database, operator_id: str, file_id: str) -> set[str]:
    """Return who sent what the operator's cloud executors hold right now and has this file attached."""
    query = (
        sa.select(subtasks.c.user_id, subtasks.c.options)
        .join(devices, devices.c.row == subtasks.c.device)
        .where(devices.c.user_id == operator_id, devices.c.kind == "cloud", subtasks.c.is_cloud.is_(True))
        .where(subtasks.c.state.in_([state.value for state in HOLDS_SLOT]))
    )
    async with database.read() as connection:
        held = await connection.fetch_all(query)
    return {each["user_id"] for each in held if file_id in _attached(msgspec.json.decode(each["options"]))}


async def receiver(database: Database, sender_id: str, subtask_id: str) -> str:
    """Return who sent what a device of this user runs now, and so gets its files; raise ``not_found``."""
    query = (
        sa.select(subtasks.c.user_id)
        .join(devices, devices.c.row == subtasks.c.device)
        .where(subtasks.c.id == subtask_id, devices.c.user_id == sender_id)
        .where(subtasks.c.state.in_([state.value for state in HOLDS_SLOT]))
    )
    async with database.read() as connection:
        user_id: str | None = await connection.fetch_val(query)
    if user_id is None:
        raise ProtocolError(Code.NOT_FOUND, "No such subtask runs on a device of yours.")
    return user_id


def _attached(options: dict[str, Any]) -> list[Any]:
    """Return the ids of all files that a task's options name."""
    lists = [found for name in ("files", "images") if isinstance(found := options.get(name), list)]
    return [*(id for found in lists for id in found), options.get("notebook")]


async def delete_expired(database: Database) -> int:
    """Delete files whose time is over; return how many."""
    async with database.write() as connection:
        deleted = await connection.fetch_all(
            files.delete().where(files.c.expires_at < now_ms()).returning(files.c.id)
        )
    return len(deleted)
