"""A subtask's events on their way out of the device: no secret passes, also none that two events share."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from executor.redaction.redactor import PieceRedactor, Redactor
from wegent.protocol.output_events import AnyEvent, CellOutput, Notice, Stream, Text, Thinking, Unknown

SHOWN_AFTER = 0.2
"""Seconds after which somebody may wait for what is held back."""
_NAMES = 5

Sink = Callable[[AnyEvent], None]


class _Piece(NamedTuple):
    """A part of a text that goes on in the next event of the same ``key``."""

    key: tuple[Any, ...]
    text: str
    make: Callable[[str], AnyEvent]


class _Flow(NamedTuple):
    redactor: PieceRedactor
    make: Callable[[str], AnyEvent]


class Outgoing:
    """Takes events, and gives them to ``sink`` without secrets."""

    def __init__(self, redactor: Redactor, sink: Sink) -> None:
        self._redactor = redactor
        self._sink = sink
        self._flows: dict[tuple[Any, ...], _Flow] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, event: AnyEvent) -> None:
        """Take one event; what is held of it comes with the next, or in a moment."""
        piece = _piece(event)
        self._close_others(piece.key if piece else None)
        if piece is None:
            self._sink(self._redacted(event))
            return
        flow = self._flow(piece)
        self._give(flow, flow.redactor.feed(piece.text))
        if flow.redactor.is_holding and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SHOWN_AFTER, self._release)

    def skip(self, event: AnyEvent) -> None:
        """Look at an event that is not sent: what follows may be the end of a secret that begins in it."""
        piece = _piece(event)
        if piece is not None:
            self._flow(piece).redactor.feed(piece.text)

    def finish(self) -> None:
        """Give out the rest, and say how much was taken out."""
        self._close_others(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._redactor.found:
            self._sink(Notice("info", _told(self._redactor.found)))

    def _flow(self, piece: _Piece) -> _Flow:
        known = self._flows.get(piece.key)
        flow = _Flow(known.redactor if known else self._redactor.pieces(), piece.make)
        self._flows[piece.key] = flow
        return flow

    def _close_others(self, key: tuple[Any, ...] | None) -> None:
        for other, flow in self._flows.items():
            if other != key:
                self._give(flow, flow.redactor.close())

    def _release(self) -> None:
        self._timer = None
        with contextlib.suppress(OSError):  # the disk's; whoever emits next is told
            for flow in self._flows.values():
                self._give(flow, flow.redactor.release())

    def _give(self, flow: _Flow, text: str) -> None:
        if text:
            self._sink(flow.make(text))

    def _redacted(self, event: AnyEvent) -> AnyEvent:
        try:
            if isinstance(event, Unknown):
                data = self._redactor.value(event.data)
                return Unknown(str(data.get("type", "")), data)
            redacted: AnyEvent = self._redactor.value(event)
        except RecursionError:
            return Notice("warning", "An event is nested too deeply to look for secrets in it, and is left out.")
        return redacted


def _piece(event: AnyEvent) -> _Piece | None:
    if isinstance(event, Text | Thinking):
        return _Piece((type(event),), event.text, type(event))
    if isinstance(event, Stream):
        return _Piece((Stream, event.name), event.text, lambda text: Stream(event.name, text))
    if isinstance(event, CellOutput) and event.output.get("output_type") == "stream":
        name, said = event.output.get("name"), event.output.get("text")
        if isinstance(said, list):
            said = "".join(map(str, said))
        if (
            isinstance(said, str)
            and isinstance(name, str)
            and set(event.output) == {"output_type", "name", "text"}
        ):
            return _Piece(
                (CellOutput, event.index, name),
                said,
                lambda text: msgspec.structs.replace(event, output={**event.output, "text": text}),
            )
    return None


def _told(found: Counter[str]) -> str:
    names = sorted(name for name in found if name)
    listed = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else "")
    times = found.total()
    what = "1 secret of this device was" if times == 1 else f"{times} secrets of this device were"
    return f"{what} replaced by [redacted] before anything left it ({listed})."
