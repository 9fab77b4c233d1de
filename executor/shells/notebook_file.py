"""A notebook on disk: read whatever its version, given parameters, and kept at any time."""

import keyword
import os
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from executor.kernels import Kernel, default

INJECTED = "injected-parameters"
PARAMETERS = "parameters"
"""Tags of cells; papermill uses the same."""
_HAS_IDS = 5
"""The minor version of nbformat 4 from which cells have ids."""


class NotebookError(Exception):
    """A notebook that cannot be run; the message is for the sender."""


def read(path: Path) -> NotebookNode:
    """Read a notebook, without the outputs that it had."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as error:
        raise NotebookError(f"{path.name} cannot be read: {error}.") from None
    except Exception as error:  # nbformat raises a dozen kinds for what is no notebook
        raise NotebookError(f"{path.name} is not a notebook: {error}. Save it as .ipynb in Jupyter.") from None
    if notebook.nbformat_minor >= _HAS_IDS:
        _, notebook = nbformat.validator.normalize(notebook)
    assert isinstance(notebook, NotebookNode)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Keep it in one step; who reads it meanwhile has the one before."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(nbformat.writes(notebook), encoding="utf-8")
    os.replace(temporary, path)


def choose(notebook: NotebookNode, kernels: dict[str, Kernel], wanted: str | None) -> tuple[Kernel, str | None]:
    """Return the kernel to run it with, and a remark: the one that is wanted, its own, or one for its language."""
    own = str(notebook.metadata.get("kernelspec", {}).get("name", ""))
    if wanted or own in kernels:
        return kernels[wanted or own], None
    language = _language(notebook)
    same = {name: kernel for name, kernel in kernels.items() if language in ("", kernel.language.lower())}
    if not same:
        raise NotebookError(
            f"The notebook is in {language}, and this device offers no kernel for that (offered:"
            f" {', '.join(kernels)}). Choose one with options.kernel, or another device."
        )
    kernel = same[default(same)]
    remark = f"The notebook's kernel {own} is not offered here; it runs with {kernel.name}." if own else None
    return kernel, remark


def inject(notebook: NotebookNode, parameters: dict[str, Any], kernel: Kernel) -> None:
    """Set ``parameters`` in a cell after the one tagged ``parameters``, else at the top; an earlier one goes."""
    if not parameters:
        return
    if not kernel.is_python:
        raise NotebookError(
            f"Parameters can be set in notebooks for Python only, and {kernel.name} runs {kernel.language}."
            " Leave options.parameters out, and set them by options.env or in a file."
        )
    cell = nbformat.v4.new_code_cell(_assignments(parameters), metadata={"tags": [INJECTED]})
    if notebook.nbformat_minor < _HAS_IDS:
        del cell["id"]
    for index, found in enumerate(notebook.cells):
        if INJECTED in found.metadata.get("tags", []):
            notebook.cells[index] = cell
            return
    tagged = [index for index, found in enumerate(notebook.cells) if PARAMETERS in found.metadata.get("tags", [])]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def _assignments(parameters: dict[str, Any]) -> str:
    """JSON's values are Python's literals, once they are decoded."""
    wrong = [name for name in parameters if not name.isidentifier() or keyword.iskeyword(name)]
    if wrong:
        raise NotebookError(f"options.parameters: {wrong[0]!r} cannot be the name of a variable in Python.")
    return "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())])


def _language(notebook: NotebookNode) -> str:
    metadata = notebook.metadata
    told = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return str(told or "").lower()
