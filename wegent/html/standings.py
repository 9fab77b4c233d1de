"""How one turn stands, as a view knows it, and in words."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from wegent.html.words import Words
from wegent.protocol.resources import ANY, CLOUD, Device, Subtask, TaskError
from wegent.protocol.states import TERMINAL, State

MARKS = {
    State.QUEUED: "⏳",
    State.OFFERED: "⏳",
    State.RUNNING: "▶",
    State.CANCELLING: "■",
    State.COMPLETED: "✓",
    State.FAILED: "✗",
    State.CANCELLED: "■",
}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one turn. ``lost`` is why the server cannot be heard now, empty while it can.

    ``began`` and ``ended`` are seconds since 1970; ``device`` is how its device stands, if that is known.
    """

    id: str
    prompt: str = ""
    shell: str = ""
    state: State = State.QUEUED
    device_id: str = ""
    labels: dict[str, str] | None = None
    device: Device | None = None
    queue_position: int | None = None
    waiting_reason: str | None = None
    error: TaskError | None = None
    began: float | None = None
    ended: float | None = None
    lost: str = ""
    is_stopping: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it has ended."""
        return self.state in TERMINAL

    def seconds(self, now: float) -> float | None:
        """Return how long it has run, or ran; None before."""
        if self.began is None:
            return None
        return max((self.ended if self.ended is not None else now) - self.began, 0.0)

    def but(self, **changes: Any) -> "Standing":
        """Return it with some changes."""
        return msgspec.structs.replace(self, **changes)

    def told(self, subtask: Subtask) -> "Standing":
        """Return it as the server tells it whole; what has ended stays so."""
        if self.is_settled and subtask.state not in TERMINAL:
            return self
        return self.but(
            prompt=subtask.prompt,
            shell=subtask.shell,
            state=subtask.state,
            device_id=subtask.device_id,
            labels=subtask.labels,
            queue_position=subtask.queue_position,
            waiting_reason=subtask.waiting_reason,
            error=subtask.error,
            began=_moment(subtask.started_at),
            ended=_moment(subtask.ended_at),
        )


def standing_of(subtask: Subtask, device: Device | None = None) -> Standing:
    """Return how a turn stands, as the server tells it."""
    return Standing(id=subtask.subtask_id, device=device).told(subtask)


def standing_seen(id: str, seen: Subtask | None) -> Standing:
    """Return how a turn stood when it was last seen; of one that never was only its id is known."""
    return Standing(id=id) if seen is None else standing_of(seen)


def state_words(standing: Standing, words: Words) -> str:
    """Say how it stands: its state, and why it waits."""
    if standing.is_stopping and not standing.is_settled:
        return words("cancelling")
    if standing.state in (State.QUEUED, State.OFFERED):
        return _queue(standing, words)
    return words(standing.state)


def device_name(standing: Standing, words: Words) -> str:
    """Name its device."""
    if standing.device_id == CLOUD:
        return words("the_cloud")
    if standing.device_id == ANY:
        return words.any_device(standing.labels or {})
    return standing.device.name if standing.device else standing.device_id[:8]


def duration(seconds: float) -> str:
    """Return seconds as people read a clock: 0:07, 12:05, 1:00:00."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _queue(standing: Standing, words: Words) -> str:
    if not standing.device_id:  # nothing has been heard of it yet
        return words(State.QUEUED)
    place = words.place(standing.queue_position or 1)
    device = device_name(standing, words)
    for_any = "_any" if standing.device_id == ANY else ""
    if standing.waiting_reason:
        return words(f"in_queue{for_any}_because", place=place, device=device, reason=standing.waiting_reason)
    if standing.device is not None and standing.device.status == "offline":
        return words("in_queue_offline", place=place, device=device)
    is_paused = standing.device is not None and standing.device.paused
    return words("in_queue_paused" if is_paused else f"in_queue{for_any}", place=place, device=device)


def _moment(text: str | None) -> float | None:
    """Read a time (RFC 3339)."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
