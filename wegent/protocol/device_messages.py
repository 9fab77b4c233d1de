"""The messages of ``/ws/device``. ``FROM_DEVICE`` and ``TO_DEVICE`` map each event's name to its type."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from wegent.protocol.resources import Device, DeviceKind
from wegent.protocol.types import (
    Attempt,
    DeviceId,
    FirstSeq,
    Id,
    Instance,
    Labels,
    Name,
    Prompt,
    Seconds,
    Seq,
    Word,
)


class Running(msgspec.Struct, frozen=True):
    """A subtask whose accept was sent and whose complete is unanswered; ``seq`` is its last event's number."""

    subtask_id: Id
    attempt: Attempt
    seq: Seq = 0


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """``device:register``: the first message of a device. A ``paused`` one is offered nothing, as after drain."""

    device_id: DeviceId
    name: Name
    slots: Annotated[int, Meta(ge=1, le=1000)] = 5
    version: Annotated[str, Meta(max_length=64)] = ""
    platform: Annotated[str, Meta(max_length=200)] = ""
    shells: Annotated[list[Word], Meta(max_length=32)] = []
    folders: Annotated[list[Annotated[str, Meta(max_length=4096)]], Meta(max_length=64)] = []
    kernels: Annotated[list[Word], Meta(max_length=64)] = []
    labels: Labels = {}
    kind: DeviceKind = "local"
    instance: Instance = ""
    connection: Seq = 0
    paused: bool = False
    running: Annotated[list[Running], Meta(max_length=10_000)] = []


class Resume(msgspec.Struct, frozen=True):
    """What to do with one listed subtask; ``seq`` is the last event's number held by the server."""

    subtask_id: str
    attempt: int
    seq: int
    verdict: Literal["continue", "stop"]


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to ``device:register``."""

    device: Device
    session: str
    heartbeat_seconds: float
    online_ttl_seconds: float
    max_frame: int
    server_time: str
    resume: list[Resume]


class Heartbeat(msgspec.Struct, frozen=True):
    """``device:heartbeat``: alive, and running these subtasks. ``load`` is told as it is measured."""

    device_id: DeviceId
    running_task_ids: Annotated[list[Id], Meta(max_length=10_000)]
    load: Annotated[dict[Word, float], Meta(max_length=16)] = {}


class HeartbeatAnswer(msgspec.Struct, frozen=True):
    """The answer to ``device:heartbeat``: which of the listed subtasks to stop."""

    server_time: str
    stop: list[str]


class Leave(msgspec.Struct, frozen=True):
    """``device:drain`` (no new offers, please) and ``device:goodbye`` (leaving on purpose)."""

    reason: Annotated[str, Meta(max_length=1000)] = ""


class Execute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``task:execute``: an offer.

    ``history_session`` is what the device reported for the task before; ``transcript`` is what was said so far,
    bounded, for a task that comes from another device.
    """

    subtask_id: Id
    task_id: Id
    attempt: Attempt
    shell: Word
    prompt: Prompt
    options: dict[str, Any] = {}
    history_session: str | None = None
    transcript: str | None = None
    timeout_seconds: Seconds | None = None


class Accept(msgspec.Struct, frozen=True):
    """``task:accept``: may I start? Work begins only after the answer."""

    subtask_id: Id
    attempt: Attempt


class Decline(msgspec.Struct, frozen=True):
    """``task:decline``: not now (``retry``), or never."""

    subtask_id: Id
    attempt: Attempt
    reason: Annotated[str, Meta(max_length=4096)] = ""
    retry: bool = True


class Progress(msgspec.Struct, frozen=True):
    """``task:progress``: output events, the first numbered ``seq``."""

    subtask_id: Id
    attempt: Attempt
    seq: FirstSeq
    events: Annotated[list[msgspec.Raw], Meta(min_length=1)]


class ReportedError(msgspec.Struct, frozen=True):
    """Why the device says that a subtask failed."""

    code: Word
    message: Annotated[str, Meta(max_length=65_536)] = ""


class Complete(msgspec.Struct, frozen=True, omit_defaults=True):
    """``task:complete``: it ended like this, and ``seq`` was its last event (0 if none)."""

    subtask_id: Id
    attempt: Attempt
    seq: Seq
    status: Literal["completed", "failed", "cancelled"]
    error: ReportedError | None = None
    result: dict[str, Any] | None = None


class Ack(msgspec.Struct, frozen=True):
    """``task:ack``: held up to ``seq``; up to ``stored`` it is in SQL and may be forgotten."""

    subtask_id: Id
    seq: Seq
    stored: Seq


class Replay(msgspec.Struct, frozen=True):
    """``task:replay``: send again from ``seq``."""

    subtask_id: Id
    seq: FirstSeq


class Cancel(msgspec.Struct, frozen=True):
    """``task:cancel``: stop it; it has ``grace_seconds`` before it is killed."""

    subtask_id: Id
    attempt: Attempt
    grace_seconds: Annotated[float, Meta(ge=0)]


class TaskInput(msgspec.Struct, frozen=True):
    """``task:input``: an approval's answer or a follow-up; repeated until acknowledged."""

    subtask_id: Id
    input_id: Id
    input: dict[str, Any]


FROM_DEVICE: dict[str, type[msgspec.Struct]] = {
    "device:register": Register,
    "device:heartbeat": Heartbeat,
    "device:drain": Leave,
    "device:goodbye": Leave,
    "task:accept": Accept,
    "task:decline": Decline,
    "task:progress": Progress,
    "task:complete": Complete,
}
TO_DEVICE: dict[str, type[msgspec.Struct]] = {
    "task:execute": Execute,
    "task:ack": Ack,
    "task:replay": Replay,
    "task:cancel": Cancel,
    "task:input": TaskInput,
}
