"""What of a subtask's events is mere output: where there is too much it may be cut, and nothing else ever is."""

from typing import TypeGuard

import msgspec

from wegent.protocol.output_events import AnyEvent, CellOutput, Header, Stream, Text, Thinking

Output = Text | Thinking | Stream | CellOutput
_KINDS = (Text, Thinking, Stream, CellOutput)
_TAGS = frozenset(kind.__struct_config__.tag for kind in _KINDS)
_header = msgspec.json.Decoder(Header)


def is_output(event: AnyEvent) -> TypeGuard[Output]:
    """Whether ``event`` is output."""
    return isinstance(event, _KINDS)


def is_encoded_output(event: bytes) -> bool:
    """Whether an event that was written as JSON is output."""
    return _header.decode(event).type in _TAGS
