"""What a program reads: one JSON document per line."""

import msgspec

from wegent.protocol.output_events import AnyEvent, Unknown


def json_line(data: object) -> str:
    """Return ``data`` as one line of JSON."""
    return msgspec.json.encode(data).decode() + "\n"


def event_line(seq: int, event: AnyEvent) -> str:
    """Return an event and its number as one line of JSON."""
    data = event.data if isinstance(event, Unknown) else msgspec.to_builtins(event)
    return json_line({"seq": seq, **data})
