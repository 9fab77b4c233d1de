"""Why a connection ended, and why the executor ends.

ConnectionLostError
    the connection is over; another try may help
FatalError
    no further try can help; carries the exit code
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How the program ends."""

    STOPPED = 0
    FAILED = 1
    USAGE = 2
    LOGIN_NEEDED = 3
    REPLACED = 4
    TOO_OLD = 5


class ConnectionLostError(Exception):
    """The connection ended; ``code`` is its close code (an HTTP refusal has its equivalent), None without one."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


def sentence(reason: str) -> str:
    """Return a reason, which may be a close code's few words, with a full stop where it has no end yet."""
    return reason if reason.endswith((".", "?", "!")) else f"{reason}."


class FatalError(Exception):
    """The executor cannot go on; the message says what to do."""

    def __init__(self, exit_code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
