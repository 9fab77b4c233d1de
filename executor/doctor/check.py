"""One thing that is looked at, and what was found."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from executor.doctor.patient import Patient

Status = Literal["ok", "warning", "failed", "skipped"]


class Finding(msgspec.Struct, frozen=True):
    """What was found. ``phrase`` names what is said of it, ``phrase``_next what to do then, if anything.

    Both are in :mod:`executor.words`; ``values`` are filled into them.
    """

    status: Status
    phrase: str
    values: dict[str, Any] = {}


class Check(msgspec.Struct, frozen=True):
    """Looks at a patient ``within`` so many seconds; only after all checks that it ``needs`` have not failed."""

    name: str
    look: Callable[[Patient], Awaitable[Finding]]
    needs: tuple[str, ...] = ()
    within: float = 10.0


def ok(phrase: str, **values: Any) -> Finding:
    """Return that all is well."""
    return Finding("ok", phrase, values)


def warning(phrase: str, **values: Any) -> Finding:
    """Return that something should be looked after, though it works."""
    return Finding("warning", phrase, values)


def failed(phrase: str, **values: Any) -> Finding:
    """Return that something does not work."""
    return Finding("failed", phrase, values)


def skipped(phrase: str, **values: Any) -> Finding:
    """Return that there is nothing to look at."""
    return Finding("skipped", phrase, values)
