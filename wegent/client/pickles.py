"""How a variable becomes bytes and comes back: a pickle, with the Python that made it named behind it.

Kernels that know nothing of Wegent run this source too (:mod:`executor.shells.kernel_variables`): it imports
only the standard library, and any Python from 3.8 on understands it.
"""

from __future__ import annotations

import io
import pickle
import platform
import sys
import unicodedata

PROTOCOL = 5
_MADE_BY = b"\n# Python "
"""What follows the pickle; whoever unpickles stops before it."""
_SAID = 300


class PickleError(Exception):
    """A variable that cannot be carried; the message says why, and what to do next."""


class _Bounded(io.BytesIO):
    """Keeps what is written up to ``limit`` bytes, and counts the rest."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.size = 0
        self._limit = limit

    def write(self, data, /) -> int:  # type: ignore[no-untyped-def]
        size = memoryview(data).nbytes
        self.size += size
        if self.size <= self._limit:
            super().write(data)
        return size


def pickled(value: object, limit: int) -> bytes:
    """Return a value as at most ``limit`` bytes; raise :class:`PickleError`."""
    file = _Bounded(limit)
    try:
        pickle.dump(value, file, PROTOCOL)
    except Exception as error:
        raise PickleError(
            f"it cannot be pickled ({_said(error)}). Take what it holds, such as numbers, texts, arrays or tables"
        ) from error
    file.write(_MADE_BY + platform.python_version().encode())
    if file.size > limit:
        raise PickleError(
            f"it has {file.size / (1 << 20):.1f} MiB as a pickle, more than the {limit >> 20} MiB that can be"
            " sent. Take less of it, or several parts"
        )
    return file.getvalue()


def unpickled(content: bytes) -> object:
    """Return the value; raise :class:`PickleError`. Runs whatever code the pickle holds."""
    try:
        return pickle.loads(content)
    except Exception as error:
        raise PickleError(f"it cannot be unpickled ({_said(error)}). {_remedy(error, content)}") from error


def take_all(space: dict[str, object], paths: dict[str, str]) -> dict[str, str]:
    """Put the values in the files at ``paths`` into ``space``, all or none; return why, by name."""
    values: dict[str, object] = {}
    failures: dict[str, str] = {}
    for name, path in paths.items():
        try:
            with open(path, "rb") as file:
                values[unicodedata.normalize("NFKC", name)] = unpickled(file.read())
        except (PickleError, OSError) as error:
            failures[name] = str(error)
    if not failures:
        space.update(values)
    return failures


def give_all(space: dict[str, object], paths: dict[str, str], limit: int) -> dict[str, str]:
    """Write the variables of ``space`` to new files at ``paths``; return by name why one is not written."""
    failures: dict[str, str] = {}
    for name, path in paths.items():
        try:
            content = pickled(_found(space, name), limit)
            with open(path, "xb") as file:
                file.write(content)
        except (PickleError, OSError) as error:
            failures[name] = str(error)
    return failures


def _found(space: dict[str, object], name: str) -> object:
    try:
        return space[unicodedata.normalize("NFKC", name)]
    except KeyError:
        raise PickleError("there is no such variable once the code has run. Assign it in the code") from None


def _said(error: Exception) -> str:
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return said if len(said) <= _SAID else said[:_SAID] + "…"


def _remedy(error: Exception, content: bytes) -> str:
    here = f"Python {platform.python_version()}"
    made_by = content[-40:].rpartition(_MADE_BY)[2].decode("ascii", "replace")
    both = f"It was made by Python {made_by}; this is {here}, {sys.executable}"
    if isinstance(error, ModuleNotFoundError):
        return f"Install the package that has the module {error.name} where it is missing. {both}"
    if isinstance(error, AttributeError):
        return f"Define there first what it is made of, or use the same versions of its packages. {both}"
    return f"Use the same versions of Python and of its packages on both sides. {both}"
