"""Tasks: conversations and their turns."""

import secrets
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from quart import Blueprint, request
from quart_schema import validate_querystring, validate_response

from api import auth
from api.request import json_body
from api.routes.lists import Limit, Page, cursor, keys
from api.store import pubsub, sending, subtasks, tasks
from wegent.protocol.chat_messages import Send
from wegent.protocol.codec import decode_data
from wegent.protocol.resources import Sent, Subtask, Task
from wegent.protocol.types import ClientId, Id, Labels, Name, Prompt, Word

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")

READ = ("read", "send")


class Turn(msgspec.Struct, frozen=True):
    """A prompt, and where and how it is to run.

    ``labels`` go with ``device_id: "*"``: any of the caller's devices that has them all.
    """

    prompt: Prompt = ""
    device_id: Id | None = None
    labels: Labels | None = None
    shell: Word | None = None
    wait: bool = False
    options: dict[str, Any] = {}


class NewTask(Turn, frozen=True):
    """The first prompt of a conversation."""

    title: Annotated[str, Meta(max_length=200)] | None = None


class TaskQuery(msgspec.Struct, frozen=True):
    """Which conversations are asked for; ``q`` is a part of the title."""

    q: str = ""
    limit: Limit = 50
    after: str = ""


class TaskList(msgspec.Struct, frozen=True):
    """The user's conversations, last used first."""

    items: list[Task]
    next: str | None = None


class SubtaskList(msgspec.Struct, frozen=True):
    """A conversation's turns, oldest first."""

    items: list[Subtask]
    next: str | None = None


class Retitling(msgspec.Struct, frozen=True):
    """Another title."""

    title: Name


def client_id() -> str:
    """Return the request's Idempotency-Key, or a key of its own."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return secrets.token_urlsafe(16)
    return decode_data(msgspec.json.encode(key), ClientId, "The Idempotency-Key")


async def send(turn: Turn, task_id: str | None, title: str | None = None) -> Sent:
    """Queue a turn."""
    message = Send(
        client_id=client_id(),
        prompt=turn.prompt,
        task_id=task_id,
        device_id=turn.device_id,
        labels=turn.labels,
        shell=turn.shell,
        wait=turn.wait,
        options=turn.options,
        title=title,
    )
    return await sending.send(auth.store(), auth.login().user.id, message)


async def changed(task_id: str, *, removed: bool = False) -> None:
    """Tell the caller's sockets, on whichever computer, to read a task again."""
    message = pubsub.task_changed(task_id, removed=removed)
    await auth.store().pubsub.publish(pubsub.user_channel(auth.login().user.id), message)


async def shown(task_id: str) -> Task:
    """Return one of the caller's tasks."""
    store = auth.store()
    async with store.database.read() as connection:
        row = await tasks.get(connection, task_id, auth.login().user.id)
    return (await tasks.show(store.database, store.log, [row]))[0]


@blueprint.get("")
@auth.scope(*READ)
@validate_querystring(TaskQuery)
@validate_response(TaskList)
async def list_tasks(query_args: TaskQuery) -> TaskList:
    """List the caller's conversations, last used first."""
    store = auth.store()
    before = keys(query_args.after, 2)
    async with store.database.read() as connection:
        rows = await tasks.select(
            connection,
            auth.login().user.id,
            search=query_args.q.replace("\0", ""),
            before=None if before is None else (before[0], before[1]),
            limit=query_args.limit,
        )
    items = await tasks.show(store.database, store.log, rows)
    last = (rows[-1].updated_at, rows[-1].row) if rows else (0, 0)
    return TaskList(items, cursor(rows, query_args.limit, *last))


@blueprint.post("")
@json_body(NewTask)
@validate_response(Sent, 201)
async def create_task(data: NewTask) -> tuple[Sent, int]:
    """Begin a conversation: send its first prompt to a device or the cloud.

    With an ``Idempotency-Key`` a repeated request gives the first one's answer.
    """
    return await send(data, None, data.title), 201


@blueprint.get("/<task_id>")
@auth.scope(*READ)
@validate_response(Task)
async def get_task(task_id: str) -> Task:
    """Give one conversation."""
    return await shown(task_id)


@blueprint.patch("/<task_id>")
@json_body(Retitling)
@validate_response(Task)
async def rename_task(task_id: str, data: Retitling) -> Task:
    """Give a conversation another title."""
    async with auth.store().database.write() as connection:
        row = await tasks.get(connection, task_id, auth.login().user.id)
        await tasks.rename(connection, row, data.title)
    await changed(task_id)
    return await shown(task_id)


@blueprint.put("/<task_id>/seen")
async def mark_task_seen(task_id: str) -> tuple[str, int]:
    """Note that the caller has seen all of a conversation: it is no longer unread, on no computer."""
    async with auth.store().database.write() as connection:
        row = await tasks.get(connection, task_id, auth.login().user.id)
        was_unread = await tasks.mark_seen(connection, row)
    if was_unread:
        await changed(task_id)
    return "", 204


@blueprint.delete("/<task_id>")
async def delete_task(task_id: str) -> tuple[str, int]:
    """Delete a conversation with its turns and their output; not while one of them is unsettled."""
    store = auth.store()
    async with store.database.write() as connection:
        row = await tasks.get(connection, task_id, auth.login().user.id)
        await tasks.delete(connection, row)
    await changed(task_id, removed=True)
    return "", 204


@blueprint.get("/<task_id>/subtasks")
@auth.scope(*READ)
@validate_querystring(Page)
@validate_response(SubtaskList)
async def list_subtasks(task_id: str, query_args: Page) -> SubtaskList:
    """List a conversation's turns, oldest first."""
    store = auth.store()
    after = keys(query_args.after, 1)
    async with store.database.read() as connection:
        row = await tasks.get(connection, task_id, auth.login().user.id)
        rows = await subtasks.turns(connection, row.id, after[0] if after else 0, query_args.limit)
    items = await subtasks.show(store.database, store.log, rows)
    return SubtaskList(items, cursor(rows, query_args.limit, rows[-1].position if rows else 0))


@blueprint.post("/<task_id>/subtasks")
@json_body(Turn)
@validate_response(Sent, 201)
async def create_subtask(task_id: str, data: Turn) -> tuple[Sent, int]:
    """Send the next prompt of a conversation."""
    return await send(data, task_id), 201
