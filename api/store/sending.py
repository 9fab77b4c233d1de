"""Sending: choose where, refuse what cannot be, insert one row, and poke. Nobody routes."""

import secrets
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from api.store import folders, settle, subtasks, targets, tasks
from api.store import labels as wanted
from api.store.clock import now_ms
from api.store.database import REFERENCE_VIOLATIONS, UNIQUE_VIOLATIONS
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import subtasks as table
from api.store.targets import Target, Wish
from wegent.protocol.chat_messages import Send
from wegent.protocol.codec import MAX_NESTING, nesting
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import Sent
from wegent.protocol.states import State
from wegent.protocol.types import Seconds

MAX_OPTIONS = 256 << 10
MAX_PROMPT = 640 << 10
"""Together with the options and a transcript this fits into one frame."""


class CommonOptions(msgspec.Struct, frozen=True):
    """The options that every shell knows; each shell checks its own on the device."""

    workdir: Annotated[str, Meta(max_length=4096)] | None = None
    timeout_seconds: Seconds | None = None
    env: dict[str, str] = {}
    files: list[str] = []
    argv: list[str] | None = None
    model: str | None = None
    system_prompt: str | None = None
    permission_mode: str | None = None
    max_turns: Annotated[int, Meta(ge=1, le=100_000)] | None = None


async def send(store: Store, user_id: str, message: Send) -> Sent:
    """Queue a prompt as a new turn; sending the same ``client_id`` again gives the same answer.

    Raises ``not_found``, ``device_offline``, ``no_cloud``, ``shell_not_offered``, ``forbidden``, ``queue_full`` or
    ``bad_message``.
    """
    sent = await _sent_before(store, user_id, message.client_id)
    if sent is None:
        options = _checked_options(message)
        target = await _choose(store, user_id, message)
        shell = message.shell or await _last_shell(store, message.task_id)
        shell = await target.check(store, Wish(shell, options.workdir, message.wait))
        try:
            row = await _insert(store, user_id, message, target, Wish(shell, options.workdir, message.wait))
        except (*UNIQUE_VIOLATIONS, *REFERENCE_VIOLATIONS):
            sent = await _sent_before(store, user_id, message.client_id)
            if sent is None:
                raise ProtocolError(Code.NOT_FOUND, "The device or the task has just been deleted.") from None
        else:
            await settle.announce(store, row)
            sent = row
    async with store.database.read() as connection:
        places = await subtasks.queue_positions(connection, [sent])
    return Sent(sent.task_id, sent.id, sent.state, places.get(sent.id))


async def _sent_before(store: Store, user_id: str, client_id: str) -> SubtaskRow | None:
    async with store.database.read() as connection:
        found = await subtasks.select(connection, table.c.user_id == user_id, table.c.client_id == client_id)
    return found[0] if found else None


def _checked_options(message: Send) -> CommonOptions:
    if "\0" in message.prompt or "\0" in (message.title or ""):
        raise ProtocolError(Code.BAD_MESSAGE, "The prompt has a NUL character.", field="prompt")
    encoded = msgspec.json.encode(message.options)
    if len(encoded) > MAX_OPTIONS:
        raise ProtocolError(Code.TOO_LARGE, f"`options` may have {MAX_OPTIONS} bytes.", field="options")
    if len(msgspec.json.encode(message.prompt)) > MAX_PROMPT:
        raise ProtocolError(Code.TOO_LARGE, f"`prompt` may have {MAX_PROMPT} bytes.", field="prompt")
    if nesting(message.options) > MAX_NESTING:
        raise ProtocolError(Code.BAD_MESSAGE, "`options` is nested too deeply.", field="options")
    try:
        options = msgspec.convert(message.options, CommonOptions)
    except msgspec.ValidationError as error:
        raise ProtocolError(Code.BAD_MESSAGE, f"`options` is not valid: {error}.", field="options") from None
    if "\0" in (options.workdir or ""):
        raise ProtocolError(Code.BAD_MESSAGE, "A folder's path has no NUL character.", field="options.workdir")
    if not message.prompt and not options.argv and "notebook" not in message.options:
        raise ProtocolError(Code.BAD_MESSAGE, "The prompt is empty.", "Write what is to be done.", field="prompt")
    return options


async def _choose(store: Store, user_id: str, message: Send) -> Target:
    async with store.database.read() as connection:
        if message.task_id is not None:
            await tasks.get(connection, message.task_id, user_id)
        return await targets.choose(connection, user_id, message.task_id, message.device_id, message.labels)


async def _last_shell(store: Store, task_id: str | None) -> str | None:
    """The conversation's shell, on another device too: what was meant for one is not for another to guess at."""
    if task_id is None:
        return None
    async with store.database.read() as connection:
        last = await subtasks.last_turns(connection, task_id, limit=1)
    return last[-1].shell if last else None


async def _insert(store: Store, user_id: str, message: Send, target: Target, wish: Wish) -> SubtaskRow:
    now = now_ms()
    async with store.database.write() as connection:
        queued = await connection.fetch_val(
            sa.select(sa.func.count()).where(table.c.user_id == user_id, table.c.state == State.QUEUED.value)
        )
        if queued >= store.settings.queue_limit:
            raise ProtocolError(Code.QUEUE_FULL, f"{queued} of your subtasks are waiting already.")
        task_id = message.task_id
        if task_id is None:
            task_id = await tasks.insert(connection, user_id, message.title or message.prompt, now)
        else:
            await tasks.touch(connection, task_id, now)
        values: dict[str, Any] = {
            "id": secrets.token_hex(10),
            "task_id": task_id,
            "user_id": user_id,
            "client_id": message.client_id,
            **target.columns,
            "state": State.QUEUED.value,
            "attempt": 0,
            "shell": wish.shell,
            "folder": None if wish.workdir is None else folders.written(wish.workdir),
            "prompt": message.prompt.encode(),
            "options": msgspec.json.encode(message.options),
            "failed_offers": 0,
            "expires_at": now + int(store.settings.timing.queue * 1000),
            "stored_seq": 0,
            "log_version": 0,
            "created_at": now,
        }
        row = SubtaskRow.of(await connection.fetch_one(table.insert().values(values).returning(*table.c)))
        if row.labels:
            await wanted.want(connection, row.id, row.labels)
    return row


async def move(store: Store, row: SubtaskRow, device_id: str, labels: dict[str, str] | None = None) -> SubtaskRow:
    """Let a queued subtask wait for another device, any, or the cloud; raise ``conflict`` if it does not wait."""
    options = msgspec.convert(row.options, CommonOptions)
    async with store.database.read() as connection:
        target = await targets.named(connection, row.user_id, device_id, labels)
    await target.check(store, Wish(row.shell, options.workdir, wait=False))
    async with store.database.write() as connection:
        record = await connection.fetch_one(
            table.update()
            .where(table.c.id == row.id, table.c.state == State.QUEUED.value)
            .values(**target.columns, waiting_reason=None, failed_offers=0)
            .returning(*table.c)
        )
        if record is None:
            raise ProtocolError(Code.CONFLICT, "Only a subtask that waits can be moved.")
        moved = SubtaskRow.of(record)
        await wanted.want(connection, moved.id, moved.labels)
    await settle.poke_device(store, row)
    await settle.announce(store, moved)
    return moved
