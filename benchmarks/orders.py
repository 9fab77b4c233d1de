"""What a crowd of devices or viewers is told, what it is to do, and what it reports at its end."""

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a subtask is, sent as its prompt. ``seconds`` 0: end at once. ``rate``: frames per second."""

    seconds: float = 0
    rate: float | None = None
    events_per_frame: int = 1
    event_bytes: int = 64
    window: int = 512
    """Frames that a device sends ahead of what is acknowledged; then it waits."""
    pause: float = 0
    """Seconds between accepting and output, and between output and completing, which have costs of their own."""
    sent_ns: int = 0
    """When it was sent, by the clock that all processes of a computer share."""


class Member(msgspec.Struct, frozen=True):
    """One device, or the viewer that sends to it."""

    url: str
    token: str
    device_id: str


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a crowd is started with. A viewer sends ``job`` this many times; a device takes what comes."""

    members: list[Member]
    job: Job = Job()
    turns: int = 0


class DeviceReport(msgspec.Struct, kw_only=True):
    """What a crowd of devices did. Times are nanoseconds, one per subtask."""

    frames: int = 0
    events: int = 0
    bytes: int = 0
    execute_ns: list[int] = []
    """From the sending of a prompt to the offer's arrival."""
    accept_ns: list[int] = []
    """From asking to start to the answer."""
    complete_ns: list[int] = []


class ViewerReport(msgspec.Struct, kw_only=True):
    """What a crowd of viewers saw. ``answer_ns`` and ``done_ns`` count from the sending, one per subtask."""

    frames: int = 0
    events: int = 0
    bytes: int = 0
    first_ns: int = 0
    last_ns: int = 0
    latency_ns: list[int] = []
    """From the moment a frame was due on the device to its arrival, one per frame."""
    answer_ns: list[int] = []
    done_ns: list[int] = []
