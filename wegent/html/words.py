"""What is said in a notebook: the terminal's words, and those that only a notebook needs."""

from wegent.html.phrases import CHINESE, ENGLISH
from wegent.terminal.words import Words as TerminalWords


class Words(TerminalWords):
    """As in the terminal, chosen by the locale too."""

    def __init__(self, language: str = "en") -> None:
        super().__init__(language)
        self._phrases = {**self._phrases, **(CHINESE if language == "zh" else ENGLISH)}
