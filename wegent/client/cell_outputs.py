"""What a cell shows, from the events that told of it: nbformat's outputs, as Jupyter would have kept them."""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from wegent.client.errors import WegentError
from wegent.client.files import download
from wegent.client.rest import Rest
from wegent.protocol.multiline import joined
from wegent.protocol.output_events import AnyEvent, CellOutput

MOST_OUTPUTS = 100
"""Outputs that are kept, the last ones."""
MOST_PRINTED = 1 << 20
"""Characters that are kept of what is printed in a row, the last ones."""
MOST_FETCHED = 32 << 20
"""Bytes of an output's forms that came as files, all together."""


def outputs_of(events: Sequence[AnyEvent]) -> list[dict[str, Any]]:
    """Return the outputs that stand at the end, as docs/shells.md says; ``transient`` is still in them."""
    outputs: list[dict[str, Any]] = []
    is_clearing = False
    for event in events:
        if not isinstance(event, CellOutput):
            continue
        output = event.output
        kind = output.get("output_type")
        if kind == "clear_output":
            is_clearing = True
            if not output.get("wait"):
                outputs, is_clearing = [], False
        elif kind == "update_display_data":
            outputs = [_updated(each, output) for each in outputs]
        else:
            if is_clearing:
                outputs, is_clearing = [], False
            _append(outputs, output)
    return outputs[-MOST_OUTPUTS:]


async def whole(rest: Rest, outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return outputs in nbformat's form, with what was too large for an event and came as a file."""
    left = MOST_FETCHED
    complete = []
    for output in outputs:
        transient = output.get("transient") or {}
        data = dict(output.get("data") or {})
        for media_type, id in (transient.get("files") or {}).items():
            try:
                content = (await download(rest, id)).content if left > 0 else b""
            except WegentError as error:  # a day later it is gone, and the rest of the result is not
                data.setdefault("text/plain", f"[{media_type}: {error.message}]")
                continue
            left -= len(content)
            if content and left >= 0:
                data[media_type] = _text(media_type, content)
        plain = {name: value for name, value in output.items() if name != "transient"}
        complete.append(plain | {"data": data} if "data" in output else plain)
    return complete


async def completed(rest: Rest, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Return events whose outputs have what was too large for an event and came as a file."""
    return [await _completed(rest, each) if isinstance(each, CellOutput) else each for each in events]


async def _completed(rest: Rest, event: CellOutput) -> CellOutput:
    transient = event.output.get("transient") or {}
    if not transient.get("files"):
        return event
    [output] = await whole(rest, [event.output])
    ids = {name: value for name, value in transient.items() if name != "files"}
    return msgspec.structs.replace(event, output={**output, "transient": ids})


def _append(outputs: list[dict[str, Any]], output: dict[str, Any]) -> None:
    last = outputs[-1] if outputs else {}
    if output.get("output_type") == "stream" == last.get("output_type") and output.get("name") == last.get("name"):
        outputs[-1] = {**last, "text": (joined(last.get("text")) + joined(output.get("text")))[-MOST_PRINTED:]}
    else:
        outputs.append(output)


def _updated(output: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    if _display(output) is None or _display(output) != _display(update):
        return output
    changed: dict[str, Any] = {name: update[name] for name in ("data", "metadata", "transient") if name in update}
    return {**output, **changed}


def _display(output: dict[str, Any]) -> Any:
    return (output.get("transient") or {}).get("display_id")


def _text(media_type: str, content: bytes) -> str:
    """Return a file as a form of an output: text is text, anything else is base64 (RFC 4648)."""
    if media_type.startswith("text/") or media_type == "image/svg+xml":
        return content.decode(errors="replace")
    return base64.b64encode(content).decode()
