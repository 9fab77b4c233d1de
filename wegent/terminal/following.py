"""Following one task: its output, its place in the queue, its questions, and Ctrl-C."""

import asyncio
from typing import Any

from wegent.client.async_client import AsyncClient
from wegent.client.errors import SettledError, WegentError
from wegent.client.tasks import AsyncTask
from wegent.client.watches import Link
from wegent.protocol.chat_messages import DeviceState, Done, SubtaskState
from wegent.protocol.errors import Code
from wegent.protocol.output_events import File
from wegent.protocol.resources import ANY, CLOUD
from wegent.protocol.states import State
from wegent.protocol.time_limit import time_limit
from wegent.terminal.approvals import Approvals
from wegent.terminal.interrupts import Interrupts
from wegent.terminal.keyboard import Keyboard
from wegent.terminal.rendering import Renderer
from wegent.terminal.saving import Saver
from wegent.terminal.screen import Screen
from wegent.terminal.visible import visible
from wegent.terminal.words import Words

COMPLETED, FAILED, INTERRUPTED = 0, 1, 130


def exit_code(done: Done) -> int:
    """Return the task's exit code: 0, 1, 130, or a command's own (a signal's as shells give it)."""
    if done.state is State.CANCELLED:
        return INTERRUPTED
    own = (done.result or {}).get("exit_code")
    is_its_own = done.error is None or done.error.code == Code.SHELL_FAILED  # else what it was stopped for counts
    if isinstance(own, int) and own and is_its_own:
        return 128 - own if -128 < own < 0 else own if 0 < own < 256 else FAILED
    return COMPLETED if done.state is State.COMPLETED else FAILED


_QUEUES = {
    "": ("in_queue", "in_queue_any"),
    "reason": ("in_queue_because", "in_queue_any_because"),
    "offline": ("in_queue_offline", "in_queue_any_offline"),
    "paused": ("in_queue_paused", "in_queue_any_paused"),
}
"""What is said of a place in a queue, by what hinders: for one device, and for any."""


