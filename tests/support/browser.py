"""A real headless Chromium: the one that scripts/browser finds."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect
from support.sources import ROOT

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BUILT = ROOT / "api/static/index.html"
DESKTOP = (1280, 800)
PHONE = (360, 740)
PATIENCE = 20.0
"""Seconds that a look at a page may take, on a loaded machine."""
_WATCH = """
addEventListener("securitypolicyviolation", (event) =>
    console.error(`Content Security Policy: ${event.violatedDirective} refused ${event.blockedURI}`));
"""


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Start Chromium until the block ends."""
    expect.set_options(timeout=PATIENCE * 1000)
    found = await _find()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


class Surfer:
    """One person's browser: a context with its own cookies, and everything that went wrong in its pages."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.said: list[str] = []
        """What pages wrote to their console."""
        self.faults: list[str] = []
        """Uncaught exceptions and violations of the Content-Security-Policy: there must be none."""

    async def page(self) -> Page:
        """Open one more tab."""
        return await self.context.new_page()

    def _on_page(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        page.on("crash", lambda _: self.faults.append("the page crashed"))

    def _on_console(self, message: ConsoleMessage) -> None:
        self.said.append(f"{message.type}: {message.text}")
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    async def save(self, folder: Path) -> None:
        """Keep what can be seen now, for whoever looks into a failure."""
        for number, page in enumerate(self.context.pages):
            await page.screenshot(path=folder / f"page-{number}.png")
            (folder / f"page-{number}.html").write_text(await page.content())
        (folder / "console.txt").write_text("\n".join(self.said + self.faults))


async def _find() -> str:
    argv = (str(ROOT / "scripts/browser"), sys.prefix)
    looking = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    output, _ = await looking.communicate()
    assert looking.returncode == 0, "there is no Chromium, and scripts/browser said why"
    return output.decode().strip()


@asynccontextmanager
async def surfing(
    browser: Browser,
    *,
    size: tuple[int, int] = DESKTOP,
    language: str = "en",
    theme: str = "light",
    is_phone: bool = False,
    is_checked_by_axe: bool = False,
    scale: float = 1,
) -> AsyncIterator[Surfer]:
    """Open a browser for one person.

    axe-core is put into the page as a script, which the page's policy rightly refuses: for it alone that is off.
    """
    assert BUILT.exists(), "the web page is not built: run `make page`"
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
        locale={"en": "en-GB", "zh": "zh-CN"}[language],
        color_scheme="dark" if theme == "dark" else "light",
        has_touch=is_phone,
        is_mobile=is_phone,
        bypass_csp=is_checked_by_axe,
    )
    try:
        context.set_default_timeout(PATIENCE * 1000)
        await context.add_init_script(_WATCH)
        surfer = Surfer(context)
        context.on("page", surfer._on_page)
        yield surfer
    finally:
        await context.close()


class Surf(Protocol):
    """Opens one more person's browser; takes what :func:`surfing` takes."""

    async def __call__(self, **options: Any) -> Surfer: ...
