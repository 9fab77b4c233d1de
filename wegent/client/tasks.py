"""Task handles: following, awaiting, stopping and continuing what was sent."""

import asyncio
import os
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wegent.client import notebooks, variables
from wegent.client.cell_outputs import outputs_of, whole
from wegent.client.devices import Where
from wegent.client.errors import (
    ConnectionFailedError,
    TaskCancelledError,
    TaskFailedError,
    UnavailableError,
    WaitTimeoutError,
    WegentError,
)
from wegent.client.files import Attachment, made
from wegent.client.logs import Log
from wegent.client.rest import path_of
from wegent.client.results import Result, printed, result_of
from wegent.client.streams import EventStream
from wegent.client.watches import Link, Watch
from wegent.protocol.inputs import ALLOW, ALLOW_TASK, DENY, AnyInput, ApprovalInput, TextInput
from wegent.protocol.output_events import AnyEvent, Approval, ApprovalDone, Cell, File, Notice, decode_event
from wegent.protocol.resources import Sent, Subtask
from wegent.protocol.states import TERMINAL, State
from wegent.protocol.time_limit import time_limit

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from wegent.client.async_client import AsyncClient

LOOK_SECONDS = 30.0
"""How often a wait looks for itself, so that it relies on no message."""
TAIL_EVENTS = 50
"""How much of its output's end a failure is shown with."""
OUTPUT_EVENTS = 1000
"""In how much of its output's end the outputs of code are looked for."""


class _Chunk(msgspec.Struct, frozen=True):
    seq: int
    events: list[msgspec.Raw]


class _Log(msgspec.Struct, frozen=True):
    items: list[_Chunk]
    next: int | None = None


