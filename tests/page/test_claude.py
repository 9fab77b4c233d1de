"""A conversation with Claude Code on one's own device: watched, approved, steered and stopped."""

import re
from pathlib import Path

from playwright.async_api import Page, expect
from support.browser import Surf
from support.chat import SLOW, Chat
from support.model_endpoint import text, thinking, tool
from support.site import Site

BROKEN = "def add(a, b):\n    return a - b\n"


async def test_a_turn_is_watched_its_tools_are_allowed_and_its_edit_is_shown(site: Site, page: Page) -> None:
    source = site.workspace / "sums.py"
    source.write_text(BROKEN)
    site.script(
        [thinking("Where is it?"), text("Let me **look**."), tool("Read", file_path=str(source))],
        [tool("Bash", command="echo it is broken; exit 3", description="see")],
        [tool("Edit", file_path=str(source), old_string="a - b", new_string="a + b")],
        [text("It adds now.")],
    )
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.pick((await site.devices())[0]["name"])
    await chat.pick_folder(site.workspace)
    await chat.say("Mend the sums")
    await expect(chat.stream.get_by_text("Mend the sums")).to_be_visible()
    await expect(chat.stream.locator("strong", has_text="look")).to_be_visible(timeout=SLOW)
    await expect(chat.tool("Read", "sums.py")).to_be_visible()
    await expect(chat.question("Bash")).to_contain_text("echo it is broken")
    await chat.button("stream.approval.choice.allow_task", chat.question("Bash")).click()
    await expect(chat.tool("Bash", "echo it is broken")).to_contain_text(chat.words("stream.tool.failed"))
    output = chat.stream.get_by_role("region", name=chat.words("stream.tool.output"), exact=True)
    await expect(output).to_contain_text("it is broken")
    await expect(chat.question("Edit")).to_contain_text("a + b")
    assert source.read_text() == BROKEN, "nothing is edited before it was allowed"
    await chat.button("stream.approval.choice.allow", chat.question("Edit")).click()
    await expect(chat.stream.get_by_text(chat.words("stream.approval.done.allow", by="admin"))).to_be_visible()
    await expect(chat.stream.get_by_text("It adds now.")).to_be_visible()
    diff = chat.stream.get_by_role("group", name=chat.words("stream.diff.label"))
    await expect(diff).to_contain_text("return a + b")
    await expect(diff).to_contain_text("return a - b")
    assert source.read_text() == BROKEN.replace("-", "+")
    await expect(chat.button("chat.turn.retry")).to_be_visible()
    await expect(chat.conversation("Mend the sums")).to_be_visible()


async def test_a_denial_carries_a_word_to_the_model_and_other_tabs_see_the_answer(
    site: Site, surf: Surf, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    site.script([tool("Bash", command=f"touch {made}", description="x")], [text("Then not.")])
    surfer = await surf()
    chat = Chat(await surfer.page(), site.url)
    await chat.log_in()
    await chat.say("Make it")
    await expect(chat.question("Bash")).to_be_visible(timeout=SLOW)
    other = Chat(await surfer.page(), site.url)
    await other.open(f"/c/{await chat.task_id()}")
    await expect(other.question("Bash")).to_be_visible()
    await chat.button("stream.approval.choice.deny", chat.question("Bash")).click()
    why = chat.page.get_by_label(chat.words("stream.approval.why"))
    await expect(why).to_be_focused()
    await why.fill("use the other folder")
    await why.press("Enter")
    for each in (chat, other):
        await expect(each.stream.get_by_text(each.words("stream.approval.done.deny", by="admin"))).to_be_visible()
        await expect(each.stream.get_by_text("Then not.")).to_be_visible()
    assert "use the other folder" in site.model.said[-1]
    assert not made.exists()


async def test_what_is_said_while_it_works_goes_to_the_running_turn(site: Site, page: Page) -> None:
    site.script(
        [tool("Bash", command="touch made", description="x")],
        [text("I heard you.")],
        [text("Both are done.")],
    )
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.say("Do one thing")
    await expect(chat.question("Bash")).to_be_visible(timeout=SLOW)
    await chat.box.fill("and another")
    await chat.button("chat.send.now").click()
    await expect(chat.stream.get_by_text("and another")).to_be_visible()
    await chat.button("stream.approval.choice.allow", chat.question("Bash")).click()
    await expect(chat.stream.get_by_text("I heard you.")).to_be_visible()
    await expect(chat.button("chat.turn.retry")).to_be_visible()
    assert "and another" in str(site.model.requests[1:])
    assert len((await site.up.call("GET", f"/tasks/{await chat.task_id()}/subtasks"))["items"]) == 1
    await page.reload()
    await expect(chat.stream.get_by_text("and another")).to_be_visible()


async def test_stop_stops_and_says_so(site: Site, page: Page) -> None:
    site.script([text("on and on " * 200, pause=0.1)])
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.say("Go on for long")
    await expect(chat.stream.get_by_text(re.compile("on and on on and on")).first).to_be_visible(timeout=SLOW)
    await chat.stop.click()
    await expect(chat.stream.get_by_text(chat.words("stream.outcome.cancelled"), exact=True)).to_be_visible()
    (task,) = (await site.up.call("GET", "/tasks"))["items"]
    assert task["last_subtask"]["state"] == "cancelled"
    await expect(chat.stop).to_be_hidden()


async def test_files_are_attached_and_reach_the_device(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.log_in()
    file = {"name": "笔记 1.txt", "mimeType": "text/plain", "buffer": b"written here\n"}
    await page.get_by_test_id("attach").set_input_files(files=[file])
    await expect(page.get_by_text("笔记 1.txt")).to_be_visible()
    await chat.run("cat attachments/*")
    await expect(chat.stream.get_by_text("written here")).to_be_visible()
