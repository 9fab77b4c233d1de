"""The words of the terminal, in the reader's language."""

from collections.abc import Mapping
from typing import Self

from wegent.client.errors import WegentError
from wegent.terminal.chinese import CHINESE, CHINESE_ERRORS
from wegent.terminal.english import ENGLISH
from wegent.terminal.visible import visible


class Words:
    """Says things in English or Chinese: ``words("queued", place=2, device="workstation")``."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._phrases = CHINESE if language == "zh" else ENGLISH

    @classmethod
    def for_locale(cls, environ: Mapping[str, str]) -> Self:
        """Choose by the locale, whose variables go before each other as POSIX says (XBD, section 8.2)."""
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            if environ.get(name):
                return cls("zh" if environ[name].lower().startswith("zh") else "en")
        return cls()

    def __call__(self, phrase: str, **values: object) -> str:
        """Return a phrase with its values filled in, none of which gets power over the terminal."""
        shown = {name: visible(each) if isinstance(each, str) else each for name, each in values.items()}
        return self._phrases[phrase].format(**shown)

    def place(self, number: int) -> str:
        """Say a place in a queue: 1st, 2nd, 3rd, 4th…"""
        if self.language == "zh":
            return f"第 {number} 位"
        ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending}"

    def any_device(self, labels: Mapping[str, str]) -> str:
        """Say: any of your devices, with these labels where there are some."""
        if not labels:
            return self("any_device")
        return self("any_device_with", labels=", ".join(f"{name}={value}" for name, value in labels.items()))

    def error(self, error: WegentError) -> tuple[str, str]:
        """Return what happened and what to do next; where the server said it in English, with a translation."""
        return self.problem(error.code, error.message, error.hint)

    def problem(self, code: str, message: str, hint: str) -> tuple[str, str]:
        """Return the same for an error that came as a code, a message and a hint."""
        message, hint = visible(message), visible(hint)
        if self.language != "zh" or code not in CHINESE_ERRORS:
            return message, hint.replace("wait=true", "--wait")  # as it is typed here
        meaning, advice = CHINESE_ERRORS[code]
        return f"{meaning}（{message}）" if message else meaning, advice
