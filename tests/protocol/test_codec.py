"""Frames: what is one, what is not, and what the error says."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wegent.protocol.codec import (
    MAX_FRAME,
    chunk_frame,
    decode_data,
    decode_frame,
    encode,
    encode_error,
)
from wegent.protocol.device_messages import Accept
from wegent.protocol.errors import Code, ProtocolError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(event=st.text(st.characters(codec="utf-8")), data=JSON, ref=st.none() | st.integers(0, 2**53 - 1))
def test_what_is_encoded_is_decoded(event: str, data: object, ref: int | None) -> None:
    frame = decode_frame(encode(event, data, ref).decode())
    assert (frame.event, json.loads(bytes(frame.data)), frame.ref) == (event, data, ref)


def test_an_absent_ref_is_left_out_and_absent_data_is_an_empty_object() -> None:
    assert json.loads(encode("e", {})) == {"event": "e", "data": {}}
    assert bytes(decode_frame('{"event":"e"}').data) == b"{}"


def test_unknown_fields_are_ignored() -> None:
    assert decode_frame('{"event":"e","data":{},"more":[1]}').event == "e"
    assert decode_data(b'{"subtask_id":"s","attempt":1,"more":2}', Accept) == Accept("s", 1)


NO_FRAMES = {
    "nothing": "",
    "not JSON": "hello",
    "cut": '{"event":"e"',
    "two": '{"event":"e"}{"event":"e"}',
    "an array": "[]",
    "a string": '"e"',
    "null": "null",
    "no event": "{}",
    "an event that is a number": '{"event":1}',
    "a ref that is a string": '{"event":"e","ref":"1"}',
    "a ref that is a fraction": '{"event":"e","ref":1.5}',
    "a ref that is negative": '{"event":"e","ref":-1}',
    "a ref that JavaScript cannot count": '{"event":"e","ref":9007199254740992}',
    "NaN": '{"event":"e","data":NaN}',
    "a lone surrogate": '{"event":"\ud800"}',
    "too deep": '{"event":"e","data":' + "[" * 100_000 + "]" * 100_000 + "}",
}


@pytest.mark.parametrize("text", NO_FRAMES.values(), ids=NO_FRAMES)
def test_what_is_no_frame_is_a_bad_message(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_frame(text)
    assert refused.value.code is Code.BAD_MESSAGE
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("data", [b'{"event":"e"}', b"", None])
def test_a_binary_frame_is_a_bad_message(data: bytes | None) -> None:
    with pytest.raises(ProtocolError, match="not binary") as refused:
        decode_frame(data)
    assert refused.value.code is Code.BAD_MESSAGE


def test_the_limit_counts_bytes_not_characters() -> None:
    room = MAX_FRAME - len('{"event":"e","data":""}')
    assert decode_frame('{"event":"e","data":"' + "x" * room + '"}').event == "e"
    for text in ("x" * (room + 1), "ü" * (room // 2 + 1)):
        with pytest.raises(ProtocolError, match=str(MAX_FRAME)) as refused:
            decode_frame('{"event":"e","data":"' + text + '"}')
        assert refused.value.code is Code.TOO_LARGE


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"subtask_id":"s","attempt":"1"}', "attempt"),
        (b'{"subtask_id":7,"attempt":1}', "subtask_id"),
        (b'{"attempt":1}', "subtask_id"),
        (b'{"subtask_id":"s","attempt":0}', "attempt"),
        (b'{"subtask_id":"s","attempt":9007199254740992}', "attempt"),
        (b'{"subtask_id":"s","attempt":1e999}', ""),
        (b'{"subtask_id":"","attempt":1}', "subtask_id"),
        (b"[]", "object"),
    ],
)
def test_wrong_data_is_refused_with_the_name_of_the_field(data: bytes, field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_data(data, Accept)
    assert refused.value.code is Code.BAD_MESSAGE
    assert field in refused.value.message


def test_an_error_frame_carries_code_message_and_hint() -> None:
    frame = decode_frame(encode_error(ProtocolError(Code.NOT_FOUND, "No.", "Look."), 3).decode())
    assert (frame.event, frame.ref) == ("error", 3)
    assert json.loads(bytes(frame.data)) == {"code": "not_found", "message": "No.", "hint": "Look."}


def test_a_chunk_frame_holds_the_events_as_they_came() -> None:
    events = b'[{"type":"text","text":"\\u00fc"},{"n":1.50}]'
    frame = decode_frame(chunk_frame("s-1", 7, events).decode())
    assert frame.event == "chat:chunk"
    assert events in bytes(frame.data)
    assert msgspec.json.decode(frame.data)["seq"] == 7
