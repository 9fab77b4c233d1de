"""What a run found, as it is written to JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks.machine import Machine
from benchmarks.plan import Flow, Plan

FORMAT = 1


class Spread(msgspec.Struct, frozen=True):
    """How a measured time is spread, in milliseconds."""

    count: int
    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, nanoseconds: Sequence[int]) -> "Spread":
        """Return the spread of some times (at least one)."""
        ordered = sorted(nanoseconds)
        last = len(ordered) - 1
        p50, p99, worst = (round(ordered[round(last * share)] / 1e6, 3) for share in (0.5, 0.99, 1.0))
        return cls(len(ordered), p50, p99, worst)


class Relayed(msgspec.Struct, frozen=True, kw_only=True):
    """What one flow did. A frame is a device's ``task:progress``; costs are per frame, in CPU microseconds."""

    flow: Flow
    frames: int
    events: int
    seconds: float
    """From the first arrival at a viewer to the last."""
    events_per_second: float
    frames_per_second: float
    latency: Spread
    """From the moment a frame was due on the device to its arrival at the viewer."""
    server_us: list[float]
    """Of each server process; of two, the devices' comes first."""
    server_share: list[float]
    """Of one core, each process."""
    redis_us: float | None
    devices_share: float
    viewers_share: float
    """How busy the measuring processes were; near 1 they are the limit, not the server."""
    device_bytes: float
    viewer_bytes: float
    redis_bytes_in: float | None
    redis_bytes_out: float | None
    redis_commands: float | None
    log_reads: float | None
    """Reads of the log, all told: how often pushes did not suffice."""

    @property
    def total_us(self) -> float:
        """CPU of all server processes per frame, without Redis."""
        return sum(self.server_us)


class Dispatched(msgspec.Struct, frozen=True, kw_only=True):
    """Subtasks that end as soon as they begin; each sender sends one after the other, to a device of its own."""

    senders: int
    subtasks: int
    subtasks_per_second: float
    answer: Spread
    """From `chat:send` to its answer."""
    execute: Spread
    """From `chat:send` to `task:execute` at the device."""
    accept: Spread
    """From `task:accept` to its answer."""
    complete: Spread
    """From `task:complete` to its answer."""
    done: Spread
    """From `chat:send` to `chat:done`."""
    server_ms: float
    """CPU of the API process per subtask, in milliseconds."""
    redis_commands: float


class Statements(msgspec.Struct, frozen=True, kw_only=True):
    """SQL statements per subtask, by their first word; every COMMIT after a write waits for the disk."""

    subtasks: int
    per_subtask: dict[str, float]


class IdleStep(msgspec.Struct, frozen=True, kw_only=True):
    """So many idle sockets, and how much more memory the API process and Redis have than with none."""

    sockets: int
    resident_bytes: int
    bytes_per_socket: float
    redis_bytes_per_socket: float
    connects_per_second: float
    """How fast those of this step connected (and, as devices, registered)."""


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """Idle sockets of one kind, step by step, and what the last step costs in CPU (shares of one core)."""

    kind: str
    resident_bytes: int
    """With no socket."""
    steps: list[IdleStep]
    server_share: float
    redis_share: float


class Executor(msgspec.Struct, frozen=True, kw_only=True):
    """An executor that has nothing to do, with a heartbeat each second."""

    starts: int
    seconds_to_registered: float
    """The median, from the start of its process to the server's answer to its register."""
    worst_seconds: float
    cpu_seconds: float
    """The median of what it computed until then, which depends less on what else the computer does."""
    resident_bytes: int
    cpu_share: float
    """Of one core."""


class FirstLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What is loaded until a message can be written, gzipped; ``later_scripts`` come when they are needed."""

    scripts: int
    script_bytes: int
    style_bytes: int
    later_scripts: int


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """How a page kept answering, in milliseconds. Browsers tell tasks of 50 ms and more: 0 is less than that."""

    longest_task_ms: float
    long_tasks: int
    longest_frame_ms: float
    """Between two animation frames."""
    slowest_key_ms: float
    """From a key to the next paint."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A long conversation, until its end is seen: by a click in the open page, and by loading the page there."""

    events: int
    click_ms: float
    load_ms: float
    answering: Answering


class PageFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The web page in Chromium."""

    first_load: FirstLoad
    opening: Opening
    streaming: Answering
    behind_ms: float
    """From the device's last event to its being seen."""
    browser: str


class FirstWords(msgspec.Struct, frozen=True, kw_only=True):
    """From sending a message to Claude Code until the first word of its answer is seen."""

    bare_cold: Spread
    """The CLI alone, started for it."""
    bare_warm: Spread
    """The CLI alone, its next message."""
    cold: Spread
    """Through server, device and viewer: the first turn since the executor started."""
    warm: Spread
    """The next turn of that task."""
    spare: Spread
    """The first turn of another task, on a process that was started ahead."""


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """One run. What was not asked for is empty."""

    format: int = FORMAT
    began_at: str
    seconds: float
    machine: Machine
    plan: Plan
    relay: list[Relayed] = []
    dispatch: list[Dispatched] = []
    statements: Statements | None = None
    idle: list[Idle] = []
    executor: Executor | None = None
    page: PageFigures | None = None
    claude: FirstWords | None = None

    def encoded(self) -> bytes:
        """Return it as readable JSON."""
        found: Any = msgspec.to_builtins(self)
        return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
