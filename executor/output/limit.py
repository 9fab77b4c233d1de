"""A subtask's output beyond its limit is not sent: it goes to a file on the device, and only its end is told."""

import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from executor.output.kinds import Output, is_output
from executor.output.whole import WholeOutput
from wegent.protocol.output_events import AnyEvent, CellOutput, Notice, encode_event

TAIL = 64 << 10
"""Characters of the end that are sent all the same: that is where errors stand."""
LEAD = 8 << 10
"""Characters before that end in which a secret may begin that reaches into it."""
_OVERHEAD = 48
"""Bytes of an event around its text, at most."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class OutputLimit:
    """Passes events on to ``sink``: of output about ``limit`` bytes, of everything else all.

    ``skip`` is given what is not sent of the text right before the end.
    """

    def __init__(
        self,
        sink: Callable[[AnyEvent], None],
        skip: Callable[[AnyEvent], None],
        limit: int,
        whole: WholeOutput,
    ) -> None:
        self._sink = sink
        self._skip = skip
        self._room = limit
        self._whole = whole
        self._is_over = False
        self._left_out = 0
        self._tail: deque[tuple[Output, int]] = deque()
        self._tail_size = 0

    def add(self, event: AnyEvent) -> None:
        """Take one event. Text may hold bytes that are no UTF-8, as ``surrogateescape`` has them."""
        if not is_output(event):
            self._sink(event)
            return
        event, written, size = _taken_apart(event)
        self._whole.add(written)
        self._room -= size
        if self._room >= 0:
            self._sink(event)
            return
        if not self._is_over:
            self._is_over = True
            self._sink(Notice("warning", self._announced()))
        self._left_out += len(written)
        self._keep_last(event)

    def finish(self) -> Path | None:
        """Send the end of what was left out; return the file that has all of it, if there is one."""
        self._whole.close()
        if self._is_over:
            lead = max(self._tail_size - TAIL, 0)
            told = self._tail_size - lead
            if self._left_out > told:
                self._sink(Notice("warning", f"{_megabytes(self._left_out - told)} were left out. The end of it:"))
            self._send_last(lead)
        if not self._whole.is_kept:
            return None
        if self._whole.ended:
            self._sink(
                Notice(
                    "warning",
                    f"{self._whole.path} has only the first {_megabytes(self._whole.size)}: {self._whole.ended}.",
                )
            )
        return self._whole.path

    def _announced(self) -> str:
        self._whole.keep()
        if self._whole.is_kept:
            return f"This is more output than is sent. All of it is on the device, in {self._whole.path}."
        return f"This is more output than is sent, and the rest is not kept: {self._whole.ended}."

    def _send_last(self, lead: int) -> None:
        """Send what is kept but for its first ``lead`` characters."""
        for event, size in self._tail:
            if lead >= size or (lead and isinstance(event, CellOutput)):
                self._skip(event)
            elif lead:
                assert not isinstance(event, CellOutput)
                self._skip(msgspec.structs.replace(event, text=event.text[:lead]))
                self._sink(msgspec.structs.replace(event, text=event.text[lead:]))
            else:
                self._sink(event)
            lead = max(lead - size, 0)

    def _keep_last(self, event: Output) -> None:
        if isinstance(event, CellOutput):
            size = len(encode_event(event))
            if size > TAIL:
                return
        else:
            event = msgspec.structs.replace(event, text=event.text[-TAIL - LEAD :])
            size = len(event.text)
        self._tail.append((event, size))
        self._tail_size += size
        while self._tail_size - self._tail[0][1] >= TAIL + LEAD:
            self._tail_size -= self._tail.popleft()[1]


def _taken_apart(event: Output) -> tuple[Output, bytes, int]:
    """Return an event as it can be sent, its text as it was written, and the bytes that it has when it is sent."""
    if isinstance(event, CellOutput):
        text = event.output.get("text", "") if event.output.get("output_type") == "stream" else None
        encoded = encode_event(event)
        return event, "".join(text).encode() if text is not None else encoded + b"\n", len(encoded)
    try:
        written = event.text.encode()
    except UnicodeEncodeError:
        written = _escaped(event.text)
        event = msgspec.structs.replace(event, text=_SURROGATE.sub("\ufffd", event.text))
    return event, written, len(msgspec.json.encode(event.text)) + _OVERHEAD


def _escaped(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half a character that some program wrote, not a byte that was none
        return text.encode(errors="replace")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
