"""Following one task for a program: each event is a line of JSON, the last line tells how it ended."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from wegent.client.errors import SettledError
from wegent.client.tasks import AsyncTask
from wegent.protocol.chat_messages import Done
from wegent.protocol.output_events import Approval, ApprovalDone, File
from wegent.terminal.following import INTERRUPTED, cancel_all, exit_code, is_done
from wegent.terminal.interrupts import Interrupts
from wegent.terminal.json_lines import event_line, json_line
from wegent.terminal.screen import Screen
from wegent.terminal.words import Words

Save = Callable[[File], Awaitable[None]]


async def _no_save(event: File) -> None:
    """Leave files where they are."""


async def follow_as_json(
    task: AsyncTask,
    screen: Screen,
    words: Words,
    interrupts: Interrupts,
    stop_at_once: bool = False,
    save: Save = _no_save,
) -> int:
    """Print a task's events and its end; return its exit code. The first Ctrl-C asks to stop, a second leaves."""
    reading = asyncio.create_task(_print_events(task, screen, words, save))
    pressed = asyncio.create_task(interrupts.next())
    stopping: list[asyncio.Task[None]] = [asyncio.create_task(_stop(task))] if stop_at_once else []
    is_stopping = stop_at_once
    try:
        while True:
            await asyncio.wait({reading, pressed, *stopping}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return exit_code(reading.result())
            stopping = [work for work in stopping if not is_done(work)]
            if pressed.done():
                if is_stopping:
                    screen.line(words("left_stopping", id=task.id))
                    await screen.flush()
                    return INTERRUPTED
                is_stopping = True
                stopping.append(asyncio.create_task(_stop(task)))
                pressed = asyncio.create_task(interrupts.next())
    finally:
        await cancel_all([reading, pressed, *stopping])


async def _stop(task: AsyncTask) -> None:
    try:
        await task.cancel()
    except SettledError:
        return  # it ended just now, and the stream tells how


async def _print_events(task: AsyncTask, screen: Screen, words: Words, save: Save) -> Done:
    async with task.stream() as stream:
        while events := await stream.read():
            first = stream.seq - len(events) + 1
            for seq, event in enumerate(events, first):
                screen.out(event_line(seq, event))
                if isinstance(event, File):
                    await screen.flush()
                    await save(event)
            asked = {event.id for event in events if isinstance(event, Approval)}
            if asked - {event.id for event in events if isinstance(event, ApprovalDone)}:
                screen.line(words("waits_for_answer", id=task.id))
            await screen.flush()
        done = stream.outcome
        assert done is not None
        ended = {"type": "done", "task_id": task.task_id, "error": None, "result": None}
        screen.out(json_line(ended | msgspec.to_builtins(done)))
        await screen.flush()
        return done
