"""The messages of ``/ws/chat``. ``FROM_VIEWER`` and ``TO_VIEWER`` map each event's name to its type."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from wegent.protocol.inputs import AnyInput
from wegent.protocol.resources import Device, TaskError
from wegent.protocol.states import State
from wegent.protocol.types import ClientId, FirstSeq, Id, Labels, Prompt, Rev, Seq, Word


class Send(msgspec.Struct, frozen=True, omit_defaults=True):
    """``chat:send``: a prompt for a device, the cloud, or wherever the task was last.

    ``labels`` go with ``device_id: "*"``: whichever of the sender's devices has them all and a free slot first.
    """

    client_id: ClientId
    prompt: Prompt
    task_id: Id | None = None
    device_id: Id | None = None
    labels: Labels | None = None
    shell: Word | None = None
    wait: bool = False
    options: dict[str, Any] = {}
    title: Annotated[str, Meta(max_length=200)] | None = None


class Subscribe(msgspec.Struct, frozen=True):
    """``chat:subscribe``: output after ``seq``, from now on."""

    subtask_id: Id
    seq: Seq = 0


class Unsubscribe(msgspec.Struct, frozen=True):
    """``chat:unsubscribe``: no more of it."""

    subtask_id: Id


class CancelSubtask(msgspec.Struct, frozen=True):
    """``chat:cancel``: stop it."""

    subtask_id: Id


class SendInput(msgspec.Struct, frozen=True):
    """``chat:input``: an approval's answer, or a follow-up while it runs."""

    subtask_id: Id
    client_id: ClientId
    input: AnyInput


class StateAnswer(msgspec.Struct, frozen=True):
    """The answer to subscribe and cancel."""

    state: State


class Chunk(msgspec.Struct, frozen=True):
    """``chat:chunk``: output events, the first numbered ``seq``."""

    subtask_id: str
    seq: FirstSeq
    events: list[msgspec.Raw]


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """``chat:done``: it ended, and ``seq`` was its last event. After the last chunk."""

    subtask_id: str
    seq: Seq
    state: State
    error: TaskError | None = None
    result: dict[str, Any] | None = None


class SubtaskState(msgspec.Struct, frozen=True, omit_defaults=True):
    """``task:state``: how a subtask stands."""

    task_id: str
    subtask_id: str
    state: State
    device_id: str
    rev: Rev
    labels: dict[str, str] | None = None
    queue_position: int | None = None
    waiting_reason: str | None = None


class DeviceState(Device, frozen=True, kw_only=True):
    """``device:state``: how a device stands; ``removed`` when it was deleted."""

    rev: Rev
    removed: bool = False


class TaskChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    """``task:changed``: a conversation's title, turns or being unread changed: read it again. Or it is gone."""

    task_id: str
    removed: bool = False


FROM_VIEWER: dict[str, type[msgspec.Struct]] = {
    "chat:send": Send,
    "chat:subscribe": Subscribe,
    "chat:unsubscribe": Unsubscribe,
    "chat:cancel": CancelSubtask,
    "chat:input": SendInput,
}
TO_VIEWER: dict[str, type[msgspec.Struct]] = {
    "chat:chunk": Chunk,
    "chat:done": Done,
    "task:state": SubtaskState,
    "task:changed": TaskChanged,
    "device:state": DeviceState,
}
