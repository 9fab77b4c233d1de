"""Takes secrets out of whatever leaves the device: texts whole or in pieces, values of any shape, files."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from executor.redaction.patterns import PatternRedaction, Patterns
from executor.redaction.pieces import Redaction, Secrets

_SMALLEST = 10_000_000
"""Numbers with fewer digits are too short for a secret."""
_PIECE = 64 << 10
_CUT_OFF = "… ["
"""Where :mod:`executor.output.coalescer` shortened a text: what is before it may be the beginning of a secret."""


class BinarySecretError(Exception):
    """A file holds a secret that cannot be taken out of it; the message is for the sender."""


class PieceRedactor:
    """One text that comes in pieces, on its way through all that is to be taken out."""

    def __init__(self, secrets: Callable[[], Secrets], patterns: Patterns, found: Counter[str]) -> None:
        self._secrets = secrets
        self._first = Redaction(secrets(), found)
        self._further = [PatternRedaction(pattern, found) for pattern in patterns.compiled]

    @property
    def is_holding(self) -> bool:
        """Whether something waits for what follows."""
        return self._first.is_holding or any(each.is_holding for each in self._further)

    def feed(self, piece: str) -> str:
        """Take a piece; return what can be given out."""
        self._first.secrets = self._secrets()
        given = self._first.feed(piece)
        for each in self._further:
            given = each.feed(given)
        return given

    def release(self) -> str:
        """Give out what somebody waits for, as far as it tells little."""
        given = self._first.release()
        for each in self._further:
            given = each.feed(given) + each.release()
        return given

    def close(self) -> str:
        """Give out the rest: something else follows, or nothing."""
        given = self._first.close()
        for each in self._further:
            given = each.feed(given) + each.close()
        return given


class Redactor:
    """What one subtask sends, or the device; ``found`` counts by name what was taken out."""

    def __init__(self, secrets: Callable[[], Secrets], patterns: Patterns) -> None:
        self._secrets = secrets
        self._patterns = patterns
        self.found: Counter[str] = Counter()

    def pieces(self) -> PieceRedactor:
        """Begin a text that comes in pieces."""
        return PieceRedactor(self._secrets, self._patterns, self.found)

    def text(self, text: str) -> str:
        """Return a whole text without secrets."""
        if _CUT_OFF in text:
            return _CUT_OFF.join(map(self._whole, text.split(_CUT_OFF)))
        return self._whole(text)

    def value(self, value: Any) -> Any:
        """Return ``value`` with every string in it redacted, keys and fields of structs too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if _is_in_lines(value):  # as notebooks keep a text: a secret may go over lines
            return self.text("".join(value)).splitlines(keepends=True)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, msgspec.Struct):
            fields = {name: self.value(getattr(value, name)) for name in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
        if isinstance(value, int) and abs(value) >= _SMALLEST:
            written = str(value)
            return value if (left := self.text(written)) == written else left
        return value

    def content(self, name: str, content: bytes) -> bytes:
        """Return a file's content without secrets; raise :class:`BinarySecretError` where it is no text."""
        try:
            text = content.decode()
        except UnicodeDecodeError:
            self._check_binary(name, content)
            return content
        if text.lstrip()[:1] in ("{", "["):
            try:
                return self._json(text).encode("utf-8", "surrogatepass")
            except (ValueError, RecursionError):
                pass  # it only looks like JSON
        left = self.text(text)
        return content if left == text else left.encode("utf-8", "surrogatepass")

    def _json(self, text: str) -> str:
        """Redact what JSON says, and not how it is written, so that it stays JSON."""
        said = json.loads(text)
        left = self.value(said)
        return text if left == said else json.dumps(left, ensure_ascii=False, indent=1)

    def _check_binary(self, name: str, content: bytes) -> None:
        text = content.decode("latin-1")
        if self._whole(text) != text:
            raise BinarySecretError(
                f"{name} holds a secret of this device and is no text to take it out of: it is not sent."
            )

    def _whole(self, text: str) -> str:
        if len(text) < 4:
            return text
        through = self.pieces()
        given = [through.feed(text[at : at + _PIECE]) for at in range(0, len(text), _PIECE)]
        return "".join((*given, through.close()))


def _is_in_lines(value: Any) -> bool:
    """Whether ``value`` is a list of a text's lines."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(line, str) for line in value)
        and value == "".join(value).splitlines(keepends=True)
    )
