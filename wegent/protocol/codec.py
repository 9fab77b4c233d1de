"""Frames: ``{"event": …, "data": {…}, "ref": n?}`` as UTF-8 JSON text, with limits.

Decoding takes two steps, so that what need not be understood is never parsed: :func:`decode_frame` finds the
event, :func:`decode_data` reads its data as the type that belongs to it.
"""

import re
from typing import Any, TypeVar

import msgspec

from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.types import Ref

MAX_FRAME = 1 << 20
"""Bytes of UTF-8 that one frame may have."""
MAX_EVENT = 256 << 10
"""Bytes that one encoded output event may have."""

MAX_NESTING = 64
"""Levels of lists and objects that free-form data may have; what reads it later may recurse."""

T = TypeVar("T")


class Frame(msgspec.Struct, frozen=True):
    """One message of a socket, its data still undecoded."""

    event: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    ref: Ref | None = None


class _Outgoing(msgspec.Struct, frozen=True, omit_defaults=True):
    event: str
    data: Any
    ref: int | None = None


class ErrorData(msgspec.Struct, frozen=True):
    """The data of an ``error`` frame."""

    code: str
    message: str = ""
    hint: str = ""


# How msgspec names the place of what it refuses.
_FIELD_PATH = re.compile(r"(?:at|`key` in) `\$\.?([^`]+)`")
_FIELD_NAME = re.compile(r"field `([^`]+)`")

_frames = msgspec.json.Decoder(Frame)
_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def refused(error: Exception, what: str) -> ProtocolError:
    """Return the ``bad_message`` for what msgspec did not accept, with the field named where it says one."""
    if isinstance(error, RecursionError):
        return ProtocolError(Code.BAD_MESSAGE, f"{what} is nested too deeply.")
    message = str(error)
    named = _FIELD_PATH.search(message) or _FIELD_NAME.search(message)
    extra = {"field": named[1]} if named else {}
    return ProtocolError(Code.BAD_MESSAGE, f"{what} is not valid: {message}.", **extra)


def decode_frame(text: str | bytes | None, limit: int = MAX_FRAME) -> Frame:
    """Read one frame; raise :class:`ProtocolError` (bad_message, too_large) if it is not one."""
    if not isinstance(text, str):
        raise ProtocolError(Code.BAD_MESSAGE, "Frames are JSON text, not binary.")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise refused(error, "The frame") from None
    if len(encoded) > limit:
        raise ProtocolError(Code.TOO_LARGE, f"A frame may have {limit} bytes, this one has {len(encoded)}.")
    try:
        return _frames.decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused(error, "The frame") from None


def decode_data(data: msgspec.Raw | bytes, kind: type[T], what: str = "The data") -> T:
    """Read ``data`` as ``kind``; raise :class:`ProtocolError` (bad_message) that names the field if it is not."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        return decoder.decode(data)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused(error, what) from None


def nesting(value: object) -> int:
    """Return how many levels of lists and objects ``value`` has."""
    depth, level = 0, [value]
    while level:
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        depth += bool(inner)
        level = [item for items in inner for item in items]
    return depth


def encode(event: str, data: object, ref: int | None = None) -> bytes:
    """Write one frame as UTF-8 JSON."""
    return _encoder.encode(_Outgoing(event, data, ref))


def encode_error(error: ProtocolError, ref: int | None = None) -> bytes:
    """Write the ``error`` frame that answers ``ref`` (or a frame that had none)."""
    return encode("error", ErrorData(error.code, error.message, error.hint), ref)


def chunk_frame(subtask_id: str, seq: int, events: bytes) -> bytes:
    """Write a ``chat:chunk`` around output events that are JSON already (``events`` is the whole array)."""
    head = f'{{"event":"chat:chunk","data":{{"subtask_id":"{subtask_id}","seq":{seq},"events":'
    return head.encode() + events + b"}}"
