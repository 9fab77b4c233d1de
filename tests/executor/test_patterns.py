"""The owner's own regular expressions, in a text that comes in pieces."""

import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.redaction.patterns import WITHHELD, PatternRedaction, Patterns
from executor.redaction.pieces import REDACTED
from wegent.protocol.timing import InvalidSettingError

KEY = Patterns([r"sk-[a-z0-9]{4,}|id:\d{3}"]).compiled[0]


def fed(pieces: list[str]) -> str:
    redaction = PatternRedaction(KEY, Counter())
    return "".join([*map(redaction.feed, pieces), redaction.close()])


@given(
    st.lists(st.sampled_from(["sk-", "sk-abc1", "id:12", "id:123", "4", "z9", " ", "\n", "s"]), max_size=12),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_however_a_text_is_cut_the_same_is_left_of_it(words: list[str], cuts: list[int]) -> None:
    text = "".join(words)
    places = sorted(min(cut, len(text)) for cut in cuts)
    pieces = [text[start:end] for start, end in pairwise([0, *places, len(text)])]
    assert fed(pieces) == KEY.sub(REDACTED, text)


def test_what_goes_on_after_something_else_is_not_shown_either() -> None:
    redaction = PatternRedaction(KEY, Counter())
    assert redaction.feed("a sk-abcd") == "a "
    assert redaction.release() == ""
    assert redaction.close() == REDACTED
    assert redaction.feed("efg, b") == ", b"


@pytest.mark.parametrize("pattern", ["(", "a*"])
def test_a_pattern_that_cannot_be_is_told_at_the_start(pattern: str) -> None:
    with pytest.raises(InvalidSettingError, match="redact"):
        Patterns([pattern])


def test_a_pattern_that_would_take_for_ever_costs_little_and_shows_nothing() -> None:
    redaction = PatternRedaction(Patterns([r"(a|aa)+c"]).compiled[0], Counter())
    began = time.monotonic()
    given = "".join(redaction.feed("a" * 200 + "b\n") for _ in range(200))
    assert time.monotonic() - began < 10
    assert given.replace(WITHHELD, "") == ""
