"""Folders: what devices offer, and where a subtask wants to work.

The device resolves links and decides; this finds early what it cannot allow.
"""

import re

import sqlalchemy as sa

from api.store.devices import DeviceRow
from api.store.tables import subtasks


def written(path: str) -> str:
    """Return a path as it is compared, and as ``subtasks.folder`` holds it: with a slash behind each part."""
    return re.sub(r"[\\/]+", "/", path).rstrip("/") + "/"


def offers(device: DeviceRow, path: str | None) -> bool:
    """Return whether a device offers a folder, or the one that it lies in."""
    if path is None:
        return True
    wanted = written(path)
    return "/../" not in wanted and any(wanted.startswith(written(folder)) for folder in device.about.folders)


def suits(device: DeviceRow) -> sa.ColumnElement[bool]:
    """Return the condition for subtasks that want no folder, or one that the device offers."""
    begins = [
        sa.func.substr(subtasks.c.folder, 1, len(folder)) == folder
        for folder in map(written, device.about.folders)
    ]
    return sa.or_(subtasks.c.folder.is_(None), *begins)
