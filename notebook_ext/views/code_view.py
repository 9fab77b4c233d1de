"""Code whose outputs the waiting cell itself shows: how it stands, its questions, and Stop; gone at its end."""

import uuid

from IPython.display import update_display

from notebook_ext.views.task_view import TaskView
from notebook_ext.views.turn import Turn
from wegent.client.blocking_tasks import Task
from wegent.client.tasks import AsyncTask


class CodeView(TaskView):
    """Is shown with :meth:`show` and taken away with :meth:`end`, both in the cell's own thread."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._name = uuid.uuid4().hex
        for widget in (self.retry, self.say, self.send):
            widget.layout.display = "none"

    def show(self) -> None:
        """Put it into the cell that runs and begin to follow. Nothing of it is saved: its output is taken away."""
        self.display(self._name)
        self.begin()

    def end(self) -> None:
        """Take it out of the cell again."""
        update_display({}, raw=True, display_id=self._name)
        self.discard()

    def paint(self) -> None:
        """Set what has changed; what is done at the end is the cell's."""
        super().paint()
        self.retry.layout.display = "none"

    def _turn(self, task: AsyncTask) -> Turn:
        return Turn(self._client, task, self.words, self.painter.touch, self.questions, is_brief=True)
