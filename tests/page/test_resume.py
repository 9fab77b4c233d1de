"""Whatever happens in mid-stream, the text is the same in the end: nothing lost, nothing twice."""

import os
import signal

import pytest
from playwright.async_api import Page, expect
from support.browser import Surf
from support.chat import SLOW, Chat
from support.model_endpoint import text
from support.site import Site

TALL = (1280, 2400)
"""High enough that all of the answer is drawn at once."""
PARAGRAPHS = [
    " ".join(f"word{paragraph}-{number}" for number in range(20)) for paragraph in range(8)
]  # fmt: skip
ANSWER = "\n\n".join(PARAGRAPHS)
HALF = "word3-10"
END = "word7-19"


async def begin(site: Site, chat: Chat) -> None:
    """Log in and have half of the answer on the page."""
    site.script([text(ANSWER, pause=0.04)])
    await chat.log_in()
    await chat.say("Tell me everything")
    await expect(chat.stream.get_by_text(HALF)).to_be_visible(timeout=SLOW)


async def check_answer(chat: Chat) -> None:
    """All of the answer is there, once."""
    await expect(chat.button("chat.turn.retry")).to_be_visible(timeout=SLOW)
    await expect(chat.stream.get_by_text(END)).to_be_visible()
    shown = [await one.inner_text() for one in await chat.stream.locator("p", has_text="word").all()]
    assert shown == PARAGRAPHS


async def test_reloading_in_mid_stream(site: Site, surf: Surf) -> None:
    chat = Chat(await (await surf(size=TALL)).page(), site.url)
    await begin(site, chat)
    await chat.page.reload()
    await check_answer(chat)
    await chat.page.reload()
    await check_answer(chat)


async def test_killing_the_api_in_mid_stream(site: Site, surf: Surf) -> None:
    chat = Chat(await (await surf(size=TALL)).page(), site.url)
    await begin(site, chat)
    os.kill(site.api_pid(), signal.SIGKILL)
    await expect(chat.stream.get_by_text("word3-12")).to_be_visible(timeout=SLOW)
    await check_answer(chat)


async def test_the_network_goes_and_comes_back_in_mid_stream(site: Site, surf: Surf) -> None:
    surfer = await surf(size=TALL)
    chat = Chat(await surfer.page(), site.url)
    await begin(site, chat)
    await surfer.context.set_offline(True)
    await chat.page.evaluate("dispatchEvent(new Event('offline'))")
    await expect(chat.shows(chat.words("core.link.offline"))).to_be_visible()
    await surfer.context.set_offline(False)
    await check_answer(chat)
    await expect(chat.shows(chat.words("core.link.offline"))).to_be_hidden()


@pytest.mark.parametrize("state", ["running", "settled"])
async def test_a_phone_opened_later_shows_the_same(site: Site, surf: Surf, state: str) -> None:
    chat = Chat(await (await surf(size=TALL)).page(), site.url)
    await begin(site, chat)
    if state == "settled":
        await check_answer(chat)
    phone = Chat(await (await surf(size=(360, 2400), is_phone=True)).page(), site.url)
    await phone.log_in(path=f"/c/{await chat.task_id()}")
    await check_answer(phone)


async def test_a_message_that_is_being_sent_when_the_page_is_reloaded_is_sent_once(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.pick_shell("Command")
    os.kill(site.api_pid(), signal.SIGSTOP)
    try:
        await chat.say("echo said once")
        await page.wait_for_timeout(300)
    finally:
        os.kill(site.api_pid(), signal.SIGCONT)
    await page.reload()
    await expect(chat.conversation("echo said once")).to_have_count(1)
    await chat.conversation("echo said once").click()
    await expect(chat.stream.get_by_text("said once", exact=True)).to_be_visible()
    tasks = (await site.up.call("GET", "/tasks"))["items"]
    assert len(tasks) == 1
