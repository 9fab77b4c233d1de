"""The life of a subtask, as one table.

Everything that depends on states derives from ``TRANSITIONS``: the guards of the SQL statements, the
documentation's picture and the tests over every pair of state and event.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a subtask is in its life."""

    QUEUED = "queued"
    OFFERED = "offered"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What can happen to a subtask."""

    OFFER = "offer"
    ACCEPT = "accept"
    REQUEUE = "requeue"
    CANCEL = "cancel"
    COMPLETE = "complete"
    FAIL = "fail"
    STOPPED = "stopped"
    LOSE = "lose"
    REJECT = "reject"


TERMINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
"""Settled: the first of these wins, for ever."""

HOLDS_SLOT = frozenset({State.OFFERED, State.RUNNING, State.CANCELLING})
"""A subtask in one of these takes one of its device's slots, and keeps other turns of its task waiting."""

TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.QUEUED, Event.OFFER): State.OFFERED,
        (State.QUEUED, Event.CANCEL): State.CANCELLED,
        (State.QUEUED, Event.REJECT): State.FAILED,
        (State.OFFERED, Event.ACCEPT): State.RUNNING,
        (State.OFFERED, Event.REQUEUE): State.QUEUED,
        (State.OFFERED, Event.CANCEL): State.CANCELLED,
        (State.OFFERED, Event.REJECT): State.FAILED,
        (State.RUNNING, Event.CANCEL): State.CANCELLING,
        (State.RUNNING, Event.COMPLETE): State.COMPLETED,
        (State.RUNNING, Event.FAIL): State.FAILED,
        (State.RUNNING, Event.STOPPED): State.CANCELLED,
        (State.RUNNING, Event.LOSE): State.FAILED,
        (State.CANCELLING, Event.COMPLETE): State.COMPLETED,
        (State.CANCELLING, Event.FAIL): State.FAILED,
        (State.CANCELLING, Event.STOPPED): State.CANCELLED,
        (State.CANCELLING, Event.LOSE): State.FAILED,
    }
)


class IllegalTransitionError(ValueError):
    """An event that cannot happen in this state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a subtask that is {state} cannot {event}")
        self.state = state
        self.event = event


def advance(state: State, event: Event) -> State:
    """Return the state that follows; raise :class:`IllegalTransitionError` where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransitionError(state, event) from None


def outcomes(event: Event) -> dict[State, State]:
    """Return, for each state in which ``event`` can happen, the state that follows."""
    return {source: target for (source, happened), target in TRANSITIONS.items() if happened is event}
