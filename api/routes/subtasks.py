"""Subtasks: one turn each, its output, and what can be done to it."""

import secrets

import msgspec
from quart import Blueprint, Response, request
from quart_schema import validate_querystring, validate_response

from api import auth
from api.event_stream import event_stream, events_now
from api.request import json_body
from api.routes.tasks import client_id
from api.store import inputs, sending, settle, subtasks
from api.store.subtasks import SubtaskRow
from wegent.protocol.chat_messages import Send, StateAnswer
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.inputs import AnyInput
from wegent.protocol.resources import ANY, Sent, Subtask
from wegent.protocol.types import MAX_INTEGER, ClientId, Id, Labels, Seq

blueprint = Blueprint("subtasks", __name__, url_prefix="/subtasks")

READ = ("read", "send")


class Moving(msgspec.Struct, frozen=True):
    """Where a queued subtask is to wait instead: a device's id, ``cloud``, or ``*`` with labels."""

    device_id: Id
    labels: Labels | None = None


class GivenInput(msgspec.Struct, frozen=True):
    """An approval's answer or a follow-up; ``client_id`` makes a resend harmless."""

    input: AnyInput
    client_id: ClientId | None = None


class EventsQuery(msgspec.Struct, frozen=True):
    """Which output is asked for: after number ``after``; ``late=1``: what came after the end."""

    after: Seq = 0
    late: bool = False


class Nothing(msgspec.Struct, frozen=True):
    """An empty answer."""


async def mine(subtask_id: str) -> SubtaskRow:
    """Return one of the caller's subtasks; raise ``not_found``."""
    async with auth.store().database.read() as connection:
        return await subtasks.get(connection, subtask_id, auth.login().user.id)


async def shown(subtask_id: str) -> Subtask:
    """Return one of the caller's subtasks as REST gives it."""
    store = auth.store()
    async with store.database.read() as connection:
        row = await subtasks.get(connection, subtask_id, auth.login().user.id)
    return (await subtasks.show(store.database, store.log, [row]))[0]


@blueprint.get("/<subtask_id>")
@auth.scope(*READ)
@validate_response(Subtask)
async def get_subtask(subtask_id: str) -> Subtask:
    """Give one subtask."""
    return await shown(subtask_id)


@blueprint.patch("/<subtask_id>")
@json_body(Moving)
@validate_response(Subtask)
async def move_subtask(subtask_id: str, data: Moving) -> Subtask:
    """Move a queued subtask to another device, any that has some labels, or the cloud."""
    await sending.move(auth.store(), await mine(subtask_id), data.device_id, data.labels)
    return await shown(subtask_id)


@blueprint.post("/<subtask_id>/cancel")
@validate_response(StateAnswer)
async def cancel_subtask(subtask_id: str) -> StateAnswer:
    """Cancel a subtask that waits, or ask the device to stop one that runs."""
    row = await settle.cancel(auth.store(), await mine(subtask_id))
    return StateAnswer(row.state)


@blueprint.post("/<subtask_id>/retry")
@validate_response(Sent, 201)
async def retry_subtask(subtask_id: str) -> tuple[Sent, int]:
    """Send an ended subtask's prompt once more, as the task's next turn."""
    row = await mine(subtask_id)
    if not row.is_settled:
        raise ProtocolError(Code.CONFLICT, f"The subtask is {row.state}.", "Wait for its end, or cancel it.")
    key = request.headers.get("Idempotency-Key")
    message = Send(
        client_id=client_id() if key is not None else secrets.token_urlsafe(16),
        prompt=row.prompt,
        task_id=row.task_id,
        device_id=row.device_id if row.labels is None else ANY,
        labels=row.labels,
        shell=row.shell,
        options=row.options,
    )
    return await sending.send(auth.store(), auth.login().user.id, message), 201


@blueprint.post("/<subtask_id>/input")
@json_body(GivenInput)
@validate_response(Nothing)
async def give_input(subtask_id: str, data: GivenInput) -> Nothing:
    """Answer an approval, or send a follow-up, while the subtask runs."""
    user = auth.login().user
    await inputs.give(auth.store(), await mine(subtask_id), user.name, data.client_id or client_id(), data.input)
    return Nothing()


@blueprint.get("/<subtask_id>/events")
@auth.scope(*READ)
@validate_querystring(EventsQuery)
async def subtask_events(subtask_id: str, query_args: EventsQuery) -> Response:
    """Stream a subtask's output as Server-Sent Events, or give what there is now as JSON.

    ``event: chunk`` carries ``{seq, events}``, its id is the number of the last event in it; ``Last-Event-ID``
    resumes. The last one is ``event: done``. As JSON it is ``{state, seq, items: [{seq, events}], next}``;
    ``next`` is null, or the ``after`` that gives the rest of what is more than one answer holds.
    """
    row = await mine(subtask_id)
    after = query_args.after
    last_id = request.headers.get("Last-Event-ID", "")
    if last_id.isascii() and last_id.isdecimal() and int(last_id) <= MAX_INTEGER:
        after = int(last_id)
    wants_json = request.accept_mimetypes.best_match(["text/event-stream", "application/json"])
    if query_args.late or wants_json == "application/json":
        body = await events_now(auth.store(), row, after, late=query_args.late)
        return Response(body, content_type="application/json")
    return event_stream(auth.store(), row, after)
