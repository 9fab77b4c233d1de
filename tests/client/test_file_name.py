"""Names of attached files: safe on every system, and still the names that people gave."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wegent.client.file_name import LONGEST, numbered, safe


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("年度 报告（终）.xlsx", "年度 报告（终）.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\notes.txt", "notes.txt"),
        ("folder/", "folder"),
        (".bashrc", "bashrc"),
        ("...", "file"),
        ("", "file"),
        ("a\0b\nc\x1b.txt", "a_b_c_.txt"),
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("a\u2028b\u2029c.txt", "a_b_c.txt"),
        ('what? "this": <no>|*.md', "what_ _this__ _no___.md"),
        ("NUL", "_NUL"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.log", "console.log"),
        ("trailing. . ", "trailing"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_safe(given: str, kept: str) -> None:
    assert safe(given) == kept


def test_a_long_name_keeps_its_extension() -> None:
    assert safe("a" * 300 + ".csv") == "a" * (LONGEST - 5) + ".csv"
    assert safe("报" * 300 + ".csv").endswith("报.csv")


@given(st.text(max_size=400) | st.text(alphabet="con. \\/:😀é", max_size=200), st.integers(1, 10_000))
def test_no_name_leads_anywhere_or_is_too_long(name: str, number: int) -> None:
    made = numbered(safe(name), number)
    assert made == PurePosixPath(made).name == PureWindowsPath(made).name
    assert not PureWindowsPath(made).is_reserved()
    assert not made.startswith(".")
    assert made == made.strip()
    assert not made.endswith(".")
    assert 0 < len(made) <= LONGEST
    assert len(made.encode()) <= 255
    assert made.isprintable() or "\u3000" in made or "\xa0" in made or not made.isascii()


def test_copies_are_numbered_before_the_extension() -> None:
    assert [numbered("plot.png", number) for number in (1, 2, 3)] == ["plot.png", "plot (2).png", "plot (3).png"]
    assert numbered("Makefile", 2) == "Makefile (2)"
    assert numbered("x" * LONGEST, 12) == "x" * (LONGEST - 5) + " (12)"
