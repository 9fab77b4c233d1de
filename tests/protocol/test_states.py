"""The life of a subtask: the table is whole, nothing leaves a settled state, and the docs say the same."""

import re
from itertools import product
from pathlib import Path

import pytest

from wegent.protocol.states import (
    HOLDS_SLOT,
    TERMINAL,
    TRANSITIONS,
    Event,
    IllegalTransitionError,
    State,
    advance,
    outcomes,
)

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair_advances_as_the_table_says_or_not_at_all(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert advance(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalTransitionError, match=f"{state} cannot {event}"):
            advance(state, event)


def test_a_settled_state_is_for_ever_and_every_other_one_can_end() -> None:
    assert not [state for state, _ in TRANSITIONS if state in TERMINAL]
    for state in set(State) - TERMINAL:
        reached, frontier = {state}, {state}
        while frontier:
            frontier = {TRANSITIONS[pair] for pair in TRANSITIONS if pair[0] in frontier} - reached
            reached |= frontier
        assert reached >= TERMINAL


def test_nothing_runs_that_was_not_offered_and_accepted() -> None:
    assert [pair for pair, target in TRANSITIONS.items() if target is State.RUNNING] == [
        (State.OFFERED, Event.ACCEPT)
    ]
    assert [pair for pair, target in TRANSITIONS.items() if target is State.OFFERED] == [
        (State.QUEUED, Event.OFFER)
    ]


def test_a_slot_is_held_from_the_offer_to_the_end() -> None:
    assert set(State) - TERMINAL - {State.QUEUED} == HOLDS_SLOT


def test_outcomes_is_the_table_by_event() -> None:
    assert {(state, event): target for event in Event for state, target in outcomes(event).items()} == TRANSITIONS


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[State.FAILED, Event.COMPLETE] = State.COMPLETED  # type: ignore[index]


def documented() -> dict[tuple[str, str], str]:
    """Return the transitions in the table of docs/protocol.md: columns from, event, to."""
    found: dict[tuple[str, str], str] = {}
    columns: list[str] = []
    for line in (DOCS / "protocol.md").read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if [cell.lower() for cell in cells[:3]] == ["from", "event", "to"]:
            columns = cells
        elif not line.startswith("|"):
            columns = []
        elif columns and not set(cells[0]) <= set("-: "):
            sources, events, targets = (re.split(r"`?\s*[,/]\s*`?", cell) for cell in cells[:3])
            for event, target in zip(events, targets * len(events) if len(targets) == 1 else targets, strict=True):
                found |= {(source, event): target for source in sources}
    return found


def test_the_documentation_has_the_same_table() -> None:
    assert documented() == {(str(state), str(event)): str(to) for (state, event), to in TRANSITIONS.items()}
