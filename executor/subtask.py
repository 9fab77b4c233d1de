"""One subtask on this device, from the accept that was sent to the answered complete."""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from executor.outbox.backlog import Backlog
from executor.outbox.box import Outbox
from executor.outbox.mending import MendedSpool
from executor.shells.base import Outcome
from wegent.protocol.device_messages import Complete, Execute, Running
from wegent.protocol.errors import Code
from wegent.protocol.output_log import Sender


class Phase(StrEnum):
    """Where a subtask is on this device."""

    ACCEPTING = "accepting"
    RUNNING = "running"
    ENDED = "ended"


class Stop(StrEnum):
    """Why a running subtask is stopped; it decides how it is reported."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    EXECUTOR_STOPPED = "executor_stopped"
    DISK_FAILED = "disk_failed"


class Subtask:
    """Its outbox, the sender that reads from it, and where it is in its life.

    ``offer`` is None for one that a former process left; ``changed`` is called when there is something to send.
    """

    def __init__(
        self, outbox: Outbox, offer: Execute | None, changed: Callable[[], None], backlog: Backlog | None = None
    ) -> None:
        self.outbox = outbox
        self.offer = offer
        self.spool = MendedSpool(outbox.spool)
        self.sender = Sender(self.spool)
        self.backlog = backlog or Backlog(outbox.spool)
        self.outcome = outbox.outcome
        self.phase = Phase.ACCEPTING if self.outcome is None else Phase.ENDED
        self.since = time.time()
        """When it came into its phase."""
        self.stop_wanted: Stop | None = None
        self.stop_grace: float | None = None
        self.stopping = asyncio.Event()
        self.unwanted = asyncio.Event()
        """Set once nobody waits for more of it: it is stopped, and not because its time was over."""
        self.begun = asyncio.Event()
        """Set once it runs, or never will."""
        self.held = 0
        self.is_reporting = False
        self.known_inputs: set[str] = set()
        self._changed = changed
        if self.phase is Phase.ENDED:
            self.begun.set()

    @property
    def id(self) -> str:
        """The subtask's id."""
        return self.outbox.meta.subtask_id

    @property
    def attempt(self) -> int:
        """Which offer of it was accepted."""
        return self.outbox.meta.attempt

    def listed(self) -> Running:
        """Return it as register lists it."""
        return Running(self.id, self.attempt, self.sender.last)

    def append(self, events: Sequence[bytes]) -> None:
        """Number and keep output; raise OSError if the disk does not take it."""
        self.sender.append(events)
        self._changed()

    async def wait_for_room(self) -> None:
        """Wait while too much is on disk that the server has not stored, unless it is being stopped."""
        await self.backlog.wait_for_room(self.stopping)

    def acknowledge(self, seq: int, stored: int) -> None:
        """Note what the server holds."""
        self.sender.acknowledge(seq, stored)
        self.backlog.look()
        self._changed()

    def replay(self, seq: int) -> None:
        """Send again from ``seq``."""
        self._mend(seq)
        self.sender.replay(seq)
        self._changed()

    def resume(self, held: int) -> None:
        """Begin on a new connection, to a server that holds everything up to ``held``."""
        self.held = held
        self.is_reporting = False
        self._mend(held + 1)
        self.sender.connect(held)
        self.backlog.connect()
        self._changed()

    def disconnect(self) -> None:
        """Note that the server is away."""
        self.sender.disconnect()
        self.backlog.disconnect()

    def _mend(self, wanted: int) -> None:
        """See to it that every number from ``wanted`` on can be sent, also what was lost from the files."""
        given = 0 if self.outcome is None else max(self.outcome.seq, self.held)
        self.spool.mend(wanted, given)

    def stop(self, reason: Stop, grace: float | None = None) -> None:
        """Want it stopped within ``grace`` seconds; the first reason counts."""
        if self.phase is Phase.ENDED:
            return
        if reason is not Stop.TIMED_OUT:
            self.unwanted.set()
        if self.stop_wanted is not None:
            return
        self.stop_wanted, self.stop_grace = reason, grace
        self.stopping.set()
        self.backlog.look()

    async def end(self, outcome: Outcome) -> None:
        """Write down how it ended; from now on that is what is reported."""
        self.outcome = Complete(
            self.id, self.attempt, self.sender.last, outcome.status, outcome.error, outcome.result
        )
        await asyncio.to_thread(self.outbox.write_outcome, self.outcome)

    def mark_running(self) -> None:
        """It runs from now on."""
        self.phase, self.since = Phase.RUNNING, time.time()

    def mark_ended(self) -> None:
        """Let the end be reported."""
        self.phase, self.since = Phase.ENDED, time.time()
        self._changed()

    def report(self) -> Complete:
        """Return the complete to send; ``seq`` counts what the server holds, even if files were lost here."""
        assert self.outcome is not None
        seq = max(self.sender.last, self.held)
        end = self.outcome
        return Complete(end.subtask_id, end.attempt, seq, end.status, end.error, end.result)


def stopped_outcome(reason: Stop, timeout: float | None = None, disk: str = "") -> Outcome:
    """Return how a subtask is reported that was stopped for ``reason``; ``disk`` says what is wrong with it."""
    if reason is Stop.CANCELLED:
        return Outcome("cancelled")
    if reason is Stop.TIMED_OUT:
        return Outcome.failed(Code.TIMED_OUT, f"It was stopped after {timeout:g} seconds.")
    if reason is Stop.EXECUTOR_STOPPED:
        return Outcome.failed(Code.EXECUTOR_RESTARTED, "The executor was stopped. Start it and retry the subtask.")
    message = f"The device's disk is full or fails ({disk}). Make room on it and retry."
    return Outcome.failed(Code.SHELL_FAILED, message)