class Follower:
    """Shows one task until it ends or is left; questions up to event ``answered_until`` are not asked again."""

    def __init__(
        self,
        client: AsyncClient,
        task: AsyncTask,
        screen: Screen,
        words: Words,
        keyboard: Keyboard,
        answered_until: int = 0,
        saver: Saver | None = None,
    ) -> None:
        self._saver = saver
        self._client = client
        self._task = task
        self._screen = screen
        self._words = words
        self._renderer = Renderer(screen, words)
        self._approvals = Approvals(task, screen, words, keyboard, self._renderer.ask)
        self._answered_until = answered_until
        self._devices: dict[str, DeviceState] = {}
        self._standing: SubtaskState | None = None
        self._link = Link(True)
        self._is_stopping = False
        self._is_over = False
        self._said = ""

    async def follow(self, interrupts: Interrupts, stop_at_once: bool = False) -> int:
        """Follow to the end, and return the exit code. The first Ctrl-C asks to stop, the second leaves."""
        beside = [asyncio.create_task(work) for work in (self._watch(), self._approvals.run())]
        reading = asyncio.ensure_future(self._read())
        pressed = asyncio.ensure_future(interrupts.next())
        try:
            if stop_at_once:
                beside.append(self._stop())
            while True:
                await asyncio.wait({reading, pressed, *beside}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    return await self._end(reading.result())
                beside = [work for work in beside if not is_done(work)]
                if pressed.done():
                    if self._is_stopping:
                        return await self._leave()
                    beside.append(self._stop())
                    pressed = asyncio.ensure_future(interrupts.next())
        finally:
            await cancel_all([reading, pressed, *beside])

    async def _read(self) -> Done:
        async with self._task.stream() as stream:
            while events := await stream.read():
                self._approvals.make_room()
                for event in events:
                    self._renderer.show(event)
                    self._approvals.note(event)
                    if isinstance(event, File) and self._saver is not None:
                        await self._save(event, self._saver)
                if stream.seq >= self._answered_until:
                    self._approvals.settle()
                await self._show_status()
            assert stream.outcome is not None
            return stream.outcome

    async def _save(self, event: File, saver: Saver) -> None:
        await self._screen.flush()
        await saver.save(event)

    async def _watch(self) -> None:
        async with self._client.watch() as watch:
            while True:
                change = await watch.next()
                match change:
                    case Link():
                        self._link = change
                    case DeviceState():
                        self._devices[change.device_id] = change
                    case SubtaskState() if change.subtask_id == self._task.id:
                        self._standing = change
                await self._show_status()

    def _stop(self) -> "asyncio.Task[None]":
        self._is_stopping = True
        return asyncio.create_task(self._ask_to_stop())

    async def _ask_to_stop(self) -> None:
        await self._show_status()
        try:
            await self._task.cancel()
        except SettledError:
            return  # it ended just now, and the stream tells how
        except WegentError as error:
            self._is_stopping = False
            self._screen.line(self._words("cannot_stop", reason=error.message), "red")
            await self._show_status()

    async def _show_status(self) -> None:
        """Show how things stand; where no line can be shown and taken back, say what must be known."""
        if self._is_over:
            return  # what still comes in must not leave its line behind
        must, text = self._how_it_stands()
        if self._screen.err_is_terminal:
            self._screen.status(text)
        elif must and text != self._said:
            self._screen.line(visible(text))
            self._said = text
        await self._screen.flush()

    def _how_it_stands(self) -> tuple[bool, str]:
        if not self._link.is_up:
            return True, self._words("link_lost", reason=self._link.reason)
        if self._is_stopping:
            return True, self._words("stopping")
        standing = self._standing
        if standing is None:
            return False, self._renderer.status()
        if standing.state in (State.QUEUED, State.OFFERED):
            return self._is_waiting_long(standing), self._queue(standing)
        running = self._words("running_on", device=self._device(standing))
        return False, self._renderer.status() or running

    def _is_waiting_long(self, standing: SubtaskState) -> bool:
        """Whether it waits for more than the moment in which a free device takes it."""
        takes_new = any(device.status == "online" and not device.paused for device in self._takers(standing))
        is_free = takes_new and standing.queue_position in (None, 1)
        return not is_free or standing.waiting_reason is not None

    def _queue(self, standing: SubtaskState) -> str:
        takers = self._takers(standing)
        hindrance = ""
        if standing.waiting_reason:
            hindrance = "reason"
        elif takers and all(device.status == "offline" for device in takers):
            hindrance = "offline"
        elif takers and all(device.paused for device in takers):
            hindrance = "paused"
        return self._words(
            _QUEUES[hindrance][standing.device_id == ANY],
            place=self._words.place(standing.queue_position or 1),
            device=self._device(standing),
            reason=standing.waiting_reason or "",
        )

    def _takers(self, standing: SubtaskState) -> list[DeviceState]:
        """Return the devices that may take it: the one that it waits for, or those that have its labels."""
        if standing.device_id != ANY:
            return [device for id, device in self._devices.items() if id == standing.device_id]
        wanted = (standing.labels or {}).items()
        own = (device for device in self._devices.values() if device.kind == "local")
        return [device for device in own if wanted <= device.labels.items()]

    def _device(self, standing: SubtaskState) -> str:
        device_id = standing.device_id
        if device_id == CLOUD:
            return self._words("the_cloud")
        if device_id == ANY:
            return self._words.any_device(standing.labels or {})
        return self._devices[device_id].name if device_id in self._devices else device_id[:8]

    async def _end(self, done: Done) -> int:
        self._is_over = True
        self._approvals.make_room()
        self._screen.status("")
        self._renderer.end()
        if done.state is State.CANCELLED:
            self._screen.line(f"■ {self._words('was_stopped')}", "yellow")
        elif done.state is State.FAILED and done.error is not None:
            message, hint = self._words.problem(done.error.code, done.error.message, done.error.hint)
            self._screen.line(f"✗ {visible(message)}", "red")
            if hint:
                self._screen.line(f"  {visible(hint)}", "dim")
        await self._screen.flush()
        return exit_code(done)

    async def _leave(self) -> int:
        """Say how to come back, at once: what else there is to write may be stuck."""
        self._is_over = True
        self._screen.status("")
        self._screen.line(self._words("left_stopping", id=self._task.id))
        try:
            async with time_limit(1):
                await self._screen.flush()
        except TimeoutError:
            pass  # nobody reads; leaving is what was asked for
        return INTERRUPTED


def is_done(work: "asyncio.Future[Any]") -> bool:
    """Whether it is done; if it failed, raise why."""
    if work.done():
        work.result()
    return work.done()


async def cancel_all(works: "list[asyncio.Future[Any]]") -> None:
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