class AsyncTask:
    """One turn of a conversation on a device. ``id`` is the turn's, ``task_id`` the conversation's."""

    def __init__(self, client: "AsyncClient", subtask_id: str, task_id: str) -> None:
        self._client = client
        self.id = subtask_id
        self.task_id = task_id
        self.last_seen: Subtask | None = None
        """What the server said of it when it was last asked."""

    def __repr__(self) -> str:
        """Show how to come back to it."""
        return f"<{type(self).__name__} {self.id!r} of task {self.task_id!r}>"

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for the result."""
        return self.result().__await__()

    def stream(self, after: int = 0) -> EventStream:
        """Follow the output from after event number ``after``: what there is already, then what comes."""
        return EventStream(self._client.feed, self.id, after)

    @property
    async def status(self) -> State:
        """How it stands."""
        return (await self.subtask()).state

    async def subtask(self) -> Subtask:
        """Return everything the server knows about it."""
        self.last_seen = await self._client.rest.call(Subtask, "GET", self._path())
        return self.last_seen

    async def wait(self, timeout: float | None = None) -> Subtask:
        """Wait until it has ended, however it did; raise :class:`WaitTimeoutError` after ``timeout`` seconds."""
        return await self._wait_at_most(timeout)

    async def result(self, timeout: float | None = None) -> Result:
        """Wait for its result; raise :class:`TaskFailedError` or :class:`TaskCancelledError` if it ended so."""
        subtask = await self.wait(timeout)
        return await self._result(subtask)

    async def notebook(
        self, timeout: float | None = None, *, progress: Callable[[Cell], object] | None = None
    ) -> "NotebookNode":
        """Wait for its end and return the notebook that it executed.

        ``progress`` is given each :class:`Cell` as it begins. Raises :class:`TaskFailedError` or
        :class:`TaskCancelledError`, with the notebook as far as it came, :class:`WaitTimeoutError` after
        ``timeout`` seconds, and :class:`FileError` where there is none. The server keeps it for a day.
        """
        notebooks.require_nbformat()
        subtask = await self._wait_at_most(timeout, progress)
        try:
            await self._result(subtask)
        except (TaskFailedError, TaskCancelledError) as error:
            try:
                error.notebook = await notebooks.fetch(self._client.rest, subtask)
            except WegentError as missing:
                error.add_note(f"There is no executed notebook: {missing}")
            raise
        return await notebooks.fetch(self._client.rest, subtask)

    async def variables(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for its end and return the variables that came back; see :meth:`AsyncClient.run_code`.

        Unpickling runs code, so only what one's own machines made is unpickled. Raises how it failed (its
        ``result["outputs"]`` still names the files of what came), and :class:`VariableError`, also once their day
        is over.
        """
        subtask = await self.wait(timeout)
        return await variables.fetch(self._client.rest, subtask, await self._result(subtask))

    async def output(self) -> str:
        """Wait for its end and return what it printed: the answer's text, a process's output."""
        pieces: list[str] = []
        async with self.stream() as stream:
            while events := await stream.read():
                pieces.extend(map(printed, events))
        return "".join(pieces)

    async def log(self, after: int = 0) -> Log:
        """Return what it has said until now, from after event number ``after``.

        ``log().text`` is what it printed; :meth:`output` gives that too, and waits for its end.
        """
        events = Log()
        place: int | None = after
        while place is not None:
            log = await self._log(place)
            events.extend(decode_event(raw) for chunk in log.items for raw in chunk.events)
            place = log.next
        return events

    async def questions(self) -> list[Approval]:
        """Return the questions that wait for an answer now."""
        if (await self.subtask()).state in TERMINAL:
            return []
        asked: dict[str, Approval] = {}
        for event in await self.log():
            if isinstance(event, Approval):
                asked[event.id] = event
            elif isinstance(event, ApprovalDone):
                asked.pop(event.id, None)
        return list(asked.values())

    async def files(self) -> list[File]:
        """Wait for its end and return the files that it sent back; :meth:`AsyncClient.download` fetches them."""
        found: list[File] = []
        async with self.stream() as stream:
            while events := await stream.read():
                found += [event for event in events if isinstance(event, File)]
        return found

    async def download(
        self, folder: str | os.PathLike[str] = ".", *, progress: Callable[[int], object] | None = None
    ) -> list[Path]:
        """Wait for its end, fetch all files that it sent back into ``folder``, and return where they are.

        The folder is made where there is none; names are as :meth:`AsyncClient.download` says. ``progress`` is
        told how many bytes have come, of all files together.
        """
        target = await asyncio.to_thread(made, Path(folder))
        paths: list[Path] = []
        before = 0
        for file in await self.files():
            counted = partial(_count_from, before, progress) if progress is not None else None
            paths.append(await self._client.download(file, target, progress=counted))
            before += file.size
        return paths

    async def cancel(self) -> State:
        """Ask to stop it; return how it stands then: cancelled if it never began, else cancelling until it is."""
        answer = await self._client.rest.call(dict[str, Any], "POST", self._path("cancel"), body={})
        return State(answer["state"])

    async def ask(
        self,
        prompt: str,
        *,
        device: Where | None = None,
        shell: str | None = None,
        wait: bool = False,
        dir: str | None = None,
        options: Mapping[str, Any] | None = None,
        files: Sequence[Attachment] = (),
        images: Sequence[Attachment] = (),
    ) -> "AsyncTask":
        """Send a further turn of the same conversation, to where the last one was unless told otherwise."""
        return await self._client.run(
            prompt,
            device=device,
            shell=shell,
            wait=wait,
            dir=dir,
            options=options,
            files=files,
            images=images,
            task=self.task_id,
        )

    async def retry(self) -> "AsyncTask":
        """Send its prompt once more, as the next turn of its conversation; it must have ended."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        sent = await self._client.rest.call(Sent, "POST", self._path("retry"), body={}, headers=key)
        return AsyncTask(self._client, sent.subtask_id, sent.task_id)

    async def move(self, device: Where) -> Subtask:
        """Let it wait for another device, any that has some labels, or ``"cloud"``; it must not have begun."""
        body = await self._client.target(device)
        return await self._client.rest.call(Subtask, "PATCH", self._path(), body=body)

    async def rename(self, title: str) -> None:
        """Give its conversation another title."""
        await self._client.rest.call(object, "PATCH", path_of("tasks", self.task_id), body={"title": title})

    async def delete(self) -> None:
        """Delete its whole conversation with all output, for good; nothing of that may be waiting or running."""
        await self._client.rest.call(object, "DELETE", path_of("tasks", self.task_id))

    async def approve(self, question: str | Approval, *, for_task: bool = False) -> None:
        """Allow what an ``approval`` event asks for, given as it is or by its id.

        ``for_task``: allow that tool for the rest of the task, whatever its input is.
        """
        await self.answer(_id_of(question), ALLOW_TASK if for_task else ALLOW)

    async def deny(self, question: str | Approval, message: str | None = None) -> None:
        """Deny what an ``approval`` event asks for; ``message`` tells the model why."""
        await self.answer(_id_of(question), DENY, message)

    async def answer(self, approval_id: str, choice: str, message: str | None = None) -> None:
        """Answer an ``approval`` event with one of its choices; ``message`` tells the model why not."""
        await self._send(ApprovalInput(approval_id, choice, message))

    async def send(self, text: str) -> None:
        """Tell it something while it runs."""
        await self._send(TextInput(text))

    def watch(self) -> Watch:
        """Listen to how it stands: its state and its place in the queue."""
        return self._client.feed.watch(self.id)

    async def _send(self, data: AnyInput) -> None:
        body = {"input": data, "client_id": str(uuid.uuid4())}
        await self._client.rest.call(object, "POST", self._path("input"), body=body)

    async def _wait_at_most(
        self, timeout: float | None, progress: Callable[[Cell], object] | None = None
    ) -> Subtask:
        try:
            async with time_limit(timeout) as limit:
                if progress is not None:
                    await self._follow_cells(progress)
                return await self._wait()
        except TimeoutError:
            if limit.expired() and timeout is not None:
                raise WaitTimeoutError.after(timeout) from None
            raise

    async def _follow_cells(self, progress: Callable[[Cell], object]) -> None:
        async with self.stream() as stream:
            async for event in stream:
                if isinstance(event, Cell):
                    progress(event)

    async def _wait(self) -> Subtask:
        async with self.watch() as watch:
            while True:
                try:
                    subtask = await self.subtask()
                except (ConnectionFailedError, UnavailableError) as error:
                    if isinstance(error, ConnectionFailedError) and error.is_lasting:
                        raise
                else:
                    if subtask.state in TERMINAL:
                        return subtask
                await _news(watch)

    async def _result(self, subtask: Subtask) -> Result:
        if subtask.state is State.FAILED:
            return result_of(subtask, await self._tail(subtask, TAIL_EVENTS))
        if subtask.state is State.COMPLETED and subtask.shell == "Python":
            outputs = outputs_of(await self._tail(subtask, OUTPUT_EVENTS))
            return result_of(subtask, outputs=await whole(self._client.rest, outputs))
        return result_of(subtask)

    async def _tail(self, subtask: Subtask, count: int) -> list[AnyEvent]:
        """Return its last events; how it ended matters more than that these could not be read."""
        try:
            return (await self.log(max(subtask.seq - count, 0)))[-count:]
        except WegentError as error:
            return [Notice("error", f"(its output cannot be read: {error})")]

    async def _log(self, after: int) -> _Log:
        return await self._client.rest.call(_Log, "GET", self._path("events"), params={"after": str(after)})

    def _path(self, *more: str) -> str:
        return path_of("subtasks", self.id, *more)


def _id_of(question: str | Approval) -> str:
    return question if isinstance(question, str) else question.id


def _count_from(before: int, progress: Callable[[int], object], count: int) -> None:
    progress(before + count)


async def _news(watch: Watch) -> None:
    """Return when it is worth looking again: it ended, the socket came back, or some time went by."""
    try:
        async with time_limit(LOOK_SECONDS):
            while True:
                change = await watch.next()
                if isinstance(change, Link):
                    if change.is_up:
                        return
                elif getattr(change, "state", None) in TERMINAL:
                    return
    except TimeoutError:
        return
