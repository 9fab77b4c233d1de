"""A file of numbered events, one JSON line each, named by the number of the first one.

Where output was dropped, one line stands for all numbers of a run: ``{"hole": how many, "bytes": what they had}``.
"""

import contextlib
import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from executor.outbox import gap
from executor.outbox.gap import Gap
from executor.output.kinds import is_encoded_output

SUFFIX = ".jsonl"
_HOLE = re.compile(rb'\{"hole":(\d+),"bytes":(\d+)\}')


class Hole(NamedTuple):
    """A run of events that were dropped: how many, and the ``size`` in bytes that they had."""

    events: int
    size: int

    def line(self) -> bytes:
        """Return the line that stands for it."""
        return b'{"hole":%d,"bytes":%d}' % self


class Segment:
    """One file, open. ``is_thin`` says that no output is left in it to drop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = int(path.name.removesuffix(SUFFIX))
        self.last = self.first - 1
        self.is_thin = False
        self._numbers = array("Q")
        """The first number that each line has."""
        self._ends = array("Q")
        """The offset at which each line ends."""
        self._gaps: dict[int, Gap] = {}
        """What stands where lines are holes, by the line's index."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    @classmethod
    def create(cls, folder: Path, first: int) -> "Segment":
        """Make a file for events from ``first`` on."""
        return cls(folder / f"{first:020}{SUFFIX}")

    @classmethod
    def recover(cls, path: Path) -> "Segment":
        """Open what a former process left; cut off from the first line that is not whole."""
        found = cls(path)
        for line in path.read_bytes().split(b"\n")[:-1]:
            if not (line.startswith(b"{") and line.endswith(b"}")):
                break
            found._index(line)
        os.ftruncate(found._descriptor, found.size)
        found.is_thin = bool(found._gaps)
        return found

    @property
    def size(self) -> int:
        """Bytes of its whole lines."""
        return self._ends[-1] if self._ends else 0

    def append(self, events: Sequence[bytes]) -> None:
        """Write all of ``events`` or, raising OSError, none."""
        before = self.size
        data = memoryview(b"".join(event + b"\n" for event in events))
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise
        for event in events:
            self._index(event)

    def gap(self, seq: int) -> Gap | None:
        """Return the gap that ``seq`` is in, if it is in one."""
        return self._gaps.get(self._line_of(seq))

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return events from ``seq`` on, or what stands in for them: as many as fit, at least one."""
        index = self._line_of(seq)
        if index in self._gaps:
            return self._gaps[index].read(seq, max_bytes)
        start = self._ends[index - 1] if index else 0
        stop = index + 1
        while stop < len(self._ends) and stop not in self._gaps and self._ends[stop] - start <= max_bytes:
            stop += 1
        return os.pread(self._descriptor, self._ends[stop - 1] - start, start).split(b"\n")[:-1]

    def thinned(self, before: "Segment | None") -> "Segment":
        """Drop all output from this file and put what is left into ``before``, which is thin; return that file.

        Without one it stays where it is. A kill at any moment leaves the file as it was, or both: of two that hold
        the same numbers the earlier one counts.
        """
        target = before or self
        kept = list(_thin([*(before._lines() if before else ()), *self._lines()]))
        found = target._rewritten(kept)
        found.is_thin = True
        if before is not None:
            self.delete()
        return found

    def replaced(self, seq: int, event: bytes) -> "Segment":
        """Put ``event`` where number ``seq`` was; nothing else moves."""
        index = self._line_of(seq)
        lines = self._lines()
        if index not in self._gaps:
            lines[index] = event
        return self._rewritten(lines)

    def close(self) -> None:
        """Close the file; it stays."""
        os.close(self._descriptor)

    def delete(self) -> None:
        """Delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _line_of(self, seq: int) -> int:
        return bisect_right(self._numbers, seq) - 1

    def _index(self, line: bytes) -> None:
        if hole := _hole(line):
            numbers = range(self.last + 1, self.last + 1 + hole.events)
            self._gaps[len(self._ends)] = gap.dropped(numbers, hole.size)
        self._numbers.append(self.last + 1)
        self._ends.append(self.size + len(line) + 1)
        self.last += hole.events if hole else 1

    def _lines(self) -> list[bytes]:
        return os.pread(self._descriptor, self.size, 0).split(b"\n")[:-1]

    def _rewritten(self, lines: Iterable[bytes]) -> "Segment":
        rewritten = self.path.with_suffix(".tmp")
        rewritten.write_bytes(b"".join(line + b"\n" for line in lines))
        os.replace(rewritten, self.path)
        self.close()
        return Segment.recover(self.path)


def _hole(line: bytes) -> Hole | None:
    found = _HOLE.fullmatch(line)
    return Hole(int(found[1]), int(found[2])) if found else None


def _thin(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Leave out what is output; each run of it, holes of before included, becomes one hole."""
    run = Hole(0, 0)
    for line in lines:
        gone = _hole(line) or (Hole(1, len(line)) if is_encoded_output(line) else None)
        if gone is not None:
            run = Hole(run.events + gone.events, run.size + gone.size)
            continue
        if run.events:
            yield run.line()
            run = Hole(0, 0)
        yield line
    if run.events:
        yield run.line()
