"""Numbered output events in files: what a crash of the executor must not lose.

A segment is a file of JSON lines, named by the number of its first event. Events are appended with one write
each time, so that a kill leaves at most the last line torn; whole segments are deleted once the server has
stored them.
"""

import contextlib
import logging
import os
from array import array
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

SEGMENT_BYTES = 1 << 20
_SUFFIX = ".jsonl"


class _Segment:
    """One file; ``ends`` are the offsets at which its lines end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = int(path.name.removesuffix(_SUFFIX))
        self.ends = array("Q")
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    @classmethod
    def create(cls, folder: Path, first: int) -> "_Segment":
        return cls(folder / f"{first:020}{_SUFFIX}")

    @property
    def size(self) -> int:
        return self.ends[-1] if self.ends else 0

    @property
    def last(self) -> int:
        return self.first + len(self.ends) - 1

    def recover(self) -> None:
        """Index the lines, and cut off from the first one that is not whole."""
        data = self.path.read_bytes()
        start = 0
        while (end := data.find(b"\n", start)) >= 0 and data.startswith(b"{", start) and data[end - 1] == 0x7D:
            start = end + 1
            self.ends.append(start)
        os.ftruncate(self.descriptor, self.size)

    def append(self, events: Sequence[bytes]) -> None:
        """Write all of ``events`` or, raising OSError, none."""
        before = self.size
        data = memoryview(b"".join(event + b"\n" for event in events))
        try:
            while data:
                data = data[os.write(self.descriptor, data) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self.descriptor, before)
            raise
        for event in events:
            before += len(event) + 1
            self.ends.append(before)

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return whole lines from ``seq`` on: as many as fit, at least one."""
        index = seq - self.first
        start = self.ends[index - 1] if index else 0
        stop = index + 1
        while stop < len(self.ends) and self.ends[stop] - start <= max_bytes:
            stop += 1
        data = os.pread(self.descriptor, self.ends[stop - 1] - start, start)
        return data.split(b"\n")[:-1]

    def close(self) -> None:
        os.close(self.descriptor)

    def delete(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


class FileSpool:
    """A :class:`wegent.protocol.output_log.Spool` in ``folder``; picks up what a former process left there."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._segments = [_Segment(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
        for segment in self._segments:
            segment.recover()
        if not self._segments:
            self._segments = [_Segment.create(folder, 1)]
        self.given = self._segments[-1].last
        """The highest number that a former process gave, as far as can be told; damage makes ``last`` less."""
        self._drop_after_break()

    def _drop_after_break(self) -> None:
        """Keep only what follows on without a gap: numbers that lead into nothing could never be sent."""
        for index in range(1, len(self._segments)):
            if self._segments[index].first == self._segments[index - 1].last + 1:
                continue
            log.warning(
                "Output %d–%d in %s is damaged or missing; what was kept after it is dropped.",
                self._segments[index - 1].last + 1,
                self._segments[index].first - 1,
                self._folder,
            )
            for dropped in self._segments[index:]:
                dropped.delete()
            del self._segments[index:]
            return

    @property
    def first(self) -> int:
        """The lowest number kept; ``last + 1`` when nothing is."""
        return self._segments[0].first

    @property
    def last(self) -> int:
        """The highest number given, 0 if none."""
        return self._segments[-1].last

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(segment.size for segment in self._segments)

    def append(self, events: Sequence[bytes]) -> None:
        """Keep ``events`` under the numbers that follow ``last``; raise OSError and keep none if that fails."""
        if self._segments[-1].size >= self._segment_bytes:
            self._segments.append(_Segment.create(self._folder, self.last + 1))
        self._segments[-1].append(events)

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return the events from ``seq`` on: as many as fit, at least one where there is one."""
        for segment in self._segments:
            if segment.first <= seq <= segment.last:
                return segment.read(seq, max_bytes)
        return []

    def forget(self, seq: int) -> None:
        """Delete the segments that hold nothing after ``seq``; the one that is written to stays."""
        while len(self._segments) > 1 and self._segments[0].last <= seq:
            self._segments.pop(0).delete()

    def replace(self, seq: int, event: bytes) -> None:
        """Put ``event`` where number ``seq`` was; nothing else moves."""
        for index, segment in enumerate(self._segments):
            if not segment.first <= seq <= segment.last:
                continue
            lines = segment.path.read_bytes().split(b"\n")[:-1]
            lines[seq - segment.first] = event
            rewritten = segment.path.with_suffix(".tmp")
            rewritten.write_bytes(b"".join(line + b"\n" for line in lines))
            segment.close()
            os.replace(rewritten, segment.path)
            self._segments[index] = _Segment(segment.path)
            self._segments[index].recover()
            return

    def close(self) -> None:
        """Close the files; they stay."""
        for segment in self._segments:
            segment.close()
