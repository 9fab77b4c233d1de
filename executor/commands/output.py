"""What a command is given to speak with."""

import os
import sys
from typing import TextIO

from executor.parser import PROGRAM
from executor.words.words import Words


class Output:
    """Standard output and standard error, in the reader's language."""

    def __init__(self) -> None:
        self.words = Words.for_locale(os.environ)

    def say(self, phrase: str, **values: object) -> None:
        """Put a phrase on standard output."""
        self.line(self.words(phrase, **values))

    def line(self, text: str) -> None:
        """Put a line on standard output, whatever letters it can show."""
        _write(sys.stdout, text)

    def complain(self, phrase: str, **values: object) -> None:
        """Put a phrase on standard error."""
        _write(sys.stderr, f"{PROGRAM}: {self.words(phrase, **values)}")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()
