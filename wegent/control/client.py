"""Asks a running executor something.

NotRunningError
    nobody listens in this home
RefusedError
    the executor does not do what was asked; the message is its own
"""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from wegent.control import address
from wegent.control.messages import MAX_LINE, Answer, Question

ANSWER_WITHIN = 10.0
"""Seconds; an executor that answers later is stuck or frozen."""


LOOK_EVERY = 0.3
"""Seconds between two looks at how far an executor is that ends."""


class NotRunningError(Exception):
    """Nobody listens in this home."""


class RefusedError(Exception):
    """The executor does not do what was asked."""


class ControlClient:
    """One connection to the executor of ``home``."""

    def __init__(self, connection: socket.socket, secret: str) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._secret = secret

    @classmethod
    @contextlib.contextmanager
    def open(cls, home: Path) -> "Iterator[ControlClient]":
        """Connect; raise :class:`NotRunningError` when none runs, PermissionError when it is not one's own."""
        connection, secret = _connect(home)
        with connection:
            connection.settimeout(ANSWER_WITHIN)
            yield cls(connection, secret)

    def ask(self, ask: str, *, now: bool = False) -> Answer:
        """Return the answer: a status, or that the executor has ended.

        Raises :class:`RefusedError`, TimeoutError when it does not answer, ConnectionError when it died.
        """
        question = Question(ask, now, self._secret)
        with contextlib.suppress(ConnectionError):  # it has ended, and its last word may wait to be read
            self._connection.sendall(msgspec.json.encode(question) + b"\n")
        line = self._lines.readline(MAX_LINE)
        if not line:
            raise ConnectionResetError("the executor closed the connection without a word")
        try:
            answer = msgspec.json.decode(line, type=Answer)
        except msgspec.DecodeError:  # a killed executor's port is another program's now
            raise NotRunningError from None
        if answer.error:
            raise RefusedError(answer.error)
        return answer


def _connect(home: Path) -> tuple[socket.socket, str]:
    if sys.platform != "win32" and address.has_socket(home):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(ANSWER_WITHIN)
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            made.connect(str(home / address.SOCKET))
            return made, ""
        made.close()
    door = address.read_door(home)
    if door is None:
        raise NotRunningError
    try:
        return socket.create_connection(("127.0.0.1", door.port), ANSWER_WITHIN), door.secret
    except OSError:
        raise NotRunningError from None


def is_running(home: Path) -> bool:
    """Whether an executor answers in ``home``."""
    try:
        with ControlClient.open(home) as client:
            client.ask("status")
    except (NotRunningError, RefusedError, OSError):
        return False
    return True


def stop(home: Path, within: float) -> None:
    """Have the executor in ``home`` stop properly, if one runs, and wait ``within`` so many seconds."""
    deadline = time.monotonic() + within
    with contextlib.suppress(NotRunningError, RefusedError, OSError), ControlClient.open(home) as client:
        answer = client.ask("stop")
        while answer.ended is None and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            answer = client.ask("status")
