"""Clicks that arrive while a cell runs."""

from typing import Any


def hear_while_cells_run(*widgets: Any) -> None:
    """Let these ipywidgets hear the page on the subshell that it chose, so that buttons work while a cell waits.

    JupyterLab from 4.4 sends what widgets do to a subshell; ipykernel from 7.4 hands it to the loop that last
    wrote to the widget instead, which is the one that the cell blocks (``ipykernel.comm.comm.BaseComm``). Kernels
    that have no subshells take no notice.
    """
    for widget in widgets:
        if widget.comm is not None:
            vars(widget.comm)["_reply_subshell_for"] = _chosen_by_page


def are_there(kernel: Any) -> bool:
    """Whether the page made any, so that buttons are heard while a cell runs."""
    thread = getattr(kernel, "shell_channel_thread", None)
    return thread is not None and bool(thread.manager.list_subshell())


def _chosen_by_page(_data: Any, chosen: str | None) -> str | None:
    return chosen
