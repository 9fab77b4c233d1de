"""What a device can run: one module per shell, behind the interface of :mod:`executor.shells.base`.

Other packages add shells by the entry-point group ``wegent.shells`` (docs/shells.md). A module is imported when
its shell is offered.
"""

import logging
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from executor.shells.base import Here, Shell

log = logging.getLogger(__name__)

GROUP = "wegent.shells"
_LONGEST_NAME = 64
_BUILT_IN = {
    "ClaudeCode": "executor.shells.claude_code:ClaudeCode",
    "Notebook": "executor.shells.notebook:Notebook",
    "Python": "executor.shells.python:Python",
    "Command": "executor.shells.command:Command",
}
DEFAULTS = ("ClaudeCode", "Notebook")
"""Offered where the owner names none."""


class UnusableError(Exception):
    """A shell that cannot run here; the message says why and what to do."""


@cache
def known() -> dict[str, EntryPoint]:
    """Return every shell by name, built in or of another package, without importing any."""
    found = {name: EntryPoint(name, value, GROUP) for name, value in _BUILT_IN.items()}
    for entry in entry_points(group=GROUP):
        if entry.name in found:
            log.error("The shell %s of %s is left out: there is one of that name.", entry.name, entry.value)
        elif len(entry.name) > _LONGEST_NAME or not entry.name.isprintable():
            log.error("The shell of %s is left out: %r cannot be its name.", entry.value, entry.name[:100])
        else:
            found[entry.name] = entry
    return found


def load(name: str) -> type[Shell]:
    """Import a shell; raise :class:`UnusableError` for one that cannot be imported or is none."""
    entry = known()[name]
    try:
        shell = entry.load()
    except Exception as error:  # another package's code: whatever it raises, the executor goes on
        raise UnusableError(f"{entry.value} cannot be imported: {type(error).__name__}: {error}") from error
    if not (isinstance(shell, type) and issubclass(shell, Shell)):
        raise UnusableError(f"{entry.value} is no subclass of executor.shells.base.Shell.")
    return shell


def unusable(name: str, here: Here) -> str | None:
    """Return why a shell cannot run here; None if it can."""
    try:
        return load(name).unusable(here)
    except UnusableError as error:
        return str(error)
    except Exception as error:
        return f"it cannot say whether it runs here: {type(error).__name__}: {error}"


def usable(names: Iterable[str], here: Here) -> tuple[str, ...]:
    """Return those of ``names`` that can run here; for the others the log says why not."""
    found = []
    for name in dict.fromkeys(names):
        why = unusable(name, here)
        if why is None:
            found.append(name)
        else:
            log.warning("%s is not offered: %s", name, why)
    return tuple(found)
