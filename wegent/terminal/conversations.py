"""What can be done to a task that is there: telling it something, moving, renaming, deleting it, its log."""

from collections.abc import Mapping

from wegent.terminal.choosing import chosen
from wegent.terminal.json_lines import event_line, json_line
from wegent.terminal.rendering import Renderer
from wegent.terminal.session import Session, UsageError


async def say(session: Session, id: str, text: str) -> int:
    """Tell a running task something."""
    async with session.client() as client:
        task = await client.task(id)
        await task.send(text)
    return await _done(session, {"subtask_id": task.id, "task_id": task.task_id}, session.words("said"))


async def move(session: Session, id: str, device: str | None, labels: list[str]) -> int:
    """Let a task that waits in a queue wait for another device, or any."""
    where = chosen(session, device, labels)
    if where is None:
        raise UsageError(session.words("move_where"))
    async with session.client() as client:
        task = await client.task(id)
        moved = await task.move(where)
    data = {"subtask_id": task.id, "task_id": task.task_id, "device_id": moved.device_id, "state": moved.state}
    name = session.words.any_device(where) if isinstance(where, Mapping) else str(device)
    return await _done(session, data, session.words("moved", device=name))


async def rename(session: Session, id: str, title: str) -> int:
    """Give a task another title."""
    async with session.client() as client:
        task = await client.task(id)
        await task.rename(title)
    return await _done(session, {"task_id": task.task_id, "title": title}, session.words("renamed", title=title))


async def delete(session: Session, id: str) -> int:
    """Delete a task that has ended, with its turns and their output."""
    async with session.client() as client:
        task = await client.task(id)
        await task.delete()
    return await _done(session, {"task_id": task.task_id}, session.words("deleted"))


async def show_log(session: Session, id: str, after: int) -> int:
    """Print what a task has said until now, and follow it no further."""
    async with session.client() as client:
        events = await (await client.task(id)).log(after)
    renderer = Renderer(session.screen, session.words)
    for seq, event in enumerate(events, after + 1):
        if session.as_json:
            session.screen.out(event_line(seq, event))
        else:
            renderer.show(event)
    if not session.as_json:
        renderer.end()
    await session.screen.flush()
    return 0


async def _done(session: Session, data: object, text: str) -> int:
    if session.as_json:
        session.screen.out(json_line(data))
    else:
        session.screen.line(text)
    await session.screen.flush()
    return 0
