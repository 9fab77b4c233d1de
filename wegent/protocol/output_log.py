"""The output log without I/O: numbered events that arrive once, in order, whatever the wire does.

The :class:`Sender` numbers events 1, 2, 3… and keeps them in a :class:`Spool` until the other side says that
they are stored. The :class:`Receiver` takes what continues its log, drops what it knows, and reports a gap.
Between them batches may be lost, doubled, reordered or cut: what comes out is what went in.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

WINDOW = 4 << 20
"""Bytes a sender has unacknowledged at most, so that a slow receiver is not flooded."""

T = TypeVar("T")


class Spool(Protocol):
    """Where numbered events wait: in memory, or in files that outlive the process."""

    @property
    def first(self) -> int:
        """The lowest number kept; ``last + 1`` when nothing is."""

    @property
    def last(self) -> int:
        """The highest number given, 0 if none."""

    def append(self, events: Sequence[bytes]) -> None:
        """Keep ``events`` under the numbers that follow ``last``."""

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return the events from ``seq`` on: as many as fit, at least one where there is one."""

    def forget(self, seq: int) -> None:
        """Drop events up to ``seq``, or some of them later."""


class MemorySpool:
    """A :class:`Spool` that lives as long as the process."""

    def __init__(self) -> None:
        self._events: deque[bytes] = deque()
        self.first = 1

    @property
    def last(self) -> int:
        """The highest number given, 0 if none."""
        return self.first + len(self._events) - 1

    def append(self, events: Sequence[bytes]) -> None:
        """Keep ``events`` under the numbers that follow ``last``."""
        self._events.extend(events)

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return the events from ``seq`` on: as many as fit, at least one where there is one."""
        found: list[bytes] = []
        for index in range(seq - self.first, len(self._events)):
            event = self._events[index]
            max_bytes -= len(event) + 1
            if found and max_bytes < 0:
                break
            found.append(event)
        return found

    def forget(self, seq: int) -> None:
        """Drop events up to ``seq``."""
        while self._events and self.first <= seq:
            self._events.popleft()
            self.first += 1


class Batch(NamedTuple):
    """Events to send; ``seq`` is the first one's number."""

    seq: int
    events: list[bytes]


class Sender:
    """The device's end of one subtask's log: decides what goes out next."""

    def __init__(self, spool: Spool, window: int = WINDOW) -> None:
        self._spool = spool
        self._window = window
        self._next = spool.last + 1
        self._in_flight: deque[tuple[int, int]] = deque()
        self._in_flight_bytes = 0
        self._connected = False
        self.acked = spool.first - 1
        self.stored = spool.first - 1

    @property
    def last(self) -> int:
        """The number of the last event appended, 0 if none."""
        return self._spool.last

    @property
    def is_drained(self) -> bool:
        """Whether the other side holds everything."""
        return self.acked >= self._spool.last

    @property
    def has_sent_all(self) -> bool:
        """Whether everything appended went out on this connection, held by the other side or not."""
        return self._next > self._spool.last

    def append(self, events: Sequence[bytes]) -> int:
        """Number and keep ``events``; return the first one's number."""
        seq = self._spool.last + 1
        self._spool.append(events)
        return seq

    def connect(self, held: int) -> None:
        """Begin on a new connection, to a receiver that holds everything up to ``held``."""
        self._connected = True
        self._rewind(held + 1)
        self.acked = min(held, self._spool.last)

    def disconnect(self) -> None:
        """Send nothing until the next :meth:`connect`."""
        self._connected = False

    def next_batch(self, max_bytes: int) -> Batch | None:
        """Return what to send now, or None: nothing there, not connected, or the window is full."""
        if not self._connected or self._next > self._spool.last or self._in_flight_bytes >= self._window:
            return None
        events = self._spool.read(self._next, max_bytes)
        if not events:  # lost from the spool: nothing to send is not something to send again and again
            return None
        batch = Batch(self._next, events)
        self._next += len(events)
        size = sum(map(len, events))
        self._in_flight.append((self._next - 1, size))
        self._in_flight_bytes += size
        return batch

    def acknowledge(self, seq: int, stored: int) -> None:
        """Note that the receiver holds events up to ``seq``, those up to ``stored`` for ever."""
        self.acked = max(self.acked, min(seq, self._spool.last))
        while self._in_flight and self._in_flight[0][0] <= seq:
            self._in_flight_bytes -= self._in_flight.popleft()[1]
        if stored > self.stored:
            self.stored = min(stored, self._spool.last)
            self._spool.forget(self.stored)

    def replay(self, seq: int) -> None:
        """Send again from ``seq``: the receiver lost what it held, or never got it."""
        self.acked = min(self.acked, seq - 1)
        self._rewind(min(seq, self._next))

    def _rewind(self, seq: int) -> None:
        self._next = max(seq, self._spool.first)
        self._in_flight.clear()
        self._in_flight_bytes = 0


class GapError(Exception):
    """Events are missing before those that came; ``wanted`` is the next number."""

    def __init__(self, wanted: int) -> None:
        super().__init__(f"expected event {wanted}")
        self.wanted = wanted


class Receiver:
    """The other end: takes what continues the log after ``last``."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def ingest(self, seq: int, events: Sequence[T]) -> Sequence[T]:
        """Return those of ``events`` that are new (``seq`` numbers the first); raise :class:`GapError`."""
        if seq > self.last + 1:
            raise GapError(self.last + 1)
        fresh = events[self.last + 1 - seq :]
        self.last += len(fresh)
        return fresh
