"""Notebooks that are sent to be executed, and what comes back of them."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wegent.client.errors import FileError, MissingPackageError, TaskCancelledError, TaskFailedError
from wegent.client.files import download, upload
from wegent.client.rest import Rest
from wegent.protocol.resources import StoredFile, Subtask

if TYPE_CHECKING:
    from nbformat import NotebookNode

Notebook = str | os.PathLike[str] | Mapping[str, Any]
"""A notebook: its path, or the notebook itself (a ``NotebookNode``, or a dict as in its file)."""
UNNAMED = "notebook.ipynb"


def require_nbformat() -> None:
    """Raise :class:`MissingPackageError` where notebooks cannot be read."""
    try:
        import nbformat  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "Reading notebooks needs nbformat, which is not installed.",
            hint="Type: pip install 'wegent[notebook]'",
        ) from error


async def send(rest: Rest, notebook: Notebook) -> StoredFile:
    """Store a notebook on the server; raise :class:`FileError` for what is none or cannot be read."""
    if isinstance(notebook, Mapping):
        return await upload(rest, _written(notebook), UNNAMED)
    return await upload(rest, notebook)


def options_of(
    parameters: Mapping[str, Any] | None, kernel: str | None, cell_timeout_seconds: float | None
) -> dict[str, Any]:
    """Return the options of the shell ``Notebook``; raise :class:`TypeError` for what JSON cannot hold."""
    for name, value in (parameters or {}).items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"The parameter {name!r} cannot be sent: {error}. Parameters are numbers, strings, booleans, None,"
                " and lists and dicts of these; send anything else in a file (files=[…])."
            ) from None
    given = {"parameters": parameters, "kernel": kernel, "cell_timeout_seconds": cell_timeout_seconds}
    return {name: value for name, value in given.items() if value is not None}


async def fetch(rest: Rest, subtask: Subtask) -> "NotebookNode":
    """Fetch the notebook that an ended subtask executed, as far as it came.

    Raises :class:`FileError` where it sent none back, and :class:`NotFoundError` once its day is over.
    """
    import nbformat

    id = (subtask.result or {}).get("notebook")
    if subtask.shell != "Notebook":
        raise FileError(
            f"This task ran with the shell {subtask.shell}, which executes no notebook.", hint="See its result()."
        )
    if not isinstance(id, str):
        raise FileError("It sent no notebook back.", hint="Its log() says why.")
    got = await download(rest, id)
    notebook: NotebookNode = nbformat.reads(got.content.decode(), as_version=4)
    return notebook


@contextlib.contextmanager
def coming_back(id: str) -> Iterator[None]:
    """Tell whoever stops waiting, however that came, how to wait again: only an ended task is over."""
    try:
        yield
    except (TaskFailedError, TaskCancelledError):
        raise
    except BaseException as error:
        error.add_note(f"The task goes on. To wait for it again: client.task({id!r}).notebook()")
        raise


def _written(notebook: Mapping[str, Any]) -> bytes:
    require_nbformat()
    import nbformat

    try:
        return str(nbformat.writes(nbformat.from_dict(notebook), version=4)).encode()
    except Exception as error:  # nbformat raises a dozen kinds for what is no notebook
        raise FileError(
            f"This is not a notebook: {error}.", hint="Give its path, or what nbformat.read returns."
        ) from error
