"""Subtasks of the scripted API: what they say, how they stand, and how badly that reaches a viewer."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from wegent.protocol.chat_messages import Done, SubtaskState
from wegent.protocol.output_events import AnyEvent, encode_event
from wegent.protocol.resources import ANY, Subtask, TaskError
from wegent.protocol.states import TERMINAL, State

NOW = "2030-01-01T00:00:00Z"
WORKSTATION = "0f3d5a7e9b1c-workstation"
Broadcast = Callable[[str, object], Awaitable[None]]


@dataclass
class Faults:
    """What goes wrong, each with its probability per frame."""

    cut: float = 0
    drop: float = 0
    double: float = 0
    swap: float = 0
    refuse: float = 0
    lose_answer: float = 0
    is_deaf: bool = False
    """It takes what viewers send, and does nothing."""
    max_events: int = 50
    rng: random.Random = field(default_factory=random.Random)

    def happens(self, probability: float) -> bool:
        """Decide by chance."""
        return self.rng.random() < probability


class Turn:
    """One subtask: what it was asked, what it has said, how it stands."""

    def __init__(self, broadcast: Broadcast, body: dict[str, Any], task_id: str) -> None:
        self._broadcast = broadcast
        self.body = body
        self.task_id = task_id
        self.id = f"s-{uuid.uuid4().hex[:12]}"
        self.state = State.QUEUED
        self.queue_position: int | None = 1
        self.events: list[bytes] = []
        self.inputs: list[dict[str, Any]] = []
        self.error: TaskError | None = None
        self.result: dict[str, Any] | None = None
        self.changed = asyncio.Condition()
        self.is_stop_wanted = asyncio.Event()
        self.rev = 0

    async def set(self, state: State, queue_position: int | None = None) -> None:
        """Change how it stands, and tell everybody."""
        self.state, self.queue_position, self.rev = state, queue_position, self.rev + 1
        async with self.changed:
            self.changed.notify_all()
        await self._broadcast("task:state", self.standing())

    async def say(self, *events: AnyEvent) -> None:
        """Append output."""
        async with self.changed:
            self.events += [encode_event(event) for event in events]
            self.changed.notify_all()

    async def end(
        self, state: State, result: dict[str, Any] | None = None, error: TaskError | None = None
    ) -> None:
        """Settle it."""
        self.result, self.error = result, error
        await self.set(state)

    async def answer(self) -> dict[str, Any]:
        """Wait for the next input."""
        async with self.changed:
            await self.changed.wait_for(lambda: bool(self.inputs))
            return self.inputs.pop(0)

    def standing(self) -> SubtaskState:
        """Return it as ``task:state``."""
        waits_for_any = self.state is State.QUEUED and self.body.get("device_id") == ANY
        where = ANY if waits_for_any else WORKSTATION
        labels = self.body.get("labels")
        return SubtaskState(self.task_id, self.id, self.state, where, self.rev, labels, self.queue_position)

    def done(self) -> Done:
        """Return it as ``chat:done``."""
        return Done(self.id, len(self.events), self.state, self.error, self.result)

    def resource(self) -> Subtask:
        """Return it as ``GET /subtasks/{id}``."""
        return Subtask(
            subtask_id=self.id,
            task_id=self.task_id,
            state=self.state,
            attempt=1,
            device_id=self.body.get("device_id", WORKSTATION),
            shell=self.body.get("shell", "ClaudeCode"),
            prompt=self.body["prompt"],
            queue_position=self.queue_position,
            seq=len(self.events),
            error=self.error,
            result=self.result,
            created_at=NOW,
            started_at=None,
            ended_at=None,
        )

    async def more_than(self, count: int) -> None:
        """Wait until it has said more than ``count`` events, or has ended."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.events) > count or self.state in TERMINAL)


async def pieces(turn: Turn, cursor: int, faults: Faults) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yield the output after ``cursor`` in pieces, two of them in the wrong order now and then, until the end."""
    held: tuple[int, list[bytes]] | None = None
    while True:
        await turn.more_than(cursor)
        events = turn.events[cursor : cursor + faults.rng.randint(1, faults.max_events)]
        if not events:
            break
        piece = cursor + 1, events
        cursor += len(events)
        if held is None and faults.happens(faults.swap):
            held = piece
            continue
        yield piece
        if held is not None:
            yield held
            held = None
    if held is not None:
        yield held
