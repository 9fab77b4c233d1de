"""Devices as people choose and see them."""

import os
from collections.abc import Mapping, Sequence

from wegent.client.errors import DeviceChoiceError
from wegent.client.tables import text_table
from wegent.protocol.resources import ANY, CLOUD, Device

Where = str | Device | Mapping[str, str]
"""A name, an id or how it begins, a device itself, ``"cloud"``, or labels: any of one's own that has them all."""

SHORT = 8
"""Letters of a device's id that a list shows, and that are enough to choose by where they are unique."""
SHORTEST_PREFIX = 4

LIGHTS = {"online": "🟢", "busy": "🟡", "offline": "🔴"}


class DeviceList(list[Device]):
    """Devices; a table wherever they are shown."""

    def __repr__(self) -> str:
        """Show a table in plain text."""
        return text_table([_row(device) for device in self]) or "no devices"

    def _repr_html_(self) -> str:
        """Show a table in a notebook."""
        from wegent.html.devices import devices_html  # rendering is only needed where it is shown
        from wegent.html.style import styled
        from wegent.html.words import Words

        return styled(devices_html(self, Words.for_locale(os.environ)))


def _row(device: Device) -> tuple[str, ...]:
    star = " ⭐" if device.is_default else ""
    paused = ", paused" if device.paused else ""
    return (
        f"{LIGHTS[device.status]} {device.status}{paused}",
        device.name + star,
        f"{device.slots.used}/{device.slots.total}",
        str(device.queued),
        ", ".join(device.shells),
        device.device_id[:SHORT],
    )


def choose(devices: Sequence[Device], wanted: str) -> str:
    """Return the id of the device that ``wanted`` means: its id, its name, or how its id begins.

    Raises :class:`DeviceChoiceError` if that is none, or several.
    """
    if wanted in (CLOUD, ANY) or any(device.device_id == wanted for device in devices):
        return wanted
    found = [device for device in devices if device.name == wanted]
    if not found and len(wanted) >= SHORTEST_PREFIX:
        found = [device for device in devices if device.device_id.startswith(wanted)]
    if not found:
        known = ", ".join(sorted(f"“{device.name}”" for device in devices)) or "none yet"
        raise DeviceChoiceError(
            f"There is no device called “{wanted}”.", hint=f"Devices: {known}. See `wegent devices`."
        )
    if len(found) > 1:
        length = _telling_length([device.device_id for device in found])
        listed = ", ".join(f"{device.device_id[:length]} (“{device.name}”, {device.status})" for device in found)
        raise DeviceChoiceError(
            f"{len(found)} devices are called “{wanted}”: {listed}.", hint="Choose one by its id."
        )
    return found[0].device_id


def _telling_length(ids: list[str]) -> int:
    """Return how many letters tell these ids apart, at least those that lists show."""
    for length in range(SHORT, max(map(len, ids)) + 1):
        if len({device_id[:length] for device_id in ids}) == len(ids):
            return length
    return max(map(len, ids))
