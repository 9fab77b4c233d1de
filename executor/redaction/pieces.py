"""Takes secrets out of a text that comes in pieces. Nothing here knows where secrets come from, or the time.

What may be the beginning of a secret is held back until it cannot be one. So the output, joined, is the same
however the text was cut.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from executor.redaction.secret_forms import needles

REDACTED = "[redacted]"
_TELLING = 8
"""Characters of a secret's beginning that count as the secret when something else follows; half of a short one."""
_BETWEEN = re.compile(r"[\r\n]|\x1b(?:\[[0-9;:?]{0,24}(?:[@-~]|\Z)|\Z)")
"""What may stand inside a secret: line ends and ANSI sequences (ECMA-48), also one that is not complete yet."""
_UNFINISHED = re.compile(r"\x1b(\[[0-9;:?]{0,24})?\Z")


class Found(NamedTuple):
    """A secret in a text: from where to where, and what it is called."""

    start: int
    end: int
    name: str


class Secrets:
    """What is to be looked for: ``values`` maps each secret to what it is called."""

    def __init__(self, values: Mapping[str, str]) -> None:
        names: dict[str, str] = {}
        for secret, name in values.items():
            for needle in needles(secret):
                names.setdefault(needle, name)
        self._needles = sorted(names)
        self._names = [names[needle] for needle in self._needles]
        self._heads = {needle[:4] for needle in self._needles}
        self._longest: int = max(map(len, self._needles), default=0)
        self._automaton = AhoCorasick(
            self._needles,
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.ContiguousNFA,
            store_patterns=False,
        )

    def __bool__(self) -> bool:
        return bool(self._needles)

    def find(self, bare: str) -> list[Found]:
        """Return what stands in ``bare``: the leftmost first, of those the longest, none over another."""
        found = self._automaton.find_matches_as_indexes(bare)
        return [Found(start, end, self._names[index]) for index, start, end in found]

    def beginning(self, bare: str, after: int) -> int:
        """Return where, at ``after`` or later, a secret begins that is not complete; else the length."""
        size, heads = len(bare), self._heads
        first: int = max(after, size - self._longest + 1)
        # The last ones are too short for a head. Most texts end with no beginning at all: this is to be quick.
        starts = [start for start in range(first, size - 3) if bare[start : start + 4] in heads]
        starts += range(max(first, size - 3), size)
        for start in starts:
            if any(self._begun(bare[start:])):
                return start
        return size

    def told_by(self, beginning: str) -> str | None:
        """Return the name of the secret of which ``beginning`` is so much that it must not be shown."""
        for needle, name in self._begun(beginning):
            if len(beginning) >= min(_TELLING, -(-len(needle) // 2)):
                return name
        return None

    def _begun(self, beginning: str) -> Iterator[tuple[str, str]]:
        for index in range(bisect_left(self._needles, beginning), len(self._needles)):
            needle = self._needles[index]
            if not needle.startswith(beginning):
                return
            if needle != beginning:
                yield needle, self._names[index]


class Redaction:
    """One text that comes in pieces. ``found`` counts by name what was taken out; ``secrets`` may be replaced."""

    def __init__(self, secrets: Secrets, found: Counter[str] | None = None) -> None:
        self.secrets = secrets
        self.found = Counter[str]() if found is None else found
        self._held = ""
        self._shown = 0
        """Characters of what is held that were given out already, or are told by a [redacted]."""
        self._is_told = False
        self._last: str | None = None
        """The name of the secret that ended right before what is held."""

    @property
    def is_holding(self) -> bool:
        """Whether something waits for what follows."""
        return len(self._held) > self._shown

    def feed(self, piece: str) -> str:
        """Take a piece; return what can be given out."""
        if not piece:
            return ""
        text = self._held + piece
        kept, until = self._decide(text) if self.secrets else ([], len(text))
        given = self._write(text, kept, until)
        self._held, self._shown = text[until:], max(self._shown - until, 0)
        self._is_told = self._is_told and self._shown > 0
        return given

    def release(self) -> str:
        """Give out what is held, since somebody waits for it, unless it is too much of a secret."""
        if not self.is_holding or self.secrets.told_by(_bare(self._held)) is not None:
            return ""
        given, self._shown = self._held[self._shown :], len(self._held)
        return given

    def close(self) -> str:
        """Give out what is held: something else follows, or nothing. The rest of a secret is still known."""
        given = self.release()
        if not self.is_holding:
            return given
        self._shown = len(self._held)
        if self._is_told:
            return ""
        self._is_told = True
        self.found[self.secrets.told_by(_bare(self._held)) or ""] += 1
        return REDACTED

    def _decide(self, text: str) -> tuple[Sequence[Found], int]:
        """Return what stands in ``text`` for sure, and up to where nothing can change that any more."""
        bare = _bare(text)
        kept: list[Found] = []
        until = self.secrets.beginning(bare, 0)
        for each in self.secrets.find(bare):
            if each.start >= until:
                break  # what began before it may yet become a longer one
            kept.append(each)
            if each.end > until:
                until = self.secrets.beginning(bare, each.end)
        rest = len(bare) - until
        if not kept and "\x1b" not in text:
            return kept, _tail(text, rest)
        places = _places(text)
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        spread = [Found(places[each.start], places[each.end - 1] + 1, each.name) for each in kept]
        return spread, places[until] if rest else end

    def _write(self, text: str, kept: Sequence[Found], until: int) -> str:
        pieces, at = [], min(self._shown, until)
        end, name = 0, self._last
        for each in kept:
            if each.start < self._shown and self._is_told:
                pass  # its [redacted] was given out before it was complete
            elif (each.start, each.name) == (end, name):
                pass  # a further part of the same one
            else:
                pieces += [text[at : each.start], REDACTED]
                self.found[each.name] += 1
            end, name, at = each.end, each.name, max(each.end, at)
        if until:
            self._last = name if end == until else None
        return "".join((*pieces, text[at:until]))


def _bare(text: str) -> str:
    if "\x1b" in text:
        return _BETWEEN.sub("", text)
    return text.replace("\n", "").replace("\r", "")


def _tail(text: str, size: int) -> int:
    """Return where the last ``size`` characters of the bare text begin in a ``text`` without ANSI sequences."""
    at = len(text)
    while size:
        at -= 1
        size -= text[at] not in "\r\n"
    return at


def _places(text: str) -> list[int]:
    """Return where in ``text`` each character of the bare text is."""
    places: list[int] = []
    at = 0
    for between in _BETWEEN.finditer(text):
        places.extend(range(at, between.start()))
        at = between.end()
    places.extend(range(at, len(text)))
    return places
