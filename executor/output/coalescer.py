"""Small pieces of output become fewer events: adjacent ones of a kind are joined for a moment, then encoded.

Every event that leaves here has at most ``MAX_EVENT`` bytes. Text is split; anything else that is longer is
shortened, and a ``notice`` says so.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from wegent.protocol.codec import MAX_EVENT
from wegent.protocol.output_events import (
    AnyEvent,
    CellOutput,
    Notice,
    Stream,
    Text,
    Thinking,
    Unknown,
    encode_event,
)

MAX_PIECE = 32 << 10
"""Characters that joined pieces have at most before they go out."""

Sink = Callable[[Sequence[bytes]], object]


class Coalescer:
    """Collects events for at most ``delay`` seconds, then hands them to ``sink``, encoded and in order.

    A sink that raises (a full disk) ends it: ``on_failure`` is told once, and later events are refused with
    the same error.
    """

    def __init__(self, sink: Sink, delay: float, on_failure: Callable[[OSError], object]) -> None:
        self._sink = sink
        self._delay = delay
        self._on_failure = on_failure
        self._pending: list[AnyEvent] = []
        self._pieces: list[str] = []
        self._kind: AnyEvent | None = None
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._failure: OSError | None = None

    def add(self, event: AnyEvent) -> None:
        """Take one event; it is out within ``delay`` seconds."""
        if self._failure is not None:
            raise self._failure
        text = text_of(event)
        if text is not None:
            self._add_text(event, text)
        else:
            self._close_pieces()
            if self._pending and _replaces(event, self._pending[-1]):
                self._pending.pop()
            self._pending.append(event)
        if self._size >= MAX_PIECE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._delay, self.flush)

    def flush(self) -> None:
        """Hand out what there is now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._close_pieces()
        events, self._pending, self._size = self._pending, [], 0
        if not events or self._failure is not None:
            return
        encoded = [piece for event in events for piece in encode(event)]
        try:
            self._sink(encoded)
        except OSError as error:
            self._failure = error
            self._on_failure(error)

    def _add_text(self, event: AnyEvent, text: str) -> None:
        if not text:
            return
        kind = with_text(event, "")
        if kind != self._kind:
            self._close_pieces()
            self._kind = kind
        self._pieces.append(text)
        self._size += len(text)

    def _close_pieces(self) -> None:
        if self._kind is None:
            return
        self._pending.append(with_text(self._kind, "".join(self._pieces)))
        self._kind, self._pieces = None, []


def text_of(event: AnyEvent) -> str | None:
    """Return the text of an event that is a piece of a longer text; None for others."""
    if isinstance(event, Text | Thinking | Stream):
        return event.text
    if isinstance(event, CellOutput) and event.output.get("output_type") == "stream":
        text = event.output.get("text")
        return text if isinstance(text, str) else None
    return None


def with_text(event: AnyEvent, text: str) -> AnyEvent:
    """Return such an event with another text."""
    if isinstance(event, CellOutput):
        return msgspec.structs.replace(event, output={**event.output, "text": text})
    assert isinstance(event, Text | Thinking | Stream)
    return msgspec.structs.replace(event, text=text)


def _replaces(event: AnyEvent, before: AnyEvent) -> bool:
    """Whether ``event`` makes the one just before it needless: a progress bar, say, is updated again."""
    if not (isinstance(event, CellOutput) and isinstance(before, CellOutput)):
        return False
    kinds = {event.output.get("output_type"), before.output.get("output_type")}
    display = event.output.get("transient")
    return kinds == {"update_display_data"} and display is not None and display == before.output.get("transient")


def encode(event: AnyEvent, limit: int = MAX_EVENT) -> list[bytes]:
    """Write ``event`` as one or more events of at most ``limit`` bytes each."""
    encoded = _encoded(event)
    if len(encoded) <= limit:
        return [encoded]
    text = text_of(event)
    if text is not None:
        halves = (text[: len(text) // 2], text[len(text) // 2 :])
        return [part for half in halves for part in encode(with_text(event, half), limit)]
    notice = Notice("warning", f"An event of {len(encoded)} bytes was shortened to fit.")
    return [_shortened(encoded, limit), encode_event(notice)]


def _encoded(event: AnyEvent) -> bytes:
    try:
        return encode_event(event)
    except (UnicodeEncodeError, OverflowError, TypeError):
        # What a model wrote may hold half a surrogate pair or an integer of any length.
        data = event.data if isinstance(event, Unknown) else msgspec.to_builtins(event)
        return encode_event(Unknown(str(data.get("type", "")), _plain(data)))


def _plain(value: Any) -> Any:
    """Return ``value`` with everything in it that JSON cannot carry replaced by text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -(2**53) < value < 2**53:
        return value
    return _plain(str(value))


def _shortened(encoded: bytes, limit: int) -> bytes:
    """Cut the strings and lists inside an event until it fits; its shape and its own short fields stay."""
    data: dict[str, Any] = msgspec.json.decode(encoded)
    longest, most = limit // 4, 4096
    while True:
        cut = msgspec.json.encode(_cut(data, longest, most))
        if len(cut) <= limit:
            return cut
        if longest == 16 and most == 1:
            return encode_event(
                Notice("warning", f"An event of type {data.get('type')!r} was too big and is left out.")
            )
        longest, most = max(longest // 2, 16), max(most // 2, 1)


def _cut(value: Any, longest: int, most: int) -> Any:
    if isinstance(value, str):
        return (
            value if len(value) <= longest else f"{value[:longest]}… [{len(value) - longest} characters left out]"
        )
    if isinstance(value, dict):
        return {key: _cut(item, longest, most) for key, item in list(value.items())[: max(most, 16)]}
    if isinstance(value, list):
        return [_cut(item, longest, most) for item in value[:most]]
    return value
