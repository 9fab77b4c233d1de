"""The web page as a person uses it: looks for what is seen and said aloud, never for classes."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect
from support.site import PASSWORD
from support.words import Words

SLOW = 60_000
"""Milliseconds for what waits for a Claude CLI to start."""


class Chat:
    """One tab at the page of a server."""

    def __init__(self, page: Page, url: str, language: str = "en") -> None:
        self.page = page
        self.url = url
        self.words = Words(language)

    async def open(self, path: str = "/") -> None:
        """Go somewhere in the page, by its address."""
        await self.page.goto(f"{self.url}/app{path}")

    async def log_in(self, name: str = "admin", password: str = PASSWORD, path: str = "/") -> None:
        """Open the page and log in."""
        await self.open(path)
        await self.page.get_by_label(self.words("login.name"), exact=True).fill(name)
        await self.page.get_by_label(self.words("login.password"), exact=True).fill(password)
        await self.button("login.submit").click()
        await expect(self.button("login.submit")).to_be_hidden()

    def button(self, key: str, within: Locator | None = None, **given: object) -> Locator:
        """Return the button that is called so."""
        return (within or self.page).get_by_role("button", name=self.words(key, **given), exact=True)

    def item(self, key: str, **given: object) -> Locator:
        """Return the entry of an open menu that is called so."""
        return self.page.get_by_role("menuitem", name=self.words(key, **given), exact=True)

    def shows(self, text: str | re.Pattern[str]) -> Locator:
        """Return the first element that shows this text."""
        return self.page.get_by_text(text).first

    @property
    def box(self) -> Locator:
        """The message box."""
        return self.page.get_by_label(self.words("chat.composer.label"), exact=True)

    @property
    def stream(self) -> Locator:
        """The conversation's output."""
        return self.page.get_by_role("region", name=self.words("stream.stream.label"), exact=True)

    @property
    def stop(self) -> Locator:
        """The button beside the message box that stops what runs."""
        return self.page.locator("form").get_by_role("button", name=self.words("chat.stop.stop"), exact=True)

    async def say(self, text: str) -> None:
        """Write a message and send it with Enter."""
        await self.box.fill(text)
        await self.box.press("Enter")

    @property
    def picker(self) -> Locator:
        """The choice of devices beside the message box."""
        return self.page.get_by_role("button", name=self.words.pattern("devices.picker.label"))

    def option(self, name: str) -> Locator:
        """Return a device (or the cloud) in the open choice of devices."""
        return self.page.get_by_role("menuitemradio").filter(has_text=name)

    async def pick(self, name: str) -> None:
        """Choose a device by its name."""
        await self.picker.click()
        await self.option(name).click()
        await expect(self.picker).to_contain_text(name)

    async def pick_shell(self, shell: str) -> None:
        """Choose what the next message runs in."""
        await self.page.get_by_role("button", name=self.words.pattern("chat.composer.shell")).click()
        await self.page.get_by_role("menuitemradio", name=re.compile(f"^{shell}")).click()

    async def run(self, command: str) -> None:
        """Send a command for the shell of the chosen device."""
        await self.pick_shell("Command")
        await self.say(command)

    async def pick_folder(self, folder: Path) -> None:
        """Choose one of the folders that the device offers."""
        await self.page.get_by_role("button", name=self.words.pattern("chat.folder.label")).click()
        await self.page.get_by_role("radio", name=str(folder)).click()

    def tool(self, name: str, summary: str) -> Locator:
        """Return the card of a tool call."""
        return self.stream.get_by_role("button").filter(has_text=name).filter(has_text=summary)

    def question(self, tool: str) -> Locator:
        """Return the open question whether a tool may run."""
        return self.page.get_by_role("region", name=self.words("stream.approval.title", tool=tool), exact=True)

    def conversation(self, title: str) -> Locator:
        """Return a conversation in the list."""
        return self.page.locator("[data-conversation]").filter(has_text=title)

    def card(self, device: str) -> Locator:
        """Return a device's card on the devices' page."""
        return self.page.get_by_role("article", name=device, exact=True)

    async def task_id(self) -> str:
        """Return the id of the conversation that is open."""
        await self.page.wait_for_url(re.compile(r"/app/c/[^/?]+"))
        return self.page.url.rpartition("/")[2]

    async def is_free_of_sideways_scrolling(self) -> bool:
        """Whether nothing is wider than the window."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    async def picture(self, path: Path) -> None:
        """Take a picture of what is seen."""
        await self.page.screenshot(path=path, animations="disabled")
