"""What is asked of a running executor, and its answers: one JSON document a line.

Both sides ignore fields that they do not know, and every field that came later has a default, so that a command of
one version understands an executor of another.
"""

from typing import Literal

import msgspec

Mode = Literal["working", "paused", "draining", "restarting", "stopping"]
MAX_LINE = 1 << 20
"""Bytes; a line that is longer is no message of ours."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """``ask`` is status, pause, resume, drain, restart or stop; ``now`` restarts without waiting for tasks."""

    ask: str
    now: bool = False
    secret: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the executor connects to; why it is not connected, and when it tries again (RFC 3339)."""

    url: str = ""
    is_connected: bool = False
    trouble: str = ""
    next_try: str | None = None


class Login(msgspec.Struct, frozen=True):
    """Whose token is used, and until when (RFC 3339), as far as that is known here."""

    user: str | None = None
    expires_at: str | None = None


class Slots(msgspec.Struct, frozen=True):
    """How many subtasks run, and how many may."""

    used: int = 0
    total: int = 0


class TaskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One subtask here, ``title`` how its prompt begins. ``since`` is RFC 3339.

    ``waiting_bytes`` is output that the server does not hold yet.
    """

    subtask_id: str
    task_id: str = ""
    shell: str = ""
    state: str = ""
    since: str = ""
    waiting_bytes: int = 0
    title: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a running executor is."""

    pid: int
    version: str = ""
    home: str = ""
    mode: Mode = "working"
    started_at: str = ""
    uptime_seconds: float = 0
    connection: Connection = Connection()
    device_id: str = ""
    device_name: str = ""
    login: Login = Login()
    slots: Slots = Slots()
    tasks: list[TaskStatus] = []
    load: dict[str, float] = {}
    may_sleep: bool = False
    """Whether this computer may fall asleep while tasks run: it has a battery, and nothing keeps it awake."""
    tethered_to: int = 0
    """The process id of the program that started it and that it ends with; 0: none."""


class Ended(msgspec.Struct, frozen=True):
    """The executor's last word on every open connection."""

    exit_code: int
    restarts: bool = False


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the three: how the executor is now, why it does not do what was asked, or that it has ended."""

    status: Status | None = None
    error: str = ""
    ended: Ended | None = None
