"""An outbox that stands in for what was lost around its files: the server hears of it, and of the rest."""

import logging
from collections.abc import Sequence

from executor.outbox import gap
from executor.outbox.spool import FileSpool

log = logging.getLogger(__name__)

_NONE = range(0)


class MendedSpool:
    """A :class:`wegent.protocol.output_log.Spool` of ``files`` that stands in for what is missing around them."""

    def __init__(self, files: FileSpool) -> None:
        self._files = files
        self._before = _NONE
        self._after = _NONE
        self._wanted = 1

    @property
    def first(self) -> int:
        """The lowest number that can be read; ``last + 1`` when none can."""
        return self._before.start if self._before else self._files.first

    @property
    def last(self) -> int:
        """The highest number given, 0 if none."""
        return self._after[-1] if self._after else self._files.last

    def mend(self, wanted: int, last: int) -> None:
        """Stand in for what is not there of ``wanted`` to ``last``, the highest number that was ever given."""
        files = self._files
        self._wanted = wanted
        self._before = range(wanted, files.first) or _NONE
        self._after = range(max(wanted, files.last + 1), last + 1) or _NONE
        for lost in (self._before, self._after):
            if lost:
                log.warning("%s", gap.lost(lost).told)

    def append(self, events: Sequence[bytes]) -> None:
        """Keep ``events`` under the numbers that follow ``last``."""
        assert not self._after, "only what a former process left lacks its end"
        self._files.append(events)

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return the events from ``seq`` on: as many as fit, at least one where there is one."""
        found = self._gap(seq)
        if found is not None:
            return found.since(self._wanted).read(seq, max_bytes)
        return self._files.read(seq, max_bytes)

    def _gap(self, seq: int) -> gap.Gap | None:
        for lost in (self._before, self._after):
            if seq in lost:
                return gap.lost(lost)
        return self._files.gap(seq)

    def forget(self, seq: int) -> None:
        """Drop events up to ``seq``, or some of them later."""
        if self._before and self._before[-1] <= seq:
            self._before = _NONE
        self._files.forget(seq)
