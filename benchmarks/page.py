"""The web page in a real Chromium: how soon a long conversation is open, and whether it answers under load."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from api.auth import COOKIE
from benchmarks.connection import PATIENCE, BrokenError
from benchmarks.first_load import check_page_is_built, weigh_first_load
from benchmarks.narration import last_words
from benchmarks.narrator import Narrator, Tale
from benchmarks.orders import Member
from benchmarks.plan import Plan
from benchmarks.results import Answering, Opening, PageFigures
from benchmarks.servers import serving

FIND_BROWSER = Path(__file__).resolve().parents[1] / "scripts/browser"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
KEY_SECONDS = 0.1
"""Between two keys that are pressed while output arrives."""
SETTLE_SECONDS = 0.5
METER = """
globalThis.meter = { tasks: [], events: [], frames: [] };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) meter.tasks.push([entry.startTime, entry.duration]);
}).observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) meter.events.push([entry.startTime, entry.duration]);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
const watch = (before) => requestAnimationFrame((now) => {
  meter.frames.push([before, now - before]);
  watch(now);
});
watch(performance.now());
"""
READ = """(since) => Object.fromEntries(Object.entries(meter).map(
    ([name, entries]) => [name, entries.filter(([start]) => start >= since).map(([, length]) => length)]))"""

LOADED = 'performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)'


class Meter(msgspec.Struct, frozen=True):
    """What the page's own clocks say, in milliseconds; tasks shorter than 50 ms are not told by browsers."""

    tasks: list[float]
    events: list[float]
    frames: list[float]

    def answering(self) -> Answering:
        """Return the worst of it."""
        return Answering(
            longest_task_ms=max(self.tasks, default=0.0),
            long_tasks=len(self.tasks),
            longest_frame_ms=max(self.frames, default=0.0),
            slowest_key_ms=max(self.events, default=0.0),
        )


async def measure_page(plan: Plan) -> PageFigures:
    """Weigh the first load, open a long conversation, and watch a busy one."""
    check_page_is_built()
    async with serving("wegent") as (_, site), _chromium() as browser, aiohttp.ClientSession() as session:
        (member,) = site.members(1)
        async with Narrator.online(session, member) as narrator:
            context = await _context(browser, member)
            load = weigh_first_load(await _loaded(context, member))
            narrator.may_begin.set()
            opening = await _open(context, session, member, plan.page_events)
            narrator.may_begin.clear()
            answering, behind = await _watch(context, session, member, narrator, plan)
            await context.close()
    return PageFigures(
        first_load=load, opening=opening, streaming=answering, behind_ms=behind, browser=browser.version
    )


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    argv = (str(FIND_BROWSER), sys.prefix)
    finding = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    found, _ = await finding.communicate()
    if finding.returncode != 0:
        raise BrokenError("there is no Chromium, and scripts/browser said why")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found.decode().strip(), args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


async def _context(browser: Browser, member: Member) -> BrowserContext:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE * 1000)
    await context.add_init_script(METER)
    await context.add_cookies([{"name": COOKIE, "value": member.token, "url": member.url}])
    return context


async def _loaded(context: BrowserContext, member: Member) -> list[str]:
    """Return the paths of all that a browser loads until a message can be written, and a moment longer."""
    page = await context.new_page()
    await page.goto(f"{member.url}/app/")
    await page.get_by_role("textbox").last.wait_for()
    await asyncio.sleep(SETTLE_SECONDS)
    paths: list[str] = await page.evaluate(LOADED)
    await page.close()
    return paths


async def _send(session: aiohttp.ClientSession, member: Member, tale: Tale) -> tuple[str, str]:
    """Send a tale to the device, and return the paths of its conversation and of its subtask."""
    headers = {"Authorization": f"Bearer {member.token}"}
    body = {"prompt": msgspec.json.encode(tale).decode(), "device_id": member.device_id}
    async with session.post(f"{member.url}/tasks", json=body, headers=headers) as response:
        response.raise_for_status()
        sent = await response.json()
    return f"/app/c/{sent['task_id']}", f"/subtasks/{sent['subtask_id']}"


async def _settled(session: aiohttp.ClientSession, member: Member, subtask: str) -> None:
    headers = {"Authorization": f"Bearer {member.token}"}
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        async with session.get(f"{member.url}{subtask}", headers=headers) as response:
            if (await response.json())["state"] == "completed":
                return
        await asyncio.sleep(0.1)
    raise BrokenError(f"{subtask} is not completed")


async def _open(context: BrowserContext, session: aiohttp.ClientSession, member: Member, events: int) -> Opening:
    path, subtask = await _send(session, member, Tale(events))
    await _settled(session, member, subtask)
    page = await context.new_page()
    await page.goto(f"{member.url}/app/")
    link = page.locator(f'a[href="{path}"]').first
    await link.wait_for()
    await asyncio.sleep(SETTLE_SECONDS)
    since = await page.evaluate("performance.now()")
    clicked = await _until_end_is_seen(page, events, link.click())
    meter = await _read(page, since)
    await page.close()
    page = await context.new_page()
    loaded = await _until_end_is_seen(page, events, page.goto(f"{member.url}{path}"))
    await page.close()
    return Opening(events=events, click_ms=clicked, load_ms=loaded, answering=meter.answering())


async def _until_end_is_seen(page: Page, events: int, begin: Awaitable[object]) -> float:
    began = time.monotonic()
    await begin
    await page.get_by_text(last_words(events)).first.wait_for()
    return (time.monotonic() - began) * 1000


async def _watch(
    context: BrowserContext, session: aiohttp.ClientSession, member: Member, narrator: Narrator, plan: Plan
) -> tuple[Answering, float]:
    """Let output arrive while somebody types, and return how the page answered and how far behind its end was."""
    events = round(plan.page_rate * plan.page_seconds)
    path, _ = await _send(session, member, Tale(events, plan.page_rate))
    page = await context.new_page()
    await page.goto(f"{member.url}{path}")
    box = page.get_by_role("textbox").last
    await box.wait_for()
    await asyncio.sleep(SETTLE_SECONDS)
    since = await page.evaluate("performance.now()")
    narrator.may_begin.set()
    async with asyncio.TaskGroup() as group:
        typing = group.create_task(_type(page))
        await page.get_by_text(last_words(events)).first.wait_for()
        behind = (time.monotonic() - narrator.ended_at) * 1000
        typing.cancel()
    meter = await _read(page, since)
    await page.close()
    return meter.answering(), behind


async def _type(page: Page) -> None:
    await page.get_by_role("textbox").last.focus()
    while True:
        await page.keyboard.press("x")
        await asyncio.sleep(KEY_SECONDS)


async def _read(page: Page, since: float) -> Meter:
    return msgspec.convert(await page.evaluate(READ, since), Meter)
