"""The system's own programs, asked with a time limit."""

import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from executor.service.plan import ServiceError

ANSWER_WITHIN = 30.0


class Outcome(NamedTuple):
    """How a program ended, and what it wrote."""

    code: int
    text: str


def run(argv: Sequence[str], timeout: float = ANSWER_WITHIN) -> Outcome:
    """Run a program to its end; one that is not there or hangs has failed."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=timeout)
    except FileNotFoundError:
        return Outcome(127, f"there is no {argv[0]} here")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Outcome(126, str(error))
    return Outcome(done.returncode, done.stdout + done.stderr)


def run_or_raise(argv: Sequence[str], timeout: float = ANSWER_WITHIN) -> str:
    """Run a program and return what it wrote; raise :class:`ServiceError` when it fails."""
    outcome = run(argv, timeout)
    if outcome.code != 0:
        raise ServiceError(f"`{' '.join(argv)}` failed ({outcome.code}): {outcome.text.strip()[:500]}")
    return outcome.text
