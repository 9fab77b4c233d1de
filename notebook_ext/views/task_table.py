"""Many tasks, live, with how far all of them are; one watch for all."""

import asyncio
import time
from collections.abc import Sequence

from ipywidgets import HTML, VBox

from notebook_ext.views.view import View
from wegent.client.blocking_tasks import Task
from wegent.client.errors import WegentError
from wegent.client.watches import Change, Link
from wegent.html.escaping import escaped
from wegent.html.standings import Standing, standing_seen
from wegent.html.style import scoped
from wegent.html.task_tables import MOST_ROWS, progress_html, rest_html, rows_html, tasks_html, tasks_text
from wegent.protocol.chat_messages import DeviceState, SubtaskState
from wegent.protocol.resources import Device
from wegent.protocol.states import TERMINAL, State
from wegent.protocol.time_limit import time_limit

PAGE = 25
"""Rows that are sent together when one of them changes."""
LOOK_SECONDS = 30.0
"""How often it looks for itself, so that it relies on no message."""
LOOKS_AT_ONCE = 4


class TaskTable(View):
    """Follows ``tasks``, all of one client, until all have ended."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        if not tasks:
            raise ValueError("there are no tasks to show")
        super().__init__(tasks[0].portal)
        self.subject = f"tasks {tasks[0].id}"
        self.standings = {task.id: standing_seen(task.id, task.last_seen) for task in tasks}
        self._client = tasks[0].client.core
        self._tasks = {task.id: task.core for task in tasks}
        self._devices: dict[str, Device] = {}
        self._looks: asyncio.Queue[str] = asyncio.Queue()
        self._asked: set[str] = set()
        self._open = set(self.standings)  # those of which something can still change
        self._is_over = asyncio.Event()
        self._lost = ""
        shown = min(len(tasks), MOST_ROWS)
        self.head, self._rest = HTML(), HTML()
        self.pages = [HTML() for _ in range(0, shown, PAGE)]
        self.root.children = (self.style, self.head, VBox(self.pages), self._rest, self.problem)
        self.paint()

    def text(self) -> str:
        """Return the table as plain text."""
        return tasks_text(list(self.standings.values()), self.words, time.time())

    def html(self) -> str:
        """Return the table as HTML."""
        return tasks_html(list(self.standings.values()), self.words, time.time())

    async def follow(self) -> None:
        """Follow until all have ended."""
        looking = [self._look() for _ in range(LOOKS_AT_ONCE)]
        works = [
            asyncio.ensure_future(work) for work in (self._watch(), self._look_again(), self._tick(), *looking)
        ]
        over = asyncio.ensure_future(self._is_over.wait())
        try:
            done, _ = await asyncio.wait({over, *works}, return_when=asyncio.FIRST_COMPLETED)
            for work in done:
                work.result()
        finally:
            for work in (over, *works):
                work.cancel()
            await asyncio.wait({over, *works})

    def paint(self) -> None:
        """Set what has changed."""
        now = time.time()
        standings = list(self.standings.values())
        lost = escaped(self.words("link_lost", reason=self._lost)) if self._lost else ""
        lost = f'<div class="wg-notice-warning">{lost}</div>' if lost else ""
        self.head.value = scoped(progress_html(standings, self.words) + lost)
        for number, page in enumerate(self.pages):
            rows = standings[:MOST_ROWS][number * PAGE : (number + 1) * PAGE]
            page.value = scoped(rows_html(rows, self.words, now, has_head=number == 0))
        self._rest.value = scoped(rest_html(standings, self.words))

    async def _watch(self) -> None:
        async with self._client.watch() as watch:
            while True:
                self._changed(await watch.next())
                self.painter.touch()

    def _changed(self, change: Change) -> None:
        match change:
            case Link():
                self._lost = "" if change.is_up else change.reason
                if change.is_up:
                    self._ask_all()
            case DeviceState():
                self._devices[change.device_id] = change
                for each in self.standings.values():
                    if each.device_id == change.device_id:
                        self._put(each)
            case SubtaskState() if change.subtask_id in self.standings:
                self._move(self.standings[change.subtask_id], change)

    def _move(self, standing: Standing, change: SubtaskState) -> None:
        if standing.is_settled:
            return
        moved = standing.but(
            state=change.state,
            device_id=change.device_id,
            labels=change.labels,
            queue_position=change.queue_position,
            waiting_reason=change.waiting_reason,
        )
        self._put(moved)
        if moved.state is not standing.state and (moved.is_settled or moved.state is State.RUNNING):
            self._ask(moved.id)

    def _put(self, standing: Standing) -> None:
        device = self._devices.get(standing.device_id)
        self.standings[standing.id] = standing.but(device=device)

    def _ask(self, subtask_id: str) -> None:
        if subtask_id not in self._asked:
            self._asked.add(subtask_id)
            self._looks.put_nowait(subtask_id)

    def _ask_all(self) -> None:
        for subtask_id in self._open:
            self._ask(subtask_id)

    async def _look(self) -> None:
        """Ask for what messages do not tell: the prompt, when it ran, and why it failed."""
        while True:
            subtask_id = await self._looks.get()
            self._asked.discard(subtask_id)
            try:
                async with time_limit(LOOK_SECONDS):
                    subtask = await self._tasks[subtask_id].subtask()
            except (WegentError, TimeoutError):
                continue  # looked at again with all others; the watch tells of a lost link
            self._put(self.standings[subtask_id].told(subtask))
            self.painter.touch()
            if subtask.state in TERMINAL:
                self._open.discard(subtask_id)
            if not self._open:
                self._is_over.set()

    async def _look_again(self) -> None:
        while True:
            self._ask_all()
            await asyncio.sleep(LOOK_SECONDS)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            if any(each.state in (State.RUNNING, State.CANCELLING) for each in self.standings.values()):
                self.painter.touch()
