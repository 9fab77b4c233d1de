"""Numbers whose output is gone: they are given something to say, so that what is left can be told.

The server takes a subtask's output without a gap, and its end only after all of it. So the first number of a gap
says what happened, as a ``notice``, and each of the others says nothing. What stands in is made when it is read:
however much is gone costs neither memory nor disk.
"""

from typing import NamedTuple

from wegent.protocol.output_events import Notice, Stream, encode_event

_NOTHING = encode_event(Stream("stderr", ""))
"""An event that shows nowhere."""


class Gap(NamedTuple):
    """``numbers`` without output, and what is told of them."""

    numbers: range
    told: str

    def since(self, seq: int) -> "Gap":
        """Return what is left of it for a reader who has all numbers before ``seq``."""
        return self._replace(numbers=range(max(self.numbers.start, seq), self.numbers.stop))

    def read(self, seq: int, max_bytes: int) -> list[bytes]:
        """Return what stands in from ``seq`` on: as much as fits, at least one event."""
        if seq == self.numbers.start:
            return [encode_event(Notice("warning", self.told))]
        return [_NOTHING] * min(self.numbers.stop - seq, max(max_bytes // (len(_NOTHING) + 1), 1))


def lost(numbers: range) -> Gap:
    """Return the gap where files were damaged or are missing."""
    listed = str(numbers.start) if len(numbers) == 1 else f"{numbers.start}–{numbers[-1]}"
    return Gap(numbers, f"Output {listed} was lost on the device.")


def dropped(numbers: range, size: int) -> Gap:
    """Return the gap where output of ``size`` bytes had to make room for later output."""
    return Gap(
        numbers,
        f"Up to {size / 1e6:.1f} MB of output were left out here: the server was away, and the device keeps only"
        " so much of what waits for it.",
    )
