"""What goes wrong in a cell, as its reader should see it: no stack of ours, and `Run all` stops."""

import re
from collections.abc import Sequence
from typing import Any

from notebook_ext.words import Words
from wegent.client.errors import WegentError
from wegent.client.tracebacks import harmless

_COMMAND = re.compile(r"(?<![\w%-])wegent (?=(?:login|devices|tasks|attach|cancel)\b)")
"""A command of the terminal that is a magic here."""


class CellError(Exception):
    """Ends the cell with a few words."""

    def _render_traceback_(self) -> list[str]:
        """Show the words alone; IPython calls this."""
        return str(self).splitlines() or [type(self).__name__]


class RemoteError(CellError):
    """What the code raised on the device; ``remote`` is the traceback from there."""

    remote: Sequence[str] = ()

    def _render_traceback_(self) -> list[str]:
        """Show the traceback as if the code had run here."""
        return list(self.remote) or super()._render_traceback_()


def remote_error(output: dict[str, Any]) -> RemoteError:
    """Return the exception that an ``error`` output of a cell tells of, called as it is called there."""
    name = str(output.get("ename") or "Error")
    kind = type(name if name.isidentifier() else "Error", (RemoteError,), {})
    error: RemoteError = kind(str(output.get("evalue", "")))
    error.remote = [harmless(str(line)) for line in output.get("traceback") or ()]
    return error


def explained(error: WegentError, words: Words) -> CellError:
    """Return an error of the client with what to do next, in the words of a notebook."""
    message, hint = words.error(error)
    return CellError(in_notebook(f"{message} {hint}".strip()))


def in_notebook(text: str) -> str:
    """Name magics where the terminal's commands are named."""
    return _COMMAND.sub("%wegent ", text)
