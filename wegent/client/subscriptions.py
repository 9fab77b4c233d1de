"""Following one subtask's output on the shared socket, without any I/O of its own.

A :class:`Reader` is one consumer: it takes each number once, in order, and buffers a bounded amount. A
:class:`Subscription` joins all readers of one subtask into the one subscription that a socket can have of it,
and decides what to ask the server for: output from where the hindmost hungry reader stands, or nothing while
all are full. What comes meanwhile is dropped, and asked for again when somebody is hungry.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec

from wegent.client.errors import UnavailableError, WegentError
from wegent.protocol.backoff import full_jitter
from wegent.protocol.chat_messages import Chunk, Done, Subscribe, Unsubscribe
from wegent.protocol.output_log import GapError, Receiver

FULL = 2 << 20
"""Bytes buffered at which a reader takes no more."""
HUNGRY = FULL // 4
"""Bytes left in the buffer at which it takes more again."""
AGAIN_FIRST = 0.05
AGAIN_LONGEST = 5.0

Ask = Callable[[Subscribe | Unsubscribe], None]


class Reader:
    """One consumer of one subtask's output, from after ``seq``."""

    def __init__(self, seq: int) -> None:
        self._receiver = Receiver(seq)
        self._chunks: deque[tuple[int, Sequence[msgspec.Raw], int]] = deque()
        self._buffered = 0
        self._ready = asyncio.Event()
        self._error: WegentError | None = None
        self.outcome: Done | None = None
        self.is_hungry = True
        self.on_hungry: Callable[[], None] = lambda: None

    @property
    def last(self) -> int:
        """The number of the last event taken."""
        return self._receiver.last

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be taken."""
        return self.outcome is not None or self._error is not None

    def take(self, chunk: Chunk) -> None:
        """Buffer what is new in ``chunk``; raise :class:`GapError` if something before it is missing."""
        fresh = self._receiver.ingest(chunk.seq, chunk.events)
        if not fresh:
            return
        size = sum(memoryview(event).nbytes for event in fresh)
        self._chunks.append((self.last - len(fresh) + 1, fresh, size))
        self._buffered += size
        self.is_hungry = self._buffered < FULL
        self._ready.set()

    def finish(self, done: Done) -> None:
        """Note how the subtask ended; everything before has been taken."""
        self.outcome = done
        self._ready.set()

    def fail(self, error: WegentError) -> None:
        """Note that nothing more can come."""
        self._error = error
        self._ready.set()

    async def read(self) -> tuple[int, Sequence[msgspec.Raw]] | None:
        """Return the next events and the first one's number; None at the end, as :attr:`outcome` tells."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.outcome is not None:
                return None
            self._ready.clear()
            await self._ready.wait()
        seq, events, size = self._chunks.popleft()
        self._buffered -= size
        if not self.is_hungry and self._buffered <= HUNGRY:
            self.is_hungry = True
            self.on_hungry()
        return seq, events


class Subscription:
    """All readers of one subtask on one socket; ``ask`` sends a frame whose answer comes back here."""

    def __init__(self, subtask_id: str, ask: Ask) -> None:
        self.subtask_id = subtask_id
        self.readers: list[Reader] = []
        self.is_waiting = False
        self.heard = 0.0
        self._ask = ask
        self._position: int | None = None
        self._is_connected = False
        self._pause: asyncio.TimerHandle | None = None
        self._waits = _waits()

    def attach(self, reader: Reader) -> None:
        """Serve one more reader."""
        reader.on_hungry = self.sync
        self.readers.append(reader)
        self.sync()

    def detach(self, reader: Reader) -> None:
        """Serve one reader less."""
        if reader in self.readers:
            self.readers.remove(reader)
            self.sync()

    def connect(self) -> None:
        """Begin on a new connection, which knows of no subscription."""
        self._is_connected = True
        self.ask_again()

    def close(self) -> None:
        """Tell the server that nobody reads any more."""
        if self._is_connected and (self.is_waiting or self._position is not None):
            self._ask(Unsubscribe(self.subtask_id))
        self.disconnect()

    def disconnect(self) -> None:
        """Ask for nothing until the next :meth:`connect`."""
        self._is_connected = self.is_waiting = False
        self._position = None
        self._resume()

    def ask_again(self) -> None:
        """Ask the server once more for what comes next, unless a question is open."""
        if not self.is_waiting:
            self._position = None
            self.sync()

    def sync(self) -> None:
        """Ask the server for what the readers want now, unless a question is open."""
        if not self._is_connected or self.is_waiting or self._pause is not None:
            return
        wanted = min((reader.last for reader in self.readers if self._wants(reader)), default=None)
        if wanted == self._position:
            return
        self._position = wanted
        self.is_waiting = True
        self.heard = time.monotonic()
        self._ask(Unsubscribe(self.subtask_id) if wanted is None else Subscribe(self.subtask_id, wanted))

    def answered(self) -> None:
        """The last question was answered: what comes from now on continues from where was asked."""
        self.heard = time.monotonic()
        self.is_waiting = False
        self.sync()

    def refused(self, error: WegentError) -> None:
        """The last question was refused: ask again later, or tell the readers."""
        self.is_waiting = False
        self._position = None
        if isinstance(error, UnavailableError):
            self._ask_later()
        else:
            self.fail(error)

    def fail(self, error: WegentError) -> None:
        """End every reader with ``error``."""
        for reader in self.readers:
            if not reader.is_over:
                reader.fail(error)

    def chunk(self, chunk: Chunk) -> None:
        """Give events to the readers; what belongs to an earlier subscription is dropped."""
        if self.is_waiting or self._position is None:
            return
        try:
            self._give(chunk)
        except GapError:
            self._position = None
            self._ask_later()
            return
        self.heard = time.monotonic()
        self._waits = _waits()
        self.sync()

    def done(self, done: Done) -> None:
        """End the readers that have everything; the others ask for what they lack."""
        if self.is_waiting or self._position is None:
            return
        self._position = None
        for reader in self.readers:
            if not reader.is_over and reader.last >= done.seq:
                reader.finish(done)
        if any(self._wants(reader) for reader in self.readers):
            self._ask_later()

    def _give(self, chunk: Chunk) -> None:
        assert self._position is not None
        if chunk.seq > self._position + 1:
            raise GapError(self._position + 1)
        self._position = max(self._position, chunk.seq - 1 + len(chunk.events))
        for reader in self.readers:
            if self._wants(reader):
                reader.take(chunk)

    @staticmethod
    def _wants(reader: Reader) -> bool:
        return reader.is_hungry and not reader.is_over

    def _ask_later(self) -> None:
        """Wait a little longer each time that nothing came of it: a server that has a hole is not hammered."""
        if self._pause is None and self._is_connected:
            self._pause = asyncio.get_running_loop().call_later(next(self._waits), self._ask_now)

    def _ask_now(self) -> None:
        self._pause = None
        self.sync()

    def _resume(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None


def _waits() -> Iterator[float]:
    return full_jitter(AGAIN_FIRST, AGAIN_LONGEST)
