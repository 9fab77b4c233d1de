"""Secrets in a text that comes in pieces, whatever the secrets, the text and the pieces."""

import base64
import json
import re
from collections import deque
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.redaction.patterns import Patterns
from executor.redaction.pieces import REDACTED, Redaction, Secrets
from executor.redaction.redactor import Redactor
from executor.redaction.secret_forms import MOST, needles
from executor.shells.wire import last_said

SECRET = 'p4ss/wörd+"<&>" =\\~x'
LONG = "".join(f"{number:03}-kW9_" for number in range(40))

letters = "abcAB1+/=% \n"
secrets = st.lists(st.text("abcAB1+/=%", min_size=8, max_size=20), min_size=1, max_size=4, unique=True)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Secrets, and a text in pieces in which they, their beginnings and their forms are frequent."""
    known = draw(secrets)
    forms = sorted({form for secret in known for form in needles(secret)})
    part = st.sampled_from(forms).flatmap(
        lambda form: st.integers(1, len(form)).map(lambda size: form[:size]) | st.just(form)
    )
    text = "".join(draw(st.lists(part | st.text(letters, max_size=4), max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return known, [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]


def fed(secrets: Secrets, pieces: list[str]) -> str:
    redaction = Redaction(secrets)
    return "".join([*map(redaction.feed, pieces), redaction.close()])


@given(cases())
def test_however_a_text_is_cut_the_same_is_left_of_it(case: tuple[list[str], list[str]]) -> None:
    known, pieces = case
    secrets = Secrets(dict.fromkeys(known, ""))
    assert fed(secrets, pieces) == fed(secrets, ["".join(pieces)])


@given(cases())
def test_what_is_left_is_what_the_longest_of_the_leftmost_secrets_leave(
    case: tuple[list[str], list[str]],
) -> None:
    known, pieces = case
    forms = sorted({form for secret in known for form in needles(secret)}, key=len, reverse=True)
    text = "".join(pieces).replace("\n", "") + "!"
    expected = re.sub(f"(?:{'|'.join(map(re.escape, forms))})+", REDACTED, text)
    assert fed(Secrets(dict.fromkeys(known, "")), [text]) == expected


@given(cases(), st.lists(st.sampled_from(["", "release", "close"]), min_size=12, max_size=12))
def test_no_secret_is_left_in_any_form_also_when_somebody_cannot_wait(
    case: tuple[list[str], list[str]], between: list[str]
) -> None:
    known, pieces = case
    redaction = Redaction(Secrets(dict.fromkeys(known, "")))
    out = ""
    for piece, hurry in zip(pieces, between, strict=False):
        out += redaction.feed(piece)
        if hurry:
            out += getattr(redaction, hurry)()
    out = (out + redaction.close()).replace("\n", "")
    assert not [form for secret in known for form in needles(secret) if form in out]


@pytest.mark.parametrize("secret", [SECRET, LONG])
@pytest.mark.parametrize(
    "written",
    [
        lambda secret: secret,
        lambda secret: json.dumps(secret),
        lambda secret: json.dumps(secret, ensure_ascii=False),
        lambda secret: json.dumps(json.dumps({"a": secret})),
        lambda secret: "".join(f"\\u{ord(each):04X}" for each in secret),
        lambda secret: quote(secret),
        lambda secret: quote(secret, safe=""),
        lambda secret: quote_plus(secret).lower() if secret.islower() else quote_plus(secret),
        lambda secret: re.sub("%..", lambda each: each[0].lower(), quote(secret, safe="")),
        lambda secret: base64.b64encode(f"{secret}:x".encode()).decode(),
        lambda secret: base64.b64encode(f"u:{secret}".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"u{secret}?".encode()).decode(),
        lambda secret: base64.encodebytes(f"xyz{secret}".encode()).decode(),
        lambda secret: secret.encode().hex(),
        lambda secret: "\x1b[1m".join(secret),
        lambda secret: "\r\n".join(secret),
    ],
)
def test_a_secret_is_found_as_every_usual_encoder_writes_it(secret: str, written) -> None:
    text = written(secret)
    left = fed(Secrets({secret: "KEY"}), list(f"before {text} after"))
    assert left.startswith("before ")
    assert left.endswith(" after")
    assert REDACTED in left
    kept = re.sub(r'\x1b\[1m|[\r\n"\\{}: ]', "", left.replace(REDACTED, ""))
    assert len(kept.removeprefix("before").removesuffix("after")) <= 10, "what others share with it may be left"


def test_parts_of_one_long_secret_are_told_as_one() -> None:
    redaction = Redaction(Secrets({LONG: "KEY"}))
    assert "".join(map(redaction.feed, f"<{LONG}>")) == "<[redacted]>"
    assert redaction.found == {"KEY": 1}


def test_what_is_held_back_is_short() -> None:
    redaction = Redaction(Secrets({LONG: "KEY"}))
    for each in LONG:
        redaction.feed(each)
        assert len(redaction._held) <= MOST


def test_a_beginning_that_somebody_waits_for_is_shown_and_its_rest_is_not() -> None:
    redaction = Redaction(Secrets({"correct-horse-battery": "KEY"}))
    assert redaction.feed("co") == ""
    assert redaction.release() == "co"
    assert redaction.release() == ""
    assert redaction.feed("rrect-horse-batt") == ""
    assert redaction.release() == "", "that much of it is not shown to anybody who waits"
    assert redaction.feed("ery.") == "[redacted]."
    assert redaction.found == {"KEY": 1}


def test_a_secret_that_something_else_interrupts_is_told_once_and_its_rest_swallowed() -> None:
    redaction = Redaction(Secrets({"correct-horse-battery": "KEY"}))
    assert redaction.feed("It is correct-horse") == "It is "
    assert redaction.close() == REDACTED
    assert redaction.feed("-battery!") == "!"
    assert redaction.found == {"KEY": 1}


def test_without_secrets_everything_passes_at_once() -> None:
    assert Redaction(Secrets({})).feed("anything") == "anything"
    assert Redaction(Secrets({"short": "KEY"})).feed("short") == "short", "too short to be told from words"


def test_a_secret_that_goes_over_the_lines_of_a_notebook_is_taken_out_of_it() -> None:
    redactor = Redactor(lambda: Secrets({LONG: "it"}), Patterns([]))
    wrapped = base64.encodebytes(b"before " + LONG.encode() + b" after").decode().splitlines(keepends=True)
    notebook = {"cells": [{"source": ["a = 1\n", "b"], "outputs": [{"text": wrapped}], "tags": ["a", "b"]}]}
    left = json.loads(redactor.content("a.ipynb", json.dumps(notebook).encode()))["cells"][0]
    assert (left["source"], left["tags"]) == (["a = 1\n", "b"], ["a", "b"])
    text = "".join(left["outputs"][0]["text"])
    assert not any(line.strip()[:8] in text for line in wrapped[1:-1]), text


def test_what_a_process_said_last_begins_with_a_whole_line() -> None:
    said = deque([b"TOKEN=half-of-", b"it\nfailed", b": x\n"], maxlen=3)
    assert last_said(said) == "failed: x"
    assert last_said(deque(said, maxlen=4)) == "TOKEN=half-of-it\nfailed: x"
