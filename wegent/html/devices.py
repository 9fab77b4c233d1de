"""Devices as a table: whether they are there, what is free, what waits."""

from collections.abc import Sequence

from wegent.client.tables import text_table
from wegent.html.escaping import cut, escaped
from wegent.html.words import Words
from wegent.protocol.resources import Device
from wegent.terminal.visible import visible

LIGHTS = {"online": "🟢", "busy": "🟡", "offline": "🔴"}
SHORT = 8
COLUMNS = ("status", "device", "slots", "queued", "shells", "id")


def status_words(device: Device, words: Words) -> str:
    """Say how it stands, behind its light: not by colour alone."""
    state = "paused" if device.paused and device.status != "offline" else device.status
    return f"{LIGHTS[device.status]} {words('reconnecting' if device.reconnecting else state)}"


def device_row(device: Device, words: Words) -> tuple[str, ...]:
    """Return one line of the table, as text."""
    return (
        status_words(device, words),
        cut(device.name, 100) + (" ⭐" if device.is_default else ""),
        words("slots", used=device.slots.used, total=device.slots.total),
        str(device.queued),
        cut(", ".join(device.shells), 200),
        device.device_id[:SHORT],
    )


def devices_html(devices: Sequence[Device], words: Words) -> str:
    """Return the table, without its style."""
    if not devices:
        return f'<div class="wg-dim">{escaped(words("no_devices_yet"))}</div>'
    head = "".join(f'<th scope="col">{escaped(words(f"column_{name}"))}</th>' for name in COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escaped(cell)}</td>" for cell in device_row(device, words)) + "</tr>"
        for device in devices
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def device_line(device: Device, words: Words) -> str:
    """Return one device as a line, as a list that changes shows it."""
    running = words("running_count", count=len(device.running))
    waiting = words("waiting_count", count=device.queued)
    status, name, slots, _, shells, _ = device_row(device, words)
    cells = "".join(f"<span>{escaped(cell)}</span>" for cell in (status, name, slots, running, waiting, shells))
    return f'<div class="wg-devices">{cells}</div>'


def devices_text(devices: Sequence[Device], words: Words) -> str:
    """Return the table as plain text."""
    rows = [device_row(device, words) for device in devices]
    return text_table([[visible(cell) for cell in row] for row in rows]) if rows else words("no_devices_yet")
