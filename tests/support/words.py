"""The page's own words, read from its source: a test names what it looks for by key, in either language."""

import re
from functools import cache
from typing import Any

import msgspec
from support.sources import ROOT

FOLDER = ROOT / "web/src/i18n"


class Words:
    """``words("stream.approval.choice.allow")`` is what a button says; a key begins with its file."""

    def __init__(self, language: str = "en") -> None:
        self.language = language

    def __call__(self, key: str, **given: object) -> str:
        """Return the text with what is ``given`` filled in; fail where there is no such text."""
        text = self._found(key)
        for name, value in given.items():
            text = re.sub(rf"{{{{\s*{name}\s*}}}}", str(value), text)
        assert "{{" not in text, f"{key}: {text}"
        return text

    def pattern(self, key: str, **given: object) -> re.Pattern[str]:
        """Return the same as a pattern, in which anything stands for what is not given."""
        text = self._found(key)
        for name, value in given.items():
            text = re.sub(rf"{{{{\s*{name}\s*}}}}", str(value), text)
        return re.compile(".+".join(map(re.escape, re.split(r"{{[^}]*}}", text))))

    def _found(self, key: str) -> str:
        room, *path = key.split(".")
        found: Any = _file(self.language, room)
        for part in path:
            assert isinstance(found, dict) and part in found, f"no text {key} in {self.language}"
            found = found[part]
        assert isinstance(found, str), f"{key} in {self.language} is no text"
        return found


@cache
def _file(language: str, room: str) -> Any:
    return msgspec.json.decode((FOLDER / language / f"{room}.json").read_bytes())
