"""`wegent devices`, `wegent tasks` and `wegent default`."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from wegent.client.devices import LIGHTS, SHORT
from wegent.protocol.resources import Device, Task
from wegent.terminal.json_lines import json_line
from wegent.terminal.session import Session
from wegent.terminal.visible import visible

_STATE_MARKS = {"completed": "✓", "failed": "✗", "cancelled": "■"}


async def show_devices(session: Session) -> int:
    """List one's devices."""
    async with session.client() as client:
        devices = await client.devices
    if session.as_json:
        session.screen.out(json_line(devices))
    elif not devices:
        session.screen.line(session.words("no_devices"))
    else:
        names = ("device", "status", "slots", "queued", "shells", "id")
        put_table(session, names, [_device_row(session, device) for device in devices])
    await session.screen.flush()
    return 0


async def show_tasks(session: Session, limit: int, search: str | None) -> int:
    """List one's newest tasks."""
    async with session.client() as client:
        tasks = await client.tasks(limit, search)
    if session.as_json:
        session.screen.out(json_line(tasks))
    elif not tasks:
        session.screen.line(session.words("no_tasks"))
    else:
        put_table(session, ("task", "state", "id"), [_task_row(session, task) for task in tasks])
    await session.screen.flush()
    return 0


async def default_device(session: Session, device: str | None, unset: bool) -> int:
    """Show, set or unset the default device."""
    async with session.client() as client:
        if unset:
            await client.unset_default()
        elif device is not None:
            await client.set_default(device)
        chosen = next((each for each in await client.devices if each.is_default), None)
    if session.as_json:
        session.screen.out(json_line(chosen))
    elif chosen is None:
        session.screen.line(session.words("no_default"))
    else:
        session.screen.line(session.words("default_is", device=visible(chosen.name)))
    await session.screen.flush()
    return 0


def _device_row(session: Session, device: Device) -> tuple[str, ...]:
    presence = "paused" if device.paused and device.status != "offline" else device.status
    status = session.words("reconnecting" if device.reconnecting else presence)
    return (
        visible(device.name) + (" ⭐" if device.is_default else ""),
        f"{LIGHTS[device.status]} {status}",
        f"{device.slots.used}/{device.slots.total}",
        str(device.queued),
        visible(", ".join(device.shells)),
        device.device_id[:SHORT] if session.screen.out_is_terminal else device.device_id,
    )


def _task_row(session: Session, task: Task) -> tuple[str, ...]:
    last = task.last_subtask
    state = f"{_STATE_MARKS.get(last.state, '…')} {session.words(last.state)}" if last else ""
    return " ".join(visible(task.title).split()), state, last.subtask_id if last else task.task_id


def put_table(session: Session, names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Put a table whose columns have ``names``; for a program, lines whose fields are separated by tabs."""
    if not session.screen.out_is_terminal:
        session.screen.out("".join("\t".join(row) + "\n" for row in rows))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        is_whole = name in ("id", "slots", "status", "state", "queued")
        table.add_column(session.words(f"column_{name}"), no_wrap=is_whole, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(table)
    session.screen.out(capture.get())
