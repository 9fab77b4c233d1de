"""What every command is given: the words, the screen, the server."""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from wegent.client.async_client import AsyncClient
from wegent.terminal.keyboard import Keyboard
from wegent.terminal.screen import Screen
from wegent.terminal.words import Words

RETRY_SECONDS = 5.0
"""How long a command tries to reach the server before it says that it cannot: a person is waiting."""


class UsageError(Exception):
    """The command line cannot be meant so."""


class Session:
    """One invocation of `wegent`."""

    def __init__(self, words: Words, url: str | None, as_json: bool, environ: Mapping[str, str]) -> None:
        self.words = words
        self.url = url
        self.as_json = as_json
        self.environ = environ
        self.screen = Screen(sys.stdout, sys.stderr, environ)
        self.keyboard = Keyboard(sys.stdin)

    @property
    def stdin(self) -> TextIO:
        """Standard input."""
        return sys.stdin

    def client(self) -> AsyncClient:
        """Return a client of the chosen server; raise :class:`LoginError` without a login."""
        return AsyncClient(self.url, environ=self.environ, retry_seconds=RETRY_SECONDS)


def for_process(words: Words, url: str | None, as_json: bool) -> Session:
    """Return the session of this process."""
    return Session(words, url, as_json, os.environ)
