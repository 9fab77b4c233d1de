"""What shows a task while its cell waits."""

import sys
import time
from typing import TYPE_CHECKING

from notebook_ext import showing, subshells
from notebook_ext.session import Session
from wegent.client.blocking_tasks import Task

if TYPE_CHECKING:
    from notebook_ext.views.code_view import CodeView
    from notebook_ext.views.task_view import TaskView

SOON_SECONDS = 1.0
"""Code that ends before that leaves nothing but its outputs in the cell."""


class Stage:
    """A view of all of the task, or, beside the outputs of code, one of how it stands."""

    def __init__(self, session: Session, task: Task, is_code: bool) -> None:
        self._session = session
        self._task = task
        self._since = time.monotonic()
        self._is_told = False
        self.is_bare = is_code or not showing.has_views(session)
        """Whether the cell itself shows what the task says."""
        self._view: TaskView | None = None if self.is_bare else showing.show_task(session, task)
        self._code_view: CodeView | None = None

    def tend(self, is_asked: bool = False) -> None:
        """Show what is due: beside code how it stands, once it takes its time or asks; and how else to answer."""
        is_due = is_asked or time.monotonic() - self._since >= SOON_SECONDS
        if self.is_bare and is_due and self._code_view is None and showing.has_views(self._session):
            self._code_view = showing.show_code(self._task)
        view = self._code_view or self._view
        if view is not None and view.questions.are_open and not self._is_told:
            self._is_told = True
            if not subshells.are_there(getattr(self._session.ipython, "kernel", None)):
                print(self._session.words("unheard_buttons"), file=sys.stderr)

    def end(self) -> None:
        """Leave what stays: the task's last state, of code nothing but its outputs."""
        if self._code_view is not None:
            self._code_view.end()
        if self._view is not None:
            self._view.wait()  # who saves or exports the notebook now has the end in it
