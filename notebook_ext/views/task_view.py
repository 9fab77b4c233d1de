"""A task, live: what it says, and what can be done: stop it, answer it, tell it something, go on, try again."""

from ipywidgets import Button, HBox, Layout, Text, VBox

from notebook_ext.subshells import hear_while_cells_run
from notebook_ext.views.questions import Questions
from notebook_ext.views.turn import Turn
from notebook_ext.views.view import View
from wegent.client.blocking_tasks import Task
from wegent.client.errors import SettledError, WegentError
from wegent.client.tasks import AsyncTask
from wegent.protocol.states import State


class TaskView(View):
    """Follows ``task`` from its beginning; the turns that are sent from here follow below."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.portal)
        self.subject = f"task {task.id}"
        self.task = task
        self._client = task.client.core
        self.questions = Questions(self.words, self.act, self.report)
        self.stop = Button(description=self.words("stop"), icon="stop", tooltip=self.words("stop"))
        self.retry = Button(description=self.words("retry"), icon="refresh", tooltip=self.words("retry"))
        self.say = Text(layout=Layout(flex="1 1 auto", width="auto"), continuous_update=True)
        self.send = Button(description=self.words("say"), icon="paper-plane", tooltip=self.words("say"))
        for button in (self.stop, self.retry, self.send):
            button.layout.width = "auto"
        hear_while_cells_run(self.stop, self.retry, self.send, self.say)
        self.turns: list[Turn] = [self._turn(task.core)]
        self._boxes = VBox([self.turns[0].box])
        self.root.children = (
            self.style,
            self._boxes,
            self.questions.box,
            HBox([self.stop, self.retry, self.say, self.send]),
            self.problem,
        )
        self.stop.on_click(lambda _: self.act(self._stop()))
        self.retry.on_click(lambda _: self.act(self._retry()))
        self.send.on_click(lambda _: self._said())
        self.say.on_submit(lambda _: self._said(), remove=False)
        self.paint()

    @property
    def turn(self) -> Turn:
        """The newest turn."""
        return self.turns[-1]

    def text(self) -> str:
        """Return how it stands as plain text."""
        return "\n\n".join(turn.text() for turn in self.turns)

    def html(self) -> str:
        """Return how it stands as HTML."""
        return "<hr>".join(turn.html() for turn in self.turns)

    async def follow(self) -> None:
        """Follow the newest turn to its end."""
        await self.turn.follow()

    def paint(self) -> None:
        """Set what has changed."""
        self.turn.paint()
        standing = self.turn.standing
        is_settled = standing.is_settled
        is_stopping = standing.is_stopping or standing.state is State.CANCELLING
        self.stop.disabled = is_settled or is_stopping
        self.stop.description = self.words("stop_now" if is_stopping and not is_settled else "stop")
        self.retry.layout.display = "" if standing.state in (State.FAILED, State.CANCELLED) else "none"
        self.say.placeholder = self.words("say_ended" if is_settled else "say_running")

    def _turn(self, task: AsyncTask) -> Turn:
        return Turn(self._client, task, self.words, self.painter.touch, self.questions)

    def _said(self) -> None:
        text = self.say.value.strip()
        if text:
            self.act(self._tell(text))

    async def _tell(self, text: str) -> None:
        if self.turn.standing.is_settled:
            task = await self.turn.task.ask(text)
            self.say.value = ""
            await self._go_on(task)
        else:
            await self.turn.task.send(text)
            self.say.value = ""

    async def _stop(self) -> None:
        turn = self.turn
        turn.set(is_stopping=True)
        try:
            await turn.task.cancel()
        except SettledError:
            return  # it ended just now, and the stream tells how
        except WegentError:
            turn.set(is_stopping=False)
            raise

    async def _retry(self) -> None:
        self.retry.disabled = True
        try:
            task = await self.turn.task.retry()
        finally:
            self.retry.disabled = False
        await self._go_on(task)

    async def _go_on(self, task: AsyncTask) -> None:
        """Follow a further turn, below."""
        self.turns.append(self._turn(task))
        self._boxes.children = (*self._boxes.children, self.turn.box)
        self.painter.touch()
        await self.run()
