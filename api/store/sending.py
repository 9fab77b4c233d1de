"""Sending: choose where, refuse what cannot be, insert one row, and poke. Nobody routes."""

import re
import secrets
from typing import Annotated, Any, NamedTuple

import msgspec
import sqlalchemy as sa
from databases.core import Connection
from msgspec import Meta

from api.store import cloud, devices, settle, subtasks, tasks
from api.store.clock import now_ms
from api.store.database import REFERENCE_VIOLATIONS, UNIQUE_VIOLATIONS
from api.store.devices import DeviceRow
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import devices as device_table
from api.store.tables import subtasks as table
from wegent.protocol.chat_messages import Send
from wegent.protocol.codec import MAX_NESTING, nesting
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import CLOUD, Sent
from wegent.protocol.states import State
from wegent.protocol.types import Seconds

DEFAULT_SHELL = "ClaudeCode"
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


class Target(NamedTuple):
    """Where a subtask is to run: on a device, or (None) on whichever of the cloud's is free."""

    device: DeviceRow | None

    @property
    def device_id(self) -> str:
        """The id that REST shows."""
        return CLOUD if self.device is None else self.device.device_id


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
        shell = await check_target(store, target, shell, options, wait=message.wait)
        try:
            row = await _insert(store, user_id, message, target, shell)
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
    if not message.prompt and not options.argv and "notebook" not in message.options:
        raise ProtocolError(Code.BAD_MESSAGE, "The prompt is empty.", "Write what is to be done.", field="prompt")
    return options


async def _choose(store: Store, user_id: str, message: Send) -> Target:
    """The device named, else where the task was last, else the default device, else the cloud."""
    async with store.database.read() as connection:
        if message.task_id is not None:
            await tasks.get(connection, message.task_id, user_id)
        if message.device_id == CLOUD:
            return Target(None)
        if message.device_id is not None:
            return Target(await devices.get(connection, user_id, message.device_id))
        if message.task_id is not None:
            last = await subtasks.last_turns(connection, message.task_id, limit=1)
            if last and last[-1].is_cloud:
                return Target(None)
            if last and (device := await _of_row(connection, last[-1].device)) is not None:
                return Target(device)
        return Target(await _of_row(connection, await devices.default_row(connection, user_id)))


async def _last_shell(store: Store, task_id: str | None) -> str | None:
    """The conversation's shell, on another device too: what was meant for one is not for another to guess at."""
    if task_id is None:
        return None
    async with store.database.read() as connection:
        last = await subtasks.last_turns(connection, task_id, limit=1)
    return last[-1].shell if last else None


async def _of_row(connection: Connection, row: int | None) -> DeviceRow | None:
    found = await devices.select(connection, device_table.c.row == row)
    return found[0] if found else None


async def check_target(
    store: Store, target: Target, shell: str | None, options: CommonOptions, *, wait: bool
) -> str:
    """Return the shell to use, having checked that the target is online (or may be waited for) and offers it."""
    if target.device is None:
        offered = cloud.shells(await cloud.online(store))
        if not offered and not wait:
            raise ProtocolError(Code.NO_CLOUD)
    else:
        offered = target.device.about.shells
        if not wait and await devices.is_offline(store, target.device):
            raise ProtocolError(Code.DEVICE_OFFLINE, f"{target.device.name} is offline.")
        _check_workdir(target.device, options.workdir)
    if shell is None:
        return DEFAULT_SHELL if DEFAULT_SHELL in offered or not offered else offered[0]
    if offered and shell not in offered:
        where = "The cloud" if target.device is None else target.device.name
        raise ProtocolError(
            Code.SHELL_NOT_OFFERED,
            f"{where} does not offer {shell}.",
            f"It offers: {', '.join(offered)}. The owner adds others with --shell.",
        )
    return shell


def _check_workdir(device: DeviceRow, workdir: str | None) -> None:
    """The device resolves links and decides; this refuses early what it cannot allow."""
    if workdir is None:
        return
    path = re.sub(r"[\\/]+", "/", workdir).rstrip("/") + "/"
    folders = [re.sub(r"[\\/]+", "/", folder).rstrip("/") + "/" for folder in device.about.folders]
    if "/../" in path or not any(path.startswith(folder) for folder in folders):
        raise ProtocolError(
            Code.FORBIDDEN,
            f"{device.name} does not offer the folder {workdir}.",
            "Its owner offers folders with --workspace DIR.",
            field="options.workdir",
        )


async def _insert(store: Store, user_id: str, message: Send, target: Target, shell: str) -> SubtaskRow:
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
            "is_cloud": target.device is None,
            "device": None if target.device is None else target.device.row,
            "device_id": target.device_id,
            "state": State.QUEUED.value,
            "attempt": 0,
            "shell": shell,
            "prompt": message.prompt.encode(),
            "options": msgspec.json.encode(message.options),
            "failed_offers": 0,
            "expires_at": now + int(store.settings.timing.queue * 1000),
            "stored_seq": 0,
            "log_version": 0,
            "created_at": now,
        }
        record = await connection.fetch_one(table.insert().values(values).returning(*table.c))
    return SubtaskRow.of(record)


async def move(store: Store, row: SubtaskRow, device_id: str) -> SubtaskRow:
    """Give a queued subtask to another device or the cloud; raise ``conflict`` if it no longer waits."""
    options = msgspec.convert(row.options, CommonOptions)
    if device_id == CLOUD:
        target = Target(None)
    else:
        async with store.database.read() as connection:
            target = Target(await devices.get(connection, row.user_id, device_id))
    await check_target(store, target, row.shell, options, wait=False)
    async with store.database.write() as connection:
        record = await connection.fetch_one(
            table.update()
            .where(table.c.id == row.id, table.c.state == State.QUEUED.value)
            .values(
                is_cloud=target.device is None,
                device=None if target.device is None else target.device.row,
                device_id=target.device_id,
                waiting_reason=None,
                failed_offers=0,
            )
            .returning(*table.c)
        )
    if record is None:
        raise ProtocolError(Code.CONFLICT, "Only a subtask that waits can be moved.")
    await settle.poke_device(store, row)
    moved = SubtaskRow.of(record)
    await settle.announce(store, moved)
    return moved
