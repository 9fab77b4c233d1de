"""What is measured, and how much of it: the whole run, and the smallest one that still touches everything."""

from typing import Literal

import msgspec

Server = Literal["wegent", "bare", "naive"]
"""The API; a relay that remembers nothing; a relay with XADD and PUBLISH per frame, as one writes it first."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that emit output, each for its own viewer; ``rate`` is over all pairs, None for all they can."""

    server: Server
    pairs: int
    rate: int | None = None
    events_per_frame: int = 1
    processes: int = 1
    """API processes; of two, the devices have the first and the viewers the second."""

    @property
    def load(self) -> str:
        """What the devices do, for people: the same words mean the same load."""
        rate = "full load" if self.rate is None else f"{self.rate}/s"
        events = "1 event" if self.events_per_frame == 1 else f"{self.events_per_frame} events"
        return f"{self.pairs} x {self.pairs}, {rate}, {events} a frame"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run of everything."""

    flows: list[Flow]
    flow_seconds: float
    event_bytes: int = 64
    turns_alone: int
    """Subtasks sent one after the other, each when the one before has ended."""
    turns_together: int
    """The same for each of ``senders`` at once."""
    senders: int
    turns_counted: int
    idle_steps: list[int]
    """How many idle sockets there are, step by step."""
    idle_seconds: float
    """How long the last step is watched for what idling costs."""
    executor_starts: int
    page_events: int
    """Of a conversation that is opened."""
    page_rate: int
    """Events a second, for ``page_seconds``, while the page is watched."""
    page_seconds: float
    claude_turns: int
    """How often Claude Code is started, bare and through Wegent."""


_STEADY = 1000
_COALESCED = 20

WHOLE = Plan(
    flows=[
        *(Flow(server=server, pairs=8, rate=_STEADY) for server in ("bare", "naive", "wegent")),
        *(Flow(server=server, pairs=1) for server in ("bare", "wegent")),
        *(Flow(server=server, pairs=8) for server in ("bare", "naive", "wegent")),
        Flow(server="wegent", pairs=8, processes=2),
        *(Flow(server=server, pairs=8, events_per_frame=_COALESCED) for server in ("bare", "wegent")),
    ],
    flow_seconds=2.5,
    turns_alone=100,
    turns_together=20,
    senders=8,
    turns_counted=30,
    idle_steps=[200, 1000],
    idle_seconds=5,
    executor_starts=15,
    page_events=10_000,
    page_rate=2000,
    page_seconds=10,
    claude_turns=7,
)
SMALLEST = Plan(
    flows=[
        *(Flow(server=server, pairs=2, rate=200) for server in ("bare", "naive")),
        Flow(server="wegent", pairs=2, processes=2, events_per_frame=3),
    ],
    flow_seconds=0.3,
    turns_alone=3,
    turns_together=2,
    senders=2,
    turns_counted=2,
    idle_steps=[2, 5],
    idle_seconds=0.2,
    executor_starts=2,
    page_events=300,
    page_rate=500,
    page_seconds=1,
    claude_turns=1,
)
