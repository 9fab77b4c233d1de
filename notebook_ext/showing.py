"""What a magic shows: live views where there are widgets, tables and text elsewhere."""

import importlib.util
from typing import TYPE_CHECKING

from IPython.display import display

from notebook_ext.session import Session
from wegent.protocol.resources import Task as Conversation

if TYPE_CHECKING:
    from notebook_ext.views.code_view import CodeView
    from notebook_ext.views.task_view import TaskView
    from wegent.client.blocking_tasks import Task


def has_views(session: Session) -> bool:
    """Whether live views can be shown."""
    return session.in_kernel and all(map(_is_there, ("ipywidgets", "notebook_ext.views")))


def show_task(session: Session, task: "Task") -> "TaskView":
    """Show a task live and return the view at once."""
    from notebook_ext.views.task_view import TaskView

    view = TaskView(task)
    session.keep(view)
    view.show()
    return view


def show_code(task: "Task") -> "CodeView":
    """Show how code stands whose outputs the cell itself shows, and return the view at once."""
    from notebook_ext.views.code_view import CodeView

    view = CodeView(task)
    view.show()
    return view


def show_devices(session: Session) -> None:
    """Show one's devices, live where that can be."""
    if has_views(session):
        from notebook_ext.views.device_panel import DevicePanel

        panel = DevicePanel(session.client)
        session.keep(panel)
        panel.show()
        return
    devices = session.client.devices
    if not devices:
        print(session.words("no_devices"))
    elif session.in_kernel:
        display(devices)
    else:
        print(devices)


def show_tasks(session: Session, tasks: list[Conversation]) -> None:
    """Show one's newest tasks as a table."""
    from wegent.client.tables import html_table, text_table
    from wegent.html.style import styled

    words = session.words
    if not tasks:
        print(words("no_tasks"))
        return
    head = [words(f"column_{name}") for name in ("task", "state", "id")]
    rows = [_row(session, task) for task in tasks]
    if session.in_kernel:
        data = {"text/html": styled(html_table(head, rows)), "text/plain": text_table([head, *rows])}
        display(data, raw=True)
    else:
        print(text_table([head, *rows]))


def _row(session: Session, task: Conversation) -> list[str]:
    from wegent.terminal.visible import visible

    last = task.last_subtask
    title = " ".join(visible(task.title).split())
    return [title, session.words(last.state) if last else "", last.subtask_id if last else task.task_id]


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
