"""The output log over a wire that loses, doubles, reorders and cuts: what comes out is what went in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from wegent.protocol.output_log import Batch, GapError, MemorySpool, Receiver, Sender


class Relay:
    """One sender, one receiver, and a wire between them that hypothesis drives."""

    def __init__(self) -> None:
        self.sender = Sender(MemorySpool(), window=64)
        self.receiver = Receiver()
        self.wire: list[Batch] = []
        self.produced: list[bytes] = []
        self.received: list[bytes] = []
        self.stored = 0
        self.sender.connect(0)

    def produce(self, count: int) -> None:
        events = [b"%d" % (len(self.produced) + n) for n in range(1, count + 1)]
        self.produced += events
        self.sender.append(events)

    def send(self, max_bytes: int) -> None:
        batch = self.sender.next_batch(max_bytes)
        if batch is not None:
            self.wire.append(batch)

    def deliver(self, position: int, keep: bool) -> None:
        if not self.wire:
            return
        position %= len(self.wire)
        batch = self.wire[position] if keep else self.wire.pop(position)
        try:
            self.received += self.receiver.ingest(batch.seq, batch.events)
        except GapError as gap:
            self.sender.replay(gap.wanted)

    def lose(self, position: int) -> None:
        if self.wire:
            self.wire.pop(position % len(self.wire))

    def acknowledge(self, store: bool) -> None:
        if store:
            self.stored = self.receiver.last
        self.sender.acknowledge(self.receiver.last, self.stored)

    def cut(self, keep_wire: bool) -> None:
        self.sender.disconnect()
        if not keep_wire:
            self.wire.clear()
        self.sender.connect(self.receiver.last)

    def flush(self) -> None:
        """The receiver forgets what it had not stored, as a flushed Redis does."""
        self.received = self.received[: self.stored]
        self.receiver = Receiver(self.stored)
        self.sender.replay(self.stored + 1)

    def settle(self) -> None:
        self.cut(keep_wire=True)
        while not self.sender.is_drained:
            self.send(1 << 20)
            while self.wire:
                self.deliver(0, keep=False)
            self.acknowledge(store=False)


step = st.one_of(
    st.tuples(st.just("produce"), st.integers(1, 9)),
    st.tuples(st.just("send"), st.integers(1, 40)),
    st.tuples(st.just("deliver"), st.integers(0, 99), st.booleans()),
    st.tuples(st.just("lose"), st.integers(0, 99)),
    st.tuples(st.just("acknowledge"), st.booleans()),
    st.tuples(st.just("cut"), st.booleans()),
    st.tuples(st.just("flush")),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(step, max_size=80))
def test_what_comes_out_is_exactly_what_went_in(steps: list[tuple]) -> None:
    relay = Relay()
    for name, *arguments in steps:
        getattr(relay, name)(*arguments)
        assert relay.received == relay.produced[: len(relay.received)]
    relay.settle()
    assert relay.received == relay.produced


def test_a_full_window_waits_for_an_acknowledgement() -> None:
    sender = Sender(MemorySpool(), window=10)
    sender.connect(0)
    sender.append([b"x" * 8, b"y" * 8, b"z" * 8])
    assert sender.next_batch(8) == Batch(1, [b"x" * 8])
    assert sender.next_batch(8) == Batch(2, [b"y" * 8])
    assert sender.next_batch(8) is None
    sender.acknowledge(1, 0)
    assert sender.next_batch(8) == Batch(3, [b"z" * 8])


def test_nothing_is_forgotten_before_it_is_stored() -> None:
    spool = MemorySpool()
    sender = Sender(spool)
    sender.connect(0)
    sender.append([b"1", b"2", b"3"])
    sender.next_batch(100)
    sender.acknowledge(3, 1)
    assert (spool.first, spool.last) == (2, 3)
    sender.replay(2)
    assert sender.next_batch(100) == Batch(2, [b"2", b"3"])


def test_nothing_goes_out_while_disconnected() -> None:
    sender = Sender(MemorySpool())
    sender.append([b"1"])
    assert sender.next_batch(100) is None
    sender.connect(0)
    sender.disconnect()
    assert sender.next_batch(100) is None


def test_one_event_larger_than_the_limit_is_still_sent() -> None:
    sender = Sender(MemorySpool())
    sender.connect(0)
    sender.append([b"x" * 100, b"y"])
    assert sender.next_batch(10) == Batch(1, [b"x" * 100])


def test_a_number_that_the_spool_has_lost_is_nothing_to_send() -> None:
    class Torn(MemorySpool):
        def read(self, seq: int, max_bytes: int) -> list[bytes]:
            return []

    sender = Sender(Torn())
    sender.connect(0)
    sender.append([b"1"])
    assert sender.next_batch(100) is None
    assert not sender.has_sent_all
