"""The page for everyone: each user alone, both languages, phones, keyboards, both themes, composing input."""

import pytest
from playwright.async_api import Locator, Page, expect
from support.browser import PHONE, Surf
from support.chat import Chat
from support.site import Site
from support.sources import ROOT

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
RULES = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const bad = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return bad.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`);
}"""


async def test_a_second_user_sees_nothing_of_the_first(site: Site, surf: Surf) -> None:
    admin = Chat(await (await surf()).page(), site.url)
    await admin.log_in()
    await admin.run("echo for my eyes only")
    await expect(admin.stream.get_by_text("for my eyes only", exact=True)).to_be_visible()
    ann = await site.user("ann")
    other = Chat(await (await surf()).page(), site.url)
    await other.log_in(ann.name, ann.password)
    await expect(other.shows(other.words("chat.list.empty"))).to_be_visible()
    await expect(other.shows(other.words("chat.new.noDevice"))).to_be_visible()
    await other.open(f"/c/{await admin.task_id()}")
    await expect(other.shows(other.words("chat.conversation.goneTitle"))).to_be_visible()
    await other.open("/devices")
    await expect(other.shows(other.words("devices.empty.title"))).to_be_visible()
    assert "for my eyes only" not in await other.page.content()


async def test_the_page_speaks_chinese_to_those_who_do_and_either_on_demand(site: Site, surf: Surf) -> None:
    chat = Chat(await (await surf(language="zh")).page(), site.url, "zh")
    page = chat.page
    await chat.log_in()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await chat.run("echo 你好")
    await expect(chat.stream.get_by_text("你好", exact=True)).to_be_visible()
    await expect(chat.button("chat.turn.retry")).to_be_visible()
    await chat.open("/devices")
    card = page.get_by_role("article").first
    await expect(card.get_by_text("在线", exact=True)).to_be_visible()
    await expect(card).to_contain_text("槽位使用中")
    await chat.open("/settings")
    await page.get_by_role("radio", name="English").click()
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_a_phone_shows_everything_without_sideways_scrolling_and_stop_is_in_reach(
    site: Site, surf: Surf
) -> None:
    chat = Chat(await (await surf(size=PHONE, is_phone=True)).page(), site.url)
    page = chat.page
    await chat.log_in()
    assert await chat.is_free_of_sideways_scrolling()
    await chat.run(f"echo {'wide' * 60}; sleep 60")
    await expect(chat.stream.get_by_text("wide" * 60, exact=True)).to_be_visible()
    assert await chat.is_free_of_sideways_scrolling()
    await expect(chat.stop).to_be_in_viewport(ratio=1)
    assert await is_large_enough(chat.stop)
    await chat.stop.tap()
    await expect(chat.stream.get_by_text(chat.words("stream.outcome.cancelled"), exact=True)).to_be_visible()
    await chat.button("core.nav.open").tap()
    await page.get_by_role("link", name=chat.words("core.nav.devices"), exact=True).tap()
    await expect(page.get_by_role("heading", name=chat.words("devices.title"), level=1)).to_be_visible()
    assert await chat.is_free_of_sideways_scrolling()
    await chat.open("/settings")
    await expect(chat.button("settings.tokens.generate")).to_be_visible()
    assert await chat.is_free_of_sideways_scrolling()


async def is_large_enough(button: Locator) -> bool:
    """Whether a thumb meets it."""
    box = await button.bounding_box()
    return box is not None and box["height"] >= 40 and box["width"] >= 40


async def test_enter_that_ends_composing_sends_nothing(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.pick_shell("Command")
    await chat.box.focus()
    keyboard = await page.context.new_cdp_session(page)
    await keyboard.send("Input.imeSetComposition", {"text": "echo ni", "selectionStart": 7, "selectionEnd": 7})
    key = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    await keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    await keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    await page.evaluate(
        """(box) => box.dispatchEvent(new KeyboardEvent("keydown",
            { key: "Enter", code: "Enter", bubbles: true, cancelable: true, isComposing: true }))""",
        await chat.box.element_handle(),
    )
    await keyboard.send("Input.insertText", {"text": "echo 你"})
    await page.wait_for_timeout(500)
    assert page.url.rstrip("/").endswith("/app"), "nothing was sent"
    await expect(chat.box).to_have_value("echo 你")
    await chat.box.press("Shift+Enter")
    await expect(chat.box).to_have_value("echo 你\n")
    await chat.box.press("Backspace")
    await chat.box.press("Enter")
    await expect(chat.stream.get_by_text("你", exact=True)).to_be_visible()


async def test_everything_is_reached_by_keyboard(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.log_in()
    await expect(chat.box).to_be_focused()
    await page.keyboard.type("echo by keyboard")
    await chat.picker.focus()
    await page.keyboard.press("Enter")
    await expect(chat.option(chat.words("devices.picker.cloud"))).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(chat.picker).to_be_focused()
    await page.get_by_role("button", name=chat.words.pattern("chat.composer.shell")).press("Enter")
    await expect(page.get_by_role("menuitemradio", name="ClaudeCode")).to_be_focused()
    await page.keyboard.type("Comm")
    await expect(page.get_by_role("menuitemradio", name="Command")).to_be_focused()
    await page.keyboard.press("Enter")
    await chat.box.press("Enter")
    await expect(chat.stream.get_by_text("by keyboard", exact=True)).to_be_visible()
    await expect(chat.box).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_serious_on_any_page(site: Site, surf: Surf, theme: str) -> None:
    chat = Chat(await (await surf(theme=theme, is_checked_by_axe=True)).page(), site.url)
    page = chat.page
    await chat.open("/")
    await expect(chat.button("login.submit")).to_be_visible()
    found = {"login": await axe(page)}
    await chat.log_in()
    await expect(chat.picker).to_be_visible()
    found["new"] = await axe(page)
    await chat.run("ls --color=always /; echo wrong >&2; exit 3")
    await expect(chat.button("chat.turn.retry")).to_be_visible()
    found["conversation"] = await axe(page)
    await chat.picker.click()
    await expect(chat.option(chat.words("devices.picker.cloud"))).to_be_visible()
    found["picker"] = await axe(page)
    for path, heading in (("/devices", "devices.title"), ("/settings", "settings.title")):
        await chat.open(path)
        await expect(page.get_by_role("heading", name=chat.words(heading), level=1)).to_be_visible()
        found[path] = await axe(page)
    await chat.open("/devices?add")
    await expect(page.get_by_role("dialog")).to_be_visible()
    found["add"] = await axe(page)
    told = [f"{name}: {violation}" for name, violations in found.items() for violation in violations]
    assert not told, "\n".join(told)


async def axe(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical now, once nothing moves any more."""
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))")
    if not await page.evaluate("'axe' in globalThis"):
        await page.add_script_tag(path=AXE)
    found: list[str] = await page.evaluate(RULES)
    return found
