"""Numbered output events in files: what a crash of the executor must not lose.

A segment is a file of events. They are appended with one write each time, so that a kill leaves at most the last
line torn; whole segments are deleted once the server has stored them.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from executor.outbox.gap import Gap
from executor.outbox.segment import SUFFIX, Segment

log = logging.getLogger(__name__)

SEGMENT_BYTES = 1 << 20


class FileSpool:
    """A :class:`wegent.protocol.output_log.Spool` in ``folder``; picks up what a former process left there."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._segments = [Segment.recover(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
        self._drop_doubles()
        if not self._segments:
            self._segments = [Segment.create(folder, 1)]
        self.given = self._segments[-1].last
        """The highest number that a former process gave, as far as can be told; damage makes ``last`` less."""
        self._drop_after_break()

    def _drop_doubles(self) -> None:
        """Delete what a kill left in the middle of :meth:`Segment.thinned`: it is in the file before, too."""
        for before, segment in zip(self._segments.copy(), self._segments[1:], strict=False):
            if segment.first <= before.last and segment.last <= before.last:
                segment.delete()
                self._segments.remove(segment)

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
            self._segments.append(Segment.create(self._folder, self.last + 1))
        self._segments[-1].append(events)

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return the events from ``seq`` on: as many as fit, at least one where there is one."""
        for segment in self._segments:
            if segment.first <= seq <= segment.last:
                return segment.read(seq, max_bytes)
        return []

    def gap(self, seq: int) -> Gap | None:
        """Return the gap that ``seq`` is in: its output was dropped."""
        found = (segment.gap(seq) for segment in self._segments if segment.first <= seq <= segment.last)
        return next(found, None)

    def forget(self, seq: int) -> None:
        """Delete the segments that hold nothing after ``seq``; the one that is written to stays."""
        while len(self._segments) > 1 and self._segments[0].last <= seq:
            self._segments.pop(0).delete()

    def drop_output(self, most: int) -> bool:
        """Drop the oldest output until at most ``most`` bytes are kept; return whether that could be.

        The file that is written to stays whole. A notice stands where output was, and nothing else moves.
        """
        while self.size > most:
            index = next((i for i, segment in enumerate(self._segments[:-1]) if not segment.is_thin), None)
            if index is None:
                return False
            before = self._segments[index - 1] if index else None
            is_joined = before is not None and before.is_thin and before.size < self._segment_bytes
            thin = self._segments[index].thinned(before if is_joined else None)
            self._segments[index - is_joined : index + 1] = [thin]
        return True

    def replace(self, seq: int, event: bytes) -> None:
        """Put ``event`` where number ``seq`` was; nothing else moves."""
        for index, segment in enumerate(self._segments):
            if segment.first <= seq <= segment.last:
                self._segments[index] = segment.replaced(seq, event)
                return

    def close(self) -> None:
        """Close the files; they stay."""
        for segment in self._segments:
            segment.close()
