"""One's devices, live: whether they are there, what is free, what waits, and which is the default."""

import asyncio
import contextlib

from ipywidgets import HTML, Button, HBox, Layout, VBox

from notebook_ext.subshells import hear_while_cells_run
from notebook_ext.views.questions import close_widgets
from notebook_ext.views.view import View
from wegent.client.blocking import Client
from wegent.client.errors import WegentError
from wegent.client.watches import Link
from wegent.html.devices import device_line, devices_html, devices_text
from wegent.html.escaping import escaped
from wegent.html.style import scoped
from wegent.protocol.chat_messages import DeviceState
from wegent.protocol.resources import Device
from wegent.protocol.time_limit import time_limit

LOOK_SECONDS = 10.0


class DevicePanel(View):
    """Follows all devices of ``client``'s user until it is closed."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.portal)
        self.subject = f"devices {client.url}"
        self.client = client
        self.devices: dict[str, Device] = {}
        self.stars: dict[str, Button] = {}
        self._lines: dict[str, HTML] = {}
        self._rows: dict[str, HBox] = {}
        self._list = VBox()
        self._link = HTML()
        self._lost = ""
        self._is_known = False
        self.root.children = (self.style, self._link, self._list, self.problem)

    def show(self) -> None:
        """Display it with the devices that there are, so that what is saved is true from the beginning."""
        self.devices = {device.device_id: device for device in self.client.devices}
        super().show()

    def text(self) -> str:
        """Return the table as plain text."""
        return devices_text(list(self.devices.values()), self.words)

    def html(self) -> str:
        """Return the table as HTML."""
        return devices_html(list(self.devices.values()), self.words)

    async def follow(self) -> None:
        """Follow until it is closed."""
        looking: set[asyncio.Task[None]] = set()
        async with self.client.core.watch() as watch:
            try:
                while True:
                    change = await watch.next()
                    if isinstance(change, Link):
                        self._lost = "" if change.is_up else change.reason
                        if change.is_up:  # some may have been deleted while nothing was heard
                            look = asyncio.ensure_future(self._look())
                            looking.add(look)
                            look.add_done_callback(looking.discard)
                    elif isinstance(change, DeviceState):
                        self._put(change)
                    self.painter.touch()
            finally:
                for look in looking:
                    look.cancel()

    def paint(self) -> None:
        """Set what has changed."""
        lost = self.words("link_lost", reason=self._lost) if self._lost else ""
        nothing = devices_html([], self.words) if self._is_known and not self.devices else ""
        self._link.value = scoped(
            (f'<div class="wg-notice-warning">{escaped(lost)}</div>' if lost else "") + nothing
        )
        rows = {device_id: self._rows.get(device_id) or self._row(device_id) for device_id in self.devices}
        for device in self.devices.values():
            self._lines[device.device_id].value = scoped(device_line(device, self.words))
            star = self.stars[device.device_id]
            star.description = "⭐" if device.is_default else "☆"
            name = "unset_default" if device.is_default else "make_default"
            star.tooltip = self.words(name, device=device.name)
        if rows.keys() != self._rows.keys():
            gone = [row for device_id, row in self._rows.items() if device_id not in rows]
            self._rows = rows
            self._list.children = tuple(rows.values())
            for row in gone:
                close_widgets(row)

    def _row(self, device_id: str) -> HBox:
        self._lines[device_id] = HTML(layout=Layout(flex="1 1 auto"))
        star = self.stars[device_id] = Button(layout=Layout(width="40px", flex="0 0 auto"))
        hear_while_cells_run(star)
        star.on_click(lambda _: self.act(self._star(device_id)))
        hear_while_cells_run(star)
        return HBox([star, self._lines[device_id]])

    def _put(self, state: DeviceState) -> None:
        self._is_known = True
        if state.removed:
            self.devices.pop(state.device_id, None)
        else:
            self.devices[state.device_id] = state

    async def _look(self) -> None:
        with contextlib.suppress(
            WegentError, TimeoutError
        ):  # the watch tells of a lost link, and all devices again
            async with time_limit(LOOK_SECONDS):
                there = {device.device_id: device for device in await self.client.core.devices}
            self._is_known = True
            kept = {device_id: self.devices[device_id] for device_id in self.devices if device_id in there}
            self.devices = {**kept, **{each: there[each] for each in there if each not in kept}}
            self.painter.touch()

    async def _star(self, device_id: str) -> None:
        device = self.devices.get(device_id)
        if device is not None and device.is_default:
            await self.client.core.unset_default()
        else:
            await self.client.core.set_default(device_id)
