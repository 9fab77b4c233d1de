"""Where too much waits for a server that is away the oldest output makes room: visibly, and nothing else does."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.outbox.spool import FileSpool
from wegent.protocol.output_events import (
    AnyEvent,
    Approval,
    Diff,
    Notice,
    Stream,
    Text,
    ToolResult,
    Unknown,
    Usage,
    decode_event,
    encode_event,
)

SEGMENT = 300
NOTHING = Stream("stderr", "")


def event(number: int, is_kept: bool, size: int = 20) -> bytes:
    """Make event ``number``; the kept ones may not be dropped."""
    if not is_kept:
        return encode_event((Stream("stdout", f"{number} {'x' * size}"), Text(f"{number}"))[number % 2])
    kept: list[AnyEvent] = [
        Approval(f"{number}", "Bash", {"command": "x" * size}),
        Diff(f"{number}", "+"),
        ToolResult(f"{number}", "x"),
        Usage(number),
        Notice("info", f"{number}"),
        Unknown("new", {"type": "new", "number": number}),
    ]
    return encode_event(kept[number % len(kept)])


class Model:
    """What a spool was given, and what may be missing from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = FileSpool(folder, SEGMENT)
        self.events: list[bytes] = []
        self.kept: set[int] = set()

    def append(self, kinds: list[bool]) -> None:
        new = [event(len(self.events) + place, is_kept) for place, is_kept in enumerate(kinds, 1)]
        self.kept |= {len(self.events) + place for place, is_kept in enumerate(kinds, 1) if is_kept}
        self.events += new
        self.spool.append(new)

    def reload(self) -> None:
        self.spool.close()
        self.spool = FileSpool(self.folder, SEGMENT)

    def drop_and_be_killed(self, most: int, moments: int) -> None:
        """Drop output, die in the middle of it, and come back."""
        with killed_after(moments):
            self.spool.drop_output(most)
        with suppress(OSError):  # it may have closed some already
            self.spool.close()
        self.spool = FileSpool(self.folder, SEGMENT)

    def told(self, max_bytes: int = 200) -> list[bytes]:
        """Read everything as a sender does."""
        found: list[bytes] = []
        while (seq := self.spool.first + len(found)) <= self.spool.last:
            batch = self.spool.read(seq, max_bytes)
            assert batch
            found += batch
        return found

    def check(self) -> None:
        """Every number is there; stand-ins stand exactly where output was, and say so where a run begins."""
        assert self.spool.last == len(self.events)
        is_gone_before = False
        for seq, raw in enumerate(self.told(), self.spool.first):
            is_gone = raw != self.events[seq - 1]
            if is_gone:
                assert seq not in self.kept
                said = decode_event(raw)
                if not (is_gone_before and said == NOTHING):
                    assert isinstance(said, Notice)
                    assert "of output were left out here" in said.text
            is_gone_before = is_gone


class KilledError(BaseException):
    """The process ends here."""


@contextmanager
def killed_after(moments: int) -> Iterator[None]:
    """End the process before the step on the disk of this number (from 0)."""
    replace, unlink, left = os.replace, Path.unlink, [moments]

    def step() -> None:
        if left[0] == 0:
            raise KilledError
        left[0] -= 1

    def killing_replace(*paths: Path) -> None:
        step()
        replace(*paths)

    def killing_unlink(path: Path, missing_ok: bool = False) -> None:
        step()
        unlink(path, missing_ok)

    with pytest.MonkeyPatch.context() as patch, suppress(KilledError):
        patch.setattr(os, "replace", killing_replace)
        patch.setattr(Path, "unlink", killing_unlink)
        yield


step = st.one_of(
    st.tuples(st.just("append"), st.lists(st.sampled_from([False, False, False, True]), min_size=1, max_size=30)),
    st.tuples(st.just("forget"), st.integers(0, 80)),
    st.tuples(st.just("drop"), st.integers(0, 3000)),
    st.tuples(st.just("killed"), st.integers(0, 3000), st.integers(0, 6)),
    st.tuples(st.just("reload")),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(step, max_size=40))
def test_whatever_happens_what_is_told_is_without_a_gap(steps: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder))
        for name, *values in steps:
            if name == "append":
                model.append(values[0])
            elif name == "forget":
                model.spool.forget(min(values[0], model.spool.last))
            elif name == "drop":
                is_enough = model.spool.drop_output(values[0])
                assert is_enough == (model.spool.size <= values[0])
            elif name == "killed":
                model.drop_and_be_killed(values[0], values[1])
            else:
                model.reload()
            model.check()
        model.spool.close()


@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_kill_at_each_moment_of_it_loses_and_doubles_nothing(tmp_path: Path, is_mixed: bool) -> None:
    for moments in range(20):
        folder = tmp_path / str(moments)
        folder.mkdir()
        model = Model(folder)
        for number in range(60):
            model.append([False, is_mixed and number % 3 == 0])
        model.drop_and_be_killed(2 * SEGMENT, moments)
        model.check()
        model.append([False, True] * 10)
        model.drop_and_be_killed(2 * SEGMENT, moments)
        model.check()
        model.spool.close()


def test_much_that_is_dropped_is_one_notice_and_few_bytes(tmp_path: Path) -> None:
    model = Model(tmp_path)
    for _ in range(500):
        model.append([False] * 4)
    whole = model.spool.size
    assert model.spool.drop_output(2 * SEGMENT)
    assert model.spool.size <= 2 * SEGMENT < whole / 20
    notices = [said for raw in model.told() if isinstance(said := decode_event(raw), Notice)]
    (notice,) = notices
    assert notice.text.startswith("Up to 0.1 MB of output were left out here: the server was away")
    model.append([False, True])
    model.check()
    model.reload()
    model.check()
    assert len(list(tmp_path.iterdir())) <= 4
    model.spool.close()


def test_what_is_no_output_is_kept_however_much_it_is(tmp_path: Path) -> None:
    model = Model(tmp_path)
    for _ in range(100):
        model.append([True] * 3)
    assert not model.spool.drop_output(SEGMENT)
    assert model.told() == model.events
    model.spool.close()
