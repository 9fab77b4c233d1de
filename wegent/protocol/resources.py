"""What REST and the sockets show of devices, tasks, subtasks and tokens."""

from typing import Any, Literal

import msgspec

from wegent.protocol.states import State

DeviceStatus = Literal["online", "offline", "busy"]
DeviceKind = Literal["local", "cloud"]

CLOUD = "cloud"
"""The device id that means the shared pool of cloud executors."""

ANY = "*"
"""The device id that means any of the sender's own devices; no device can have it."""


MAX_FILE = 24 << 20
"""Bytes that one file may have."""

MAX_VARIABLES = 20
"""Variables that may go with code one way."""


class Slots(msgspec.Struct, frozen=True):
    """How many subtasks a device runs, and how many it may."""

    used: int
    total: int


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A computer that runs its owner's subtasks, as ``GET /devices/{id}`` gives it. Times are RFC 3339 UTC.

    ``paused``: it is there and goes on with what runs, but takes nothing new: what is sent to it waits.
    """

    device_id: str
    name: str
    status: DeviceStatus
    reconnecting: bool = False
    paused: bool = False
    slots: Slots
    queued: int
    running: list[str]
    is_default: bool
    kind: DeviceKind
    shells: list[str]
    folders: list[str]
    kernels: list[str]
    labels: dict[str, str]
    load: dict[str, float] = {}
    version: str
    platform: str
    last_seen: str | None
    created_at: str


class Cloud(msgspec.Struct, frozen=True):
    """The operator's pool, which all users share, as ``GET /cloud`` gives it.

    ``executors`` counts those that are online; without one nothing is sent there unless the sender waits
    (``no_cloud``). ``queued`` counts what waits, whosever it is; ``shells`` is what at least one of them offers.
    """

    executors: int
    slots: Slots
    queued: int
    shells: list[str]


class TaskError(msgspec.Struct, frozen=True):
    """Why a subtask failed: a code of ``errors.py``, what happened, and what to do next."""

    code: str
    message: str
    hint: str = ""


class Subtask(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a task, as ``GET /subtasks/{id}`` gives it.

    ``seq`` is the number of the last output event held; ``waiting_reason`` says why a device declined it.
    ``labels`` are there when it was sent to any of the sender's devices that has them; its ``device_id`` is ``*``
    until one of those takes it.
    """

    subtask_id: str
    task_id: str
    state: State
    attempt: int
    device_id: str
    labels: dict[str, str] | None = None
    shell: str
    prompt: str
    options: dict[str, Any] = {}
    queue_position: int | None
    waiting_reason: str | None = None
    seq: int
    error: TaskError | None
    result: dict[str, Any] | None
    created_at: str
    started_at: str | None
    ended_at: str | None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, as ``GET /tasks/{id}`` gives it.

    ``unread``: a turn ended or an approval was asked since its user last saw it.
    """

    task_id: str
    title: str
    unread: bool = False
    last_subtask: Subtask | None
    created_at: str
    updated_at: str


class Sent(msgspec.Struct, frozen=True):
    """The answer to a sent prompt."""

    task_id: str
    subtask_id: str
    state: State
    queue_position: int | None


class StoredFile(msgspec.Struct, frozen=True):
    """A file that the server keeps until ``expires_at``, as ``POST /files`` answers; ``size`` in bytes."""

    id: str
    name: str
    media_type: str
    size: int
    expires_at: str


class User(msgspec.Struct, frozen=True):
    """Who is logged in."""

    id: str
    name: str
    is_admin: bool
