"""The list of conversations: searched, renamed, marked until seen, exported, deleted."""

from pathlib import Path

from playwright.async_api import Page, expect
from support.browser import Surf
from support.chat import Chat
from support.site import Site


async def test_conversations_are_found_renamed_exported_and_deleted(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.run("echo the first one")
    await expect(chat.stream.get_by_text("the first one", exact=True)).to_be_visible()
    await chat.open("/")
    await chat.run("echo 第二个")
    await expect(chat.stream.get_by_text("第二个", exact=True)).to_be_visible()
    search = page.get_by_label(chat.words("chat.list.search"), exact=True)
    await search.fill("第二")
    await expect(chat.conversation("the first one")).to_be_hidden()
    await expect(chat.conversation("第二个")).to_be_visible()
    await search.fill("")
    await chat.conversation("the first one").click()
    await chat.button("chat.conversation.more", page.get_by_role("main"), title="echo the first one").click()
    await chat.item("chat.conversation.rename").click()
    title = page.get_by_label(chat.words("chat.conversation.title"), exact=True)
    await title.fill("A better name")
    await title.press("Enter")
    await expect(chat.conversation("A better name")).to_be_visible()
    await chat.button("chat.conversation.more", page.get_by_role("main"), title="A better name").click()
    async with page.expect_download() as downloading:
        await chat.item("chat.conversation.export").click()
    saved = Path(await (await downloading.value).path()).read_text()  # noqa: ASYNC240  # it is small
    assert "A better name" in saved and "echo the first one" in saved
    await chat.button("chat.conversation.more", page.get_by_role("main"), title="A better name").click()
    await chat.item("chat.conversation.delete").click()
    await chat.button("chat.deletion.confirm").click()
    await expect(chat.conversation("A better name")).to_be_hidden()
    assert [task["title"] for task in (await site.up.call("GET", "/tasks"))["items"]] == ["echo 第二个"]


async def test_what_ended_unseen_is_marked_until_it_is_seen_in_every_tab(site: Site, surf: Surf) -> None:
    surfer = await surf()
    chat = Chat(await surfer.page(), site.url)
    await chat.log_in()
    other = Chat(await surfer.page(), site.url)
    await other.open("/devices")
    await site.up.settled(await site.up.command("echo done elsewhere"))
    for each in (chat, other):
        row = each.conversation("echo done elsewhere")
        await expect(row.get_by_text(each.words("chat.mark.unread"), exact=True)).to_be_attached()
    await chat.page.bring_to_front()
    await chat.conversation("echo done elsewhere").click()
    await expect(chat.stream.get_by_text("done elsewhere", exact=True)).to_be_visible()
    for each in (chat, other):
        row = each.conversation("echo done elsewhere")
        await expect(row.get_by_text(each.words("chat.mark.unread"), exact=True)).not_to_be_attached()
