"""Output events: what a subtask says while it runs, tagged by ``type``.

They are the same on the device's socket, in SQL, on the viewers' sockets, in Server-Sent Events and in the
Python client. A consumer keeps what it does not know: :func:`decode_event` gives an :class:`Unknown` then.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from wegent.protocol.types import Id


class OutputEvent(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all output events."""


class Text(OutputEvent, frozen=True, tag="text"):
    """A piece of the answer, to be joined to the text before it."""

    text: str


class Thinking(OutputEvent, frozen=True, tag="thinking"):
    """A piece of the model's thinking."""

    text: str


class ToolUse(OutputEvent, frozen=True, tag="tool_use"):
    """A tool is called; ``parent`` is the id of the subagent that calls it, None for the model itself."""

    id: str
    name: str
    input: Any
    parent: str | None = None


class ToolResult(OutputEvent, frozen=True, tag="tool_result"):
    """What a tool call gave; ``seconds`` is how long it took, measured on the device."""

    id: str
    content: Any
    is_error: bool = False
    seconds: float | None = None
    parent: str | None = None


class Subagent(OutputEvent, frozen=True, tag="subagent"):
    """A subagent begins or ends; ``id`` is that of the tool call that began it.

    ``status`` is started, completed, failed or stopped; ``text`` is what it reports at its end.
    """

    id: str
    status: str
    kind: str | None = None
    description: str | None = None
    text: str | None = None
    seconds: float | None = None


class Stream(OutputEvent, frozen=True, tag="stream"):
    """A piece of a process's output."""

    name: Literal["stdout", "stderr"]
    text: str


class Cell(OutputEvent, frozen=True, tag="cell"):
    """A notebook cell begins; ``index`` counts from 1, ``of`` is how many there are."""

    index: int
    of: int
    source: str | None = None


class CellOutput(OutputEvent, frozen=True, tag="cell_output"):
    """One output of a cell, in nbformat's form."""

    index: int
    output: dict[str, Any]


class Diff(OutputEvent, frozen=True, tag="diff"):
    """A file was changed; ``patch`` is a unified diff."""

    path: str
    patch: str


class TodoItem(msgspec.Struct, frozen=True):
    """One entry of a todo list; ``status`` is pending, in_progress or completed."""

    text: str
    status: str


class Todo(OutputEvent, frozen=True, tag="todo"):
    """The whole todo list, as it is now."""

    items: list[TodoItem]


class Approval(OutputEvent, frozen=True, tag="approval"):
    """A question that waits for an answer: may this tool run with this input?"""

    id: Id
    tool: str
    input: Any
    reason: str | None = None
    choices: Annotated[list[str], Meta(max_length=16)] = []


class ApprovalDone(OutputEvent, frozen=True, tag="approval_done"):
    """The question was answered; ``by`` names who did.

    ``reason`` is ``expired`` where nobody answered in time, and the device itself denied it.
    """

    id: Id
    choice: str
    by: str
    reason: str | None = None


class FollowUp(OutputEvent, frozen=True, tag="follow_up"):
    """What was said to it while it ran, and taken; ``by`` names who said it."""

    text: str
    by: str


class Usage(OutputEvent, frozen=True, tag="usage"):
    """What the turn used: tokens, US dollars, seconds."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_creation_tokens: int = 0
    cost_usd: float | None = None
    seconds: float | None = None
    turns: int | None = None
    model: str | None = None


class Notice(OutputEvent, frozen=True, tag="notice"):
    """Something the reader should know; ``level`` is info, warning or error.

    ``until`` is when that is over (RFC 3339, UTC), such as a limit that is reached; readers show it in their time.
    """

    level: str
    text: str
    until: str | None = None


class File(OutputEvent, frozen=True, tag="file"):
    """A file that can be fetched with ``GET /files/{id}``; ``size`` in bytes."""

    name: str
    media_type: str
    size: int
    id: str


class Unknown(msgspec.Struct, frozen=True):
    """An event of a type that this version does not know, kept whole."""

    type: str
    data: dict[str, Any]


Known = (
    Text
    | Thinking
    | ToolUse
    | ToolResult
    | Subagent
    | Stream
    | Cell
    | CellOutput
    | Diff
    | Todo
    | Approval
    | ApprovalDone
    | FollowUp
    | Usage
    | Notice
    | File
)
AnyEvent = Known | Unknown


class Header(msgspec.Struct, frozen=True):
    """The one thing every event has; reading it skips the rest."""

    type: Annotated[str, Meta(min_length=1, max_length=64)]


_known = msgspec.json.Decoder(Known)
_any = msgspec.json.Decoder(dict[str, Any])
_encoder = msgspec.json.Encoder()


def encode_event(event: AnyEvent) -> bytes:
    """Write one event as JSON."""
    return _encoder.encode(event.data if isinstance(event, Unknown) else event)


def decode_event(raw: bytes | msgspec.Raw) -> AnyEvent:
    """Read one event; one of an unknown type, or of a known type with other fields, becomes :class:`Unknown`."""
    try:
        known: Known = _known.decode(raw)
        return known
    except msgspec.ValidationError:
        data = _any.decode(raw)
        return Unknown(str(data.get("type", "")), data)
