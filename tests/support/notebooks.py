"""Notebooks for tests."""

from collections.abc import Sequence

import nbformat
from nbformat import NotebookNode


def notebook(*sources: str, parameters: str | None = None, kernel: str = "python3", title: str = "Title") -> bytes:
    """Return a notebook file with these code cells, below one tagged ``parameters`` if there is such."""
    cells = [nbformat.v4.new_markdown_cell(f"# {title}")]
    if parameters is not None:
        cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    return nbformat.writes(made).encode()


def executed(content: bytes) -> NotebookNode:
    """Read an executed notebook; it is a valid one."""
    found = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(found)
    return found


def printed(cell: NotebookNode) -> str:
    """Return what a cell has written."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def code_cells(found: NotebookNode) -> Sequence[NotebookNode]:
    """Return the cells that are code."""
    return [cell for cell in found.cells if cell.cell_type == "code"]
