"""Events in files behave as events in memory do, and survive a kill at any byte."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.outbox.spool import FileSpool
from wegent.protocol.output_log import MemorySpool, Sender


def event(number: int, size: int = 0) -> bytes:
    return b'{"n":%d,"pad":"%s"}' % (number, b"x" * size)


step = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 5), st.integers(0, 60)),
    st.tuples(st.just("forget"), st.integers(0, 60)),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("read"), st.integers(1, 60), st.integers(1, 300)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(step, max_size=40))
def test_it_is_the_memory_spool_in_files(steps: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files, memory = FileSpool(Path(folder), segment_bytes=100), MemorySpool()
        for name, *given_ in steps:
            if name == "append":
                count, size = given_
                events = [event(memory.last + n, size) for n in range(1, count + 1)]
                files.append(events)
                memory.append(events)
            elif name == "forget":
                files.forget(min(given_[0], memory.last))
                memory.forget(min(given_[0], memory.last))
            elif name == "reopen":
                files.close()
                files = FileSpool(Path(folder), segment_bytes=100)
            elif memory.first <= given_[0] <= memory.last:
                seq, size = given_
                found = files.read(seq, size)
                assert found
                assert found == memory.read(seq, 1 << 20)[: len(found)]
                assert len(found) == 1 or sum(map(len, found)) + len(found) <= size
            assert files.last == memory.last
            assert files.first <= memory.first
        files.close()


def test_a_torn_last_line_is_cut_off_wherever_it_is_torn(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    spool.append([event(1), event(2)])
    whole = next(tmp_path.iterdir()).read_bytes()
    spool.append([event(3)])
    spool.close()
    path = next(tmp_path.iterdir())
    longer = path.read_bytes()
    for end in range(len(whole), len(longer)):
        path.write_bytes(longer[:end])
        recovered = FileSpool(tmp_path)
        assert recovered.last == 2
        assert recovered.read(1, 1000) == [event(1), event(2)]
        recovered.append([event(33)])
        assert recovered.read(3, 1000) == [event(33)]
        recovered.close()


@pytest.mark.parametrize("left", [0, 30])
def test_after_a_break_nothing_is_kept_and_a_sender_comes_to_its_end(
    tmp_path: Path, left: int, caplog: pytest.LogCaptureFixture
) -> None:
    spool = FileSpool(tmp_path, segment_bytes=100)
    for number in range(1, 21):
        spool.append([event(number, 20)])
    spool.close()
    segments = sorted(tmp_path.iterdir())
    assert len(segments) > 3
    with open(segments[1], "r+b") as file:
        file.truncate(left)
    torn = FileSpool(tmp_path, segment_bytes=100)
    assert torn.last < 20
    assert torn.given == 20
    assert "dropped" in caplog.text
    assert sorted(tmp_path.iterdir()) == segments[:2]
    sender = Sender(torn)
    sender.connect(0)
    sent = []
    while batch := sender.next_batch(50):
        assert batch.events
        sent += batch.events
    assert sent == [event(number, 20) for number in range(1, torn.last + 1)]
    torn.append([event(99)])
    assert torn.read(torn.last, 100) == [event(99)]
    torn.close()


def test_numbers_go_on_after_everything_was_forgotten(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, segment_bytes=10)
    for number in range(1, 6):
        spool.append([event(number)])
    spool.forget(5)
    spool.close()
    assert len(list(tmp_path.iterdir())) == 1
    again = FileSpool(tmp_path, segment_bytes=10)
    assert again.last == 5
    again.append([event(6)])
    assert again.read(6, 100) == [event(6)]
    again.close()


def test_one_event_is_replaced_and_no_other_moves(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    spool.append([event(1), event(2), event(3)])
    spool.replace(2, event(22))
    spool.append([event(4)])
    assert spool.read(1, 1000) == [event(1), event(22), event(3), event(4)]
    spool.close()


def test_a_write_that_fails_keeps_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    spool = FileSpool(tmp_path)
    spool.append([event(1)])
    write = os.write

    def fill_up(descriptor: int, data: bytes) -> int:
        if len(data) > 5:
            return write(descriptor, data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fill_up)
    with pytest.raises(OSError, match="No space"):
        spool.append([b'{"n":2}'])
    monkeypatch.undo()
    assert spool.last == 1
    spool.append([event(2)])
    assert spool.read(1, 1000) == [event(1), event(2)]
    spool.close()
