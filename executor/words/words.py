"""Says things in English or Chinese, as ``wegent`` does."""

from executor.words.chinese import CHINESE
from executor.words.english import ENGLISH
from wegent.terminal.words import Words as TerminalWords


class Words(TerminalWords):
    """The terminal's words, with the phrases of this room."""

    def __init__(self, language: str = "en") -> None:
        super().__init__(language)
        self._phrases = CHINESE if language == "zh" else ENGLISH

    def has(self, phrase: str) -> bool:
        """Whether there is such a phrase."""
        return phrase in self._phrases
