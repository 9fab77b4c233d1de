"""Pieces of output are joined, split and shortened without a change of what they say."""

import asyncio

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.processes import eventually

from executor.output.coalescer import MAX_PIECE, Coalescer, encode
from wegent.protocol.codec import MAX_EVENT
from wegent.protocol.output_events import (
    AnyEvent,
    CellOutput,
    Notice,
    Stream,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    decode_event,
    encode_event,
)

pieces = st.lists(
    st.one_of(
        st.builds(Text, st.text()),
        st.builds(Thinking, st.text()),
        st.builds(Stream, st.sampled_from(["stdout", "stderr"]), st.text()),
        st.builds(Notice, st.just("info"), st.text()),
    ),
    max_size=30,
)


def joined(events: list[AnyEvent]) -> list[AnyEvent]:
    """Join adjacent pieces of a kind, as a reader does."""
    out: list[AnyEvent] = []
    for event in events:
        if isinstance(event, Text | Thinking | Stream) and not event.text:
            continue
        last = out[-1] if out else None
        same = type(last) is type(event) and getattr(last, "name", "") == getattr(event, "name", "")
        if same and isinstance(event, Text | Thinking | Stream):
            out[-1] = msgspec.structs.replace(last, text=last.text + event.text)  # type: ignore[union-attr]
        else:
            out.append(event)
    return out


@settings(max_examples=200, deadline=None)
@given(pieces, st.lists(st.booleans(), min_size=30, max_size=30))
def test_order_and_text_stay_the_same(events: list[AnyEvent], flushes: list[bool]) -> None:
    out: list[bytes] = []

    async def run() -> None:
        coalescer = Coalescer(out.extend, 60, on_failure=lambda error: None)
        for event, flush in zip(events, flushes, strict=False):
            coalescer.add(event)
            if flush:
                coalescer.flush()
        coalescer.flush()

    asyncio.run(run())
    assert joined([decode_event(event) for event in out]) == joined(events)


async def test_it_is_out_after_the_delay_without_a_flush() -> None:
    out: list[bytes] = []
    coalescer = Coalescer(out.extend, 0.01, on_failure=lambda error: None)
    coalescer.add(Text("a"))
    coalescer.add(Text("b"))
    assert not out
    await eventually(lambda: out, 5)
    assert out == [encode_event(Text("ab"))]


async def test_much_goes_out_at_once() -> None:
    out: list[bytes] = []
    coalescer = Coalescer(out.extend, 60, on_failure=lambda error: None)
    coalescer.add(Text("x" * MAX_PIECE))
    assert len(out) == 1


async def test_a_sink_that_fails_is_told_once_and_refuses_the_rest() -> None:
    failures: list[OSError] = []

    def fail(events: object) -> None:
        raise OSError(28, "No space left on device")

    coalescer = Coalescer(fail, 60, on_failure=failures.append)
    coalescer.add(Text("a"))
    coalescer.flush()
    assert len(failures) == 1
    with pytest.raises(OSError, match="No space"):
        coalescer.add(Text("b"))


@pytest.mark.parametrize("character", ["x", "\x00", "é", "😀", '"'])
def test_long_text_is_split_and_nothing_of_it_is_lost(character: str) -> None:
    text = character * (MAX_EVENT + 1000)
    parts = encode(Stream("stdout", text))
    assert all(len(part) <= MAX_EVENT for part in parts)
    assert "".join(decode_event(part).text for part in parts) == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "event",
    [
        ToolResult("t1", "y" * 1_000_000),
        ToolResult("t1", [{"type": "text", "text": "y" * 40_000} for _ in range(100)]),
        ToolUse("t1", "Write", {"content": "z" * 900_000, "file_path": "/a"}),
        ToolUse("t1", "Odd", {str(n): "z" * 200 for n in range(20_000)}),
    ],
)
def test_anything_else_that_is_long_is_shortened_with_a_notice(event: AnyEvent) -> None:
    shortened, notice = encode(event)
    assert len(shortened) <= MAX_EVENT
    found = decode_event(shortened)
    assert type(found) is type(event)
    assert found.id == "t1"  # type: ignore[union-attr]
    assert isinstance(decode_event(notice), Notice)


def test_what_json_cannot_carry_is_told_as_text() -> None:
    (encoded,) = encode(ToolUse("t1", "Odd", {"half": "\ud83d", "big": 2**80, 3: None}))
    found = decode_event(encoded)
    assert isinstance(found, ToolUse)
    assert found.input == {"half": "?", "big": str(2**80), "3": None}


async def test_what_a_cell_writes_is_joined_and_a_display_that_changes_again_is_told_once() -> None:
    out: list[bytes] = []
    coalescer = Coalescer(out.extend, 60, on_failure=lambda error: None)

    def written(index: int, text: str) -> CellOutput:
        return CellOutput(index, {"output_type": "stream", "name": "stdout", "text": text})

    def display(kind: str, id: str, text: str) -> CellOutput:
        shown = {"output_type": kind, "data": {"text/plain": text}, "metadata": {}}
        return CellOutput(1, {**shown, "transient": {"display_id": id}})

    bar = [display("update_display_data", "bar", f"{n}%") for n in range(100)]
    other = display("update_display_data", "other", "x")
    first = display("display_data", "bar", "")
    for event in (written(1, "a"), written(1, "b"), written(2, "c"), first, *bar, other, bar[-1]):
        coalescer.add(event)
    coalescer.flush()
    assert [decode_event(event) for event in out] == [
        *(written(1, "ab"), written(2, "c")),
        *(first, bar[-1], other, bar[-1]),
    ]
    halves = [decode_event(part) for part in encode(written(1, "é" * MAX_EVENT))]
    assert all(isinstance(half, CellOutput) for half in halves) and len(halves) > 2
    assert "".join(half.output["text"] for half in halves if isinstance(half, CellOutput)) == "é" * MAX_EVENT
