"""The owner's own regular expressions, taken out of a text that comes in pieces, line by line.

They are matched by the ``regex`` module, which says when a text ended too early to tell, and which can be told
to give up.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from executor.redaction.pieces import REDACTED
from wegent.protocol.timing import InvalidSettingError

WITHIN = 0.02
"""Seconds for one search, so that heartbeats are on time."""
PATIENCE = 0.5
"""Seconds that searches may waste in one text; after that nothing of it is given out."""
LONGEST_LINE = 8192
"""Characters of one line that a pattern sees."""
SHORT = 8
"""Characters that are given out when somebody waits for them, although a match may begin with them."""
NAME = "a redact pattern"
WITHHELD = f"{REDACTED} (a redact pattern takes too long; simplify it, then run this again)\n"


class Patterns:
    """Compiled once, for all texts; raise InvalidSettingError for one that cannot be."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.compiled: list[Any] = []
        if not patterns:
            return
        import regex  # only who has patterns pays for it

        for pattern in patterns:
            try:
                compiled = regex.compile(pattern)
                matches_nothing = compiled.search("") is not None
            except regex.error as error:
                raise InvalidSettingError(
                    f"redact: {pattern!r} is no regular expression: {error}. Correct it."
                ) from None
            if matches_nothing:
                raise InvalidSettingError(f"redact: {pattern!r} matches an empty text. Let it match something.")
            self.compiled.append(compiled)


class PatternRedaction:
    """One text that comes in pieces, and one pattern. ``found`` counts what was taken out."""

    def __init__(self, pattern: Any, found: Counter[str]) -> None:
        self._pattern = pattern
        self._found = found
        self._line = ""
        self._searched = 0
        """Up to where nothing that follows can change what was found."""
        self._given = 0
        self._is_match = False
        """Whether what is held matches already, and may go on."""
        self._wasted = 0.0

    @property
    def is_holding(self) -> bool:
        """Whether something waits for what follows."""
        return len(self._line) > self._given

    def feed(self, piece: str) -> str:
        """Take a piece; return what can be given out."""
        if self._wasted >= PATIENCE:
            return ""
        given = []
        try:
            for line in (self._line + piece).splitlines(keepends=True) if piece else ():
                self._line = line
                is_whole = line.endswith(("\n", "\r")) or len(line) > LONGEST_LINE
                given.append(self._search(is_whole))
                if is_whole:
                    self._line, self._searched, self._given = "", 0, 0
        except TimeoutError:
            self._wasted += WITHIN
            self._line, self._searched, self._given = "", 0, 0
            given.append(WITHHELD)
        return "".join(given)

    def release(self) -> str:
        """Give out what is held, since somebody waits for it, unless it is much."""
        if self._is_match or len(self._line) - self._searched >= SHORT:
            return ""
        given, self._given = self._line[self._given :], len(self._line)
        return given

    def close(self) -> str:
        """Give out what is held: something else follows, or nothing. A match that goes on is still known."""
        searched = self._searched
        try:
            given = self._search(is_whole=True)
        except TimeoutError:
            given = REDACTED
        self._searched, self._given = searched, len(self._line)
        return given

    def _search(self, is_whole: bool) -> str:
        """Return what of the present line can be given out."""
        pieces, at = [], self._given
        self._is_match = False
        while found := self._pattern.search(self._line, self._searched, partial=not is_whole, timeout=WITHIN):
            if not is_whole and (found.partial or found.end() == len(self._line)):
                self._searched, self._is_match = found.start(), not found.partial
                break
            if found.start() >= at:
                pieces += [self._line[at : found.start()], REDACTED]
                self._found[NAME] += 1
            at = max(at, found.end())
            self._searched = max(found.end(), self._searched + 1)
        else:
            self._searched = len(self._line)
        self._given = max(self._searched, at)
        pieces.append(self._line[at : self._given])
        return "".join(pieces)
