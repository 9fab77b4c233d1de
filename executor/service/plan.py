"""What a service runs, whatever system runs it."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

LOG = Path("logs", "executor.log")
MODULE = ("-P", "-m", "executor.main")
STOP_MARGIN = 20.0
"""Seconds beyond the grace of tasks: the last output and reports, saying goodbye, a slow disk."""
FINAL_CODES = (2, 3, 4, 5)
"""Exit codes after which starting again is useless (:class:`executor.endings.ExitCode`)."""


class ServiceError(Exception):
    """The service cannot be installed or asked; the message says what to do."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``python -P -m executor.main …`` with ``home`` as WEGENT_HOME and ``path`` as PATH, and no secret.

    ``is_default`` says whether ``home`` is where an executor lives that was not told otherwise; another one's
    service has another name. ``stop_seconds`` is how long it may take to end its tasks.
    """

    python: str
    home: Path
    path: str
    stop_seconds: float
    is_default: bool = True

    @property
    def name(self) -> str:
        """The service's name: one for each home."""
        if self.is_default:
            return "wegent-executor"
        return f"wegent-executor-{hashlib.sha256(str(self.home).encode()).hexdigest()[:8]}"

    @property
    def argv(self) -> list[str]:
        """What runs."""
        return [self.python, *MODULE, "run"]


def log_file(home: Path) -> Path:
    """Return where a service logs to whose system keeps no logs."""
    return home / LOG


def checked(plan: Plan) -> Plan:
    """Return ``plan``; raise :class:`ServiceError` for a path that no service file can hold."""
    for text in (plan.python, str(plan.home), plan.path):
        if any(ord(letter) < 32 for letter in text):
            raise ServiceError(f"A service cannot use a path with control characters: {text!r}.")
    return plan


def interpreter(platform: str = sys.platform) -> str:
    """Return the Python that the service runs; on Windows the one that opens no window."""
    python = Path(sys.executable)
    if platform == "win32" and (quiet := python.with_name("pythonw.exe")).exists():
        return str(quiet)
    return str(python)


def unseen(environ: Mapping[str, str]) -> list[str]:
    """Return the variables set here that change how an executor works, and that a service will not see."""
    named = {"WEGENT_HOME", "WEGENT_TOKEN"}
    telling = ("WEGENT_", "ANTHROPIC_", "CLAUDE_")
    settings = {name for name in environ if name.startswith(telling) and name not in named}
    network = {"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"}
    return sorted(settings | {name for name in environ if name in network or name.upper().endswith("_PROXY")})
