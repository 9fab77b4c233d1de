"""A task as a cell's last expression shows a live view, many tasks a live table."""

from typing import Any

from notebook_ext.views.cells import CELLS

_TASK = "wegent.client.blocking_tasks", "Task"
_TASKS = "wegent.client.task_lists", "TaskList"


def register(ipython: Any) -> None:
    """Show tasks live in a kernel's IPython; in a terminal's they stay the text that they are."""
    if getattr(ipython, "kernel", None) is None:
        return
    formatter = ipython.display_formatter.ipython_display_formatter
    formatter.for_type_by_name(*_TASK, _show_task)
    formatter.for_type_by_name(*_TASKS, _show_tasks)
    ipython.events.register("pre_run_cell", _begin_cell)


def unregister(ipython: Any) -> None:
    """Show them as they show themselves again."""
    if getattr(ipython, "kernel", None) is None:
        return
    formatter = ipython.display_formatter.ipython_display_formatter
    for module, name in (_TASK, _TASKS):
        formatter.pop(f"{module}.{name}", None)
    ipython.events.unregister("pre_run_cell", _begin_cell)


def _show_task(task: Any) -> None:
    from notebook_ext.views.task_view import TaskView

    TaskView(task).show()


def _show_tasks(tasks: Any) -> None:
    from notebook_ext.views.task_table import TaskTable

    if tasks:
        TaskTable(tasks).show()
    else:
        print(repr(tasks))


def _begin_cell(info: Any) -> None:
    """Let the views that an earlier run of this cell left follow no more."""
    cell = getattr(info, "cell_id", None)
    if cell:
        CELLS.begin(f"cell {cell}")
