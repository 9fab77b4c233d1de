"""`wegent run`, `wegent attach`, `wegent retry` and `wegent cancel`."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from wegent.client.async_client import AsyncClient
from wegent.client.errors import SettledError
from wegent.client.files import made
from wegent.client.tasks import AsyncTask
from wegent.protocol.states import TERMINAL
from wegent.terminal.choosing import chosen
from wegent.terminal.following import INTERRUPTED, Follower, cancel_all
from wegent.terminal.interrupts import Interrupts
from wegent.terminal.json_following import follow_as_json
from wegent.terminal.json_lines import json_line
from wegent.terminal.option_values import option_value
from wegent.terminal.saving import Saver
from wegent.terminal.session import Session, UsageError
from wegent.terminal.uploading import upload_all


def read_text(session: Session, words: list[str]) -> str:
    """Return the text that the command line gives, or standard input if it says so."""
    text = session.stdin.read() if words == ["-"] else " ".join(words)
    if not text.strip():
        raise UsageError(session.words("nothing_on_stdin" if words == ["-"] else "no_prompt"))
    return text


async def run(session: Session, arguments: argparse.Namespace, prompt: str) -> int:
    """Send a task and follow it; return its exit code."""
    values = _values(session, arguments)
    save = arguments.save or ("." if arguments.get and not arguments.detach else None)
    async with session.client() as client:
        saver = await _saver(session, client, save, arguments.detach)
        for name, paths in (("files", arguments.file), ("images", arguments.image)):
            values[name] = await upload_all(session, client, paths)
        conversation = None if arguments.task is None else await client.task(arguments.task)
        sending = client.run(prompt, task=conversation, **values)
        return await _send_and_follow(session, client, sending, saver, arguments.detach)


async def retry(session: Session, id: str, detach: bool, save: str | None) -> int:
    """Send a turn's prompt once more and follow it; return its exit code."""
    async with session.client() as client:
        saver = await _saver(session, client, save, detach)
        task = await client.task(id)
        return await _send_and_follow(session, client, task.retry(), saver, detach)


async def _send_and_follow(
    session: Session, client: AsyncClient, sending: Any, saver: Saver | None, detach: bool
) -> int:
    with Interrupts() as interrupts:
        sent = await _send(session, sending, interrupts)
        if sent is None:
            return INTERRUPTED
        task, is_stop_wanted = sent
        if session.as_json:
            head = {"type": "sent", "subtask_id": task.id, "task_id": task.task_id}
            session.screen.out(json_line(head))
            await session.screen.flush()
        if detach:
            return await _print_id(session, task)
        return await _follow(session, client, task, interrupts, saver, is_stop_wanted)


async def _saver(session: Session, client: AsyncClient, save: str | None, detach: bool) -> Saver | None:
    if save is None:
        return None
    if detach:
        raise UsageError(session.words("save_later"))
    return Saver(client, await asyncio.to_thread(made, Path(save)), session.screen, session.words, session.as_json)


async def attach(session: Session, id: str, save: str | None) -> int:
    """Follow a task from its beginning; return its exit code."""
    async with session.client() as client:
        saver = await _saver(session, client, save, detach=False)
        task = await client.task(id)
        subtask = await task.subtask()
        with Interrupts() as interrupts:
            return await _follow(session, client, task, interrupts, saver, answered_until=subtask.seq)


async def cancel(session: Session, id: str) -> int:
    """Ask to stop a task; that it has ended already is no error."""
    async with session.client() as client:
        task = await client.task(id)
        before = (await task.subtask()).state
        state = before
        if before not in TERMINAL:
            try:
                state = await task.cancel()
            except SettledError:
                before = state = await task.status
    if session.as_json:
        session.screen.out(json_line({"subtask_id": task.id, "task_id": task.task_id, "state": state}))
    elif before in TERMINAL:
        session.screen.line(session.words("ended_already", state=session.words(before)))
    else:
        session.screen.line(session.words("was_stopped" if state in TERMINAL else "is_stopping"))
    await session.screen.flush()
    return 0


def _values(session: Session, arguments: argparse.Namespace) -> dict[str, Any]:
    options: dict[str, Any] = {} if arguments.model is None else {"model": arguments.model}
    for text in arguments.option:
        name, is_there, value = text.partition("=")
        if not name or not is_there:
            raise UsageError(session.words("reading_option", text=text))
        options[name] = option_value(value)
    if arguments.get:
        options["results"] = arguments.get
    return {
        "device": chosen(session, arguments.device, arguments.label),
        "shell": arguments.shell,
        "wait": arguments.wait,
        "dir": _folder(arguments.dir),
        "options": options,
        "title": arguments.title,
    }


def _folder(folder: str | None) -> str | None:
    """Return the folder as the device needs it: a relative one that exists here means the one here."""
    if folder is None or not Path(folder).is_dir():
        return folder
    return str(Path(folder).absolute())


async def _send(session: Session, sending: Any, interrupts: Interrupts) -> tuple[AsyncTask, bool] | None:
    """Send; Ctrl-C meanwhile means to stop it once it is sent, a second one to give up."""
    sent: asyncio.Task[AsyncTask] = asyncio.create_task(sending)
    pressed = asyncio.create_task(interrupts.next())
    is_stop_wanted = False
    try:
        while True:
            await asyncio.wait({sent, pressed}, return_when=asyncio.FIRST_COMPLETED)
            if sent.done():
                return sent.result(), is_stop_wanted
            text = "maybe_sent" if is_stop_wanted else "stopping_after_send"
            session.screen.line(session.words(text))
            await session.screen.flush()
            if is_stop_wanted:
                return None
            is_stop_wanted = True
            pressed = asyncio.create_task(interrupts.next())
    finally:
        await cancel_all([sent, pressed])


async def _print_id(session: Session, task: AsyncTask) -> int:
    if not session.as_json:
        session.screen.out(f"{task.id}\n")
        session.screen.line(session.words("left", id=task.id), "dim")
    await session.screen.flush()
    return 0


async def _follow(
    session: Session,
    client: AsyncClient,
    task: AsyncTask,
    interrupts: Interrupts,
    saver: Saver | None,
    stop_at_once: bool = False,
    answered_until: int = 0,
) -> int:
    if session.as_json:
        save = {} if saver is None else {"save": saver.save}
        code = await follow_as_json(task, session.screen, session.words, interrupts, stop_at_once, **save)
    else:
        seen = session.screen, session.words, session.keyboard, answered_until
        code = await Follower(client, task, *seen, saver).follow(interrupts, stop_at_once)
    return code if saver is None else saver.exit_code(code)
