"""What the pictures show, each played on a Wegent of its own."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from desk import Desk
from playwright.async_api import Browser, WebSocketRoute, expect
from support.browser import surfing
from support.chat import SLOW, Chat
from support.model_endpoint import Reply, text, thinking, tool
from support.processes import Program
from support.site import Site

DESKTOP = (1280, 820)
PHONE = (390, 780)
SOURCE = '''\
"""Prices, in cents."""


def total(prices, discount=0):
    amount = 0
    for price in prices:
        amount = price
    return amount - discount
'''
TEST = """\
import unittest

from prices import total


class Prices(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([200, 300]), 500)

    def test_discount(self):
        self.assertEqual(total([200, 300], discount=50), 450)
"""
SUMMARY = """\
Both tests pass now. `total` kept only the **last** price:

- `amount = price` overwrote the sum in every round; it is `amount += price` now
- the discount was right all along, so I left it alone

I looked for the same slip elsewhere in the project and found none."""


def _retouch(socket: WebSocketRoute) -> None:
    """Let the page see plain systems: which kernel the pictures were taken on is of no interest."""
    server = socket.connect_to_server()
    server.on_message(lambda message: socket.send(re.sub(r"Linux-\d[^\"]*", "Linux", str(message))))


class Studio:
    """A Wegent with a few devices, a browser, and where the picture goes."""

    def __init__(self, site: Site, browser: Browser, path: Path) -> None:
        self.site = site
        self.path = path
        self.folder = site.workspace / "shop"
        self.browser = browser

    @asynccontextmanager
    async def chat(
        self, size: tuple[int, int] = DESKTOP, theme: str = "light", is_phone: bool = False
    ) -> AsyncIterator[Chat]:
        """Open the page and log in."""
        scale = 2 if is_phone else 1
        async with surfing(self.browser, size=size, theme=theme, is_phone=is_phone, scale=scale) as surfer:
            chat = Chat(await surfer.page(), self.site.url)
            await chat.page.route_web_socket(re.compile("/ws/chat"), _retouch)
            await chat.log_in()
            yield chat

    async def furnish(self) -> Program:
        """Name this computer, add others, and let there have been some conversations; return the laptop."""
        (here,) = await self.site.devices()
        await self.site.up.call("PATCH", f"/devices/{here['device_id']}", json={"name": "workstation"})
        for name in ("gpu-box", "laptop"):
            program = await self.site.start_executor(name, "--slots", "2", "--label", f"room={ROOMS[name]}")
        for title in EARLIER:
            body = {"prompt": "true", "shell": "Command", "title": title}
            sent = await self.site.up.call("POST", "/tasks", json=body)
            await self.site.up.settled(sent["subtask_id"])
            await self.site.up.call("PUT", f"/tasks/{sent['task_id']}/seen")
        return program

    def write_project(self) -> None:
        """Make a small project with a failing test."""
        self.folder.mkdir()
        (self.folder / "prices.py").write_text(SOURCE)
        (self.folder / "test_prices.py").write_text(TEST)

    def mending(self, end: Reply) -> list[Reply]:
        """What Claude does to mend it."""
        source = str(self.folder / "prices.py")
        plan = [("Run the tests", "completed"), ("Find the cause", "completed"), ("Mend it", "in_progress")]
        todos = [{"content": words, "status": status, "activeForm": words} for words, status in plan]
        run = "python3 -m unittest -q"
        return [
            [
                thinking("The folder is small. I should run the tests first, then read what fails."),
                text("I run the tests first."),
                tool("Bash", command=run, description="Run the tests"),
            ],
            [
                text("`total` returns only the last price. Let me see why."),
                tool("Read", file_path=source),
                tool("TodoWrite", todos=todos),
            ],
            [tool("Edit", file_path=source, old_string="amount = price", new_string="amount += price")],
            [tool("Bash", command=run, description="Run the tests again")],
            end,
        ]

    async def ask_to_mend(self, chat: Chat, end: Reply) -> None:
        """Send the task, and allow what it runs; the edit waits to be allowed."""
        self.write_project()
        self.site.script(*self.mending(end))
        await chat.pick("workstation")
        await chat.pick_folder(self.site.workspace)
        await chat.say(f"Run the tests in {self.folder.name}/ and mend what fails. Change as little as you can.")
        bash = chat.question("Bash")
        await expect(bash).to_be_visible(timeout=SLOW)
        await chat.button("stream.approval.choice.allow_task", bash).click()
        await expect(chat.question("Edit")).to_be_visible(timeout=SLOW)

    async def allow_edit(self, chat: Chat) -> None:
        """Allow the edit, and wait until the last words begin."""
        await chat.button("stream.approval.choice.allow", chat.question("Edit")).click()
        await expect(chat.stream.get_by_text("Both tests pass now.")).to_be_visible(timeout=SLOW)

    async def shoot(self, chat: Chat) -> None:
        """Take the picture once all stands still."""
        await chat.page.mouse.move(0, 0)
        await asyncio.sleep(0.8)
        await chat.picture(self.path)


ROOMS = {"gpu-box": "cellar", "laptop": "desk"}
EARLIER = ("Clean up the downloads folder", "Compare the two sales reports", "Why is the backup slow?")


async def running(studio: Studio) -> None:
    """Claude at work: tools, an edit, and the answer being written."""
    await studio.furnish()
    async with studio.chat() as chat:
        await studio.ask_to_mend(chat, [text(SUMMARY, pause=0.5)])
        await studio.allow_edit(chat)
        await expect(chat.stream.get_by_text("overwrote the sum")).to_be_visible(timeout=SLOW)
        await studio.shoot(chat)


async def approval(studio: Studio) -> None:
    """A question that waits for its answer."""
    await studio.furnish()
    async with studio.chat() as chat:
        await studio.ask_to_mend(chat, [text(SUMMARY)])
        await studio.shoot(chat)


async def phone(studio: Studio) -> None:
    """The same on a phone."""
    await studio.furnish()
    async with studio.chat(PHONE, is_phone=True) as chat:
        await studio.ask_to_mend(chat, [text(SUMMARY)])
        await studio.shoot(chat)


async def dark(studio: Studio) -> None:
    """A conversation that is over, in the dark."""
    await studio.furnish()
    async with studio.chat(theme="dark") as chat:
        await studio.ask_to_mend(chat, [text(SUMMARY)])
        await studio.allow_edit(chat)
        await expect(chat.button("chat.turn.retry")).to_be_visible(timeout=SLOW)
        await studio.shoot(chat)


async def queued(studio: Studio) -> None:
    """A message that waits for a busy device."""
    await studio.furnish()
    async with studio.chat() as chat:
        for number in range(1, 4):
            await chat.open("/")
            await chat.pick("laptop")
            await chat.run(f"sleep 100; echo backup {number} is done")
            await expect(chat.stream).to_be_visible()
        await expect(chat.stream.get_by_text(chat.words.pattern("chat.turn.place_ordinal_one"))).to_be_visible()
        await chat.picker.click()
        await studio.shoot(chat)


async def failed(studio: Studio) -> None:
    """A task whose device went away."""
    laptop = await studio.furnish()
    async with studio.chat() as chat:
        await chat.pick("laptop")
        await chat.run("for i in $(seq 12); do echo copying part $i of 40; done; sleep 20")
        await expect(chat.stream.get_by_text("part 12")).to_be_visible()
        laptop.kill()
        await expect(chat.button("chat.turn.retry")).to_be_visible()
        await studio.shoot(chat)


async def devices(studio: Studio) -> None:
    """All of one's computers."""
    laptop = await studio.furnish()
    (studio.site.workspace / "train.py").write_text("import time\n\ntime.sleep(60)\n")
    for size in ("small", "medium", "large"):
        body = {"prompt": f"python3 train.py --size {size}", "shell": "Command", "device_id": "gpu-box"}
        options = {"workdir": str(studio.site.workspace)}
        await studio.site.up.call("POST", "/tasks", json={**body, "title": f"Train: {size}", "options": options})
    await laptop.stop()
    async with studio.chat() as chat:
        await chat.open("/devices")
        await expect(chat.card("gpu-box")).to_be_visible()
        await expect(
            chat.card("laptop").get_by_text(chat.words("devices.status.offline"), exact=True)
        ).to_be_visible()
        await studio.shoot(chat)


async def notebook(studio: Studio) -> None:
    """A notebook in JupyterLab."""
    await studio.furnish()
    await Desk(studio.site, studio.browser, "Light").picture(str(studio.path))


async def notebook_dark(studio: Studio) -> None:
    """The same in its dark theme."""
    await studio.furnish()
    await Desk(studio.site, studio.browser, "Dark").picture(str(studio.path))


SCENES: dict[str, Callable[[Studio], Awaitable[None]]] = {
    "running": running,
    "approval": approval,
    "queued": queued,
    "failed": failed,
    "phone": phone,
    "dark": dark,
    "devices": devices,
    "notebook": notebook,
    "notebook-dark": notebook_dark,
}
