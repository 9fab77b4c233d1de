"""One turn of a task in widgets: how it stands, what it says, its questions."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from ipywidgets import HTML, Layout, VBox

from notebook_ext.views.questions import Questions, close_widgets
from wegent.client.async_client import AsyncClient
from wegent.client.cell_outputs import completed
from wegent.client.errors import WegentError
from wegent.client.tasks import AsyncTask
from wegent.client.watches import Link
from wegent.html.standings import standing_seen
from wegent.html.style import scoped
from wegent.html.tasks import end_html, head_html, prompt_html, task_html, task_text
from wegent.html.transcript import Transcript
from wegent.html.words import Words
from wegent.protocol.chat_messages import DeviceState, Done, SubtaskState
from wegent.protocol.resources import Device
from wegent.protocol.states import TERMINAL, State
from wegent.protocol.time_limit import time_limit

TICK_SECONDS = 1.0
LOOK_SECONDS = 10.0
"""How long the server is asked for what messages do not tell."""


class Turn:
    """Follows one turn with :meth:`follow`, calls ``touch`` at every change, and shows it with :meth:`paint`.

    ``is_brief``: only how it stands, and its questions; what it says is shown elsewhere.
    """

    def __init__(
        self,
        client: AsyncClient,
        task: AsyncTask,
        words: Words,
        touch: Callable[[], None],
        questions: Questions,
        is_brief: bool = False,
    ) -> None:
        self.task = task
        self._is_brief = is_brief
        self.standing = standing_seen(task.id, task.last_seen)
        self.transcript = Transcript(words)
        self._client = client
        self._words = words
        self._touch = touch
        self._questions = questions
        self._devices: dict[str, Device] = {}
        self._head = HTML()
        self._prompt = HTML()
        self._earlier = HTML()
        self._said = VBox()
        # Reversed, a box scrolls with what is added at its end, until somebody scrolls up.
        scrolled = VBox(
            [self._said], layout=Layout(flex_flow="column-reverse", max_height="600px", overflow="auto")
        )
        self._end = HTML()
        self._sections: dict[int, HTML] = {}
        self.box = VBox([self._head] if is_brief else [self._head, self._prompt, scrolled, self._end])
        self._is_stale = asyncio.Event()

    async def follow(self) -> Done:
        """Follow it to its end, from the beginning; return how it ended."""
        beside = [asyncio.ensure_future(work) for work in (self._watch(), self._look(), self._tick())]
        try:
            self._is_stale.set()
            done = await self._read()
            self._settle(done)
            await self._refresh()
            return done
        finally:
            for work in beside:
                work.cancel()
            await asyncio.wait(beside)

    def html(self) -> str:
        """Return it as HTML."""
        return task_html(self.standing, self.transcript, self._words, time.time())

    def text(self) -> str:
        """Return it as text."""
        return task_text(self.standing, self._words, time.time())

    def paint(self) -> None:
        """Set what has changed; a trait that is set to what it is sends nothing."""
        now = time.time()
        self._head.value = scoped(head_html(self.standing, self.transcript, self._words, now))
        is_open = not self.standing.is_settled
        self._questions.paint(self.task, list(self.transcript.questions.values()) if is_open else [])
        if self._is_brief:
            return
        self._prompt.value = scoped(prompt_html(self.standing, self._words)) if self.standing.prompt else ""
        self._earlier.value = scoped(self.transcript.earlier()) if self.transcript.earlier_lines else ""
        self._end.value = scoped(end_html(self.standing, self._words))
        self._paint_sections()

    def _paint_sections(self) -> None:
        sections = self.transcript.sections()
        shown = {section.number: self._sections.get(section.number) or HTML() for section in sections}
        for section in sections:
            html = section.html()
            shown[section.number].value = scoped(html) if html else ""
        if shown.keys() != self._sections.keys():
            gone = [widget for number, widget in self._sections.items() if number not in shown]
            self._sections = shown
            self._said.children = (self._earlier, *shown.values())
            for widget in gone:
                close_widgets(widget)

    async def _read(self) -> Done:
        async with self.task.stream() as stream:
            while events := await stream.read():
                self.transcript.extend(await completed(self._client.rest, events))
                self._touch()
            assert stream.outcome is not None
            return stream.outcome

    async def _watch(self) -> None:
        async with self._client.watch() as watch:
            while True:
                self._changed(await watch.next())

    async def _look(self) -> None:
        while True:
            await self._is_stale.wait()
            self._is_stale.clear()
            await self._refresh()

    def _changed(self, change: Link | DeviceState | SubtaskState) -> None:
        match change:
            case Link():
                self.set(lost="" if change.is_up else change.reason)
            case DeviceState():
                self._devices[change.device_id] = change
                if change.device_id == self.standing.device_id:
                    self.set(device=change)
            case SubtaskState() if change.subtask_id == self.task.id:
                was = self.standing.state
                if not self.standing.is_settled and change.state not in TERMINAL:  # its end comes after its output
                    self.set(
                        state=change.state,
                        device_id=change.device_id,
                        labels=change.labels,
                        device=self._devices.get(change.device_id),
                        queue_position=change.queue_position,
                        waiting_reason=change.waiting_reason,
                    )
                if change.state is not was:
                    self._is_stale.set()

    async def _refresh(self) -> None:
        """Ask for what messages do not tell: the prompt, and when it began and ended."""
        try:
            async with time_limit(LOOK_SECONDS):
                subtask = await self.task.subtask()
        except (WegentError, TimeoutError) as error:
            if not self.standing.prompt:  # else it is known well enough, and the watch tells of a lost link
                self.set(lost=str(error) or type(error).__name__)
            return
        standing = self.standing.told(subtask)
        if subtask.state in TERMINAL and not self.standing.is_settled:
            standing = standing.but(state=self.standing.state, error=None)
        self.standing = standing
        self.set(device=self._devices.get(standing.device_id))

    def _settle(self, done: Done) -> None:
        self.set(state=done.state, error=done.error, is_stopping=False)

    def set(self, **changes: Any) -> None:
        """Note how it stands now."""
        changed = self.standing.but(**changes)
        if changed != self.standing:
            self.standing = changed
            self._touch()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.standing.state in (State.RUNNING, State.CANCELLING):
                self._touch()
