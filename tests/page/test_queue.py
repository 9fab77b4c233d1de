"""Where a message runs: at once, in a queue with a place, elsewhere instead, in the cloud."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.chat import Chat
from support.site import Site


def gated(gate: Path, last: str) -> str:
    """A command that runs until ``gate`` exists."""
    return f"while [ ! -e {gate} ]; do sleep 0.1; done; echo {last}"


@pytest.mark.site(WEGENT_SLOTS="1")
async def test_a_busy_device_shows_the_place_in_its_queue_and_a_waiting_message_can_move(
    site: Site, page: Page, tmp_path: Path
) -> None:
    (device,) = await site.devices()
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.run(gated(tmp_path / "gate", "first is done"))
    await expect(chat.stop).to_be_visible()
    for number, place in ((1, "one"), (2, "two")):
        await chat.open("/")
        await expect(chat.picker).to_have_accessible_name(
            chat.words("devices.picker.label", name=device["name"], state=chat.words("devices.status.busy"))
        )
        await chat.run(f"echo number {number} is done")
        words = chat.words(f"chat.turn.place_ordinal_{place}", device=device["name"], count=number)
        await expect(chat.stream.get_by_text(words)).to_be_visible()
    await site.start_executor("laptop", "--slots", "1")
    await chat.button("chat.turn.move").click()
    await page.get_by_role("menuitem", name="laptop").click()
    await expect(chat.stream.get_by_text("number 2 is done", exact=True)).to_be_visible()
    await chat.conversation("number 1 is done").click()
    await expect(chat.stream.get_by_text(chat.words("chat.state.queued"), exact=True)).to_be_visible()
    (tmp_path / "gate").touch()
    await expect(chat.stream.get_by_text("number 1 is done", exact=True)).to_be_visible()


async def test_an_offline_device_offers_the_cloud_instead(site: Site, page: Page) -> None:
    laptop = await site.start_executor("laptop")
    await site.start_cloud()
    chat = Chat(page, site.url)
    await chat.log_in()
    await laptop.stop()
    await chat.pick("laptop")
    await chat.run("echo it ran in the $WEGENT_NOTHING cloud")
    await expect(chat.shows(chat.words("chat.problem.offline", device="laptop"))).to_be_visible()
    await expect(chat.box).to_have_value("echo it ran in the $WEGENT_NOTHING cloud")
    await chat.button("chat.problem.toCloud").click()
    await expect(chat.stream.get_by_text("it ran in the cloud", exact=True)).to_be_visible()
    await expect(chat.box).to_have_value("")


async def test_the_device_is_switched_between_messages_of_one_conversation(site: Site, page: Page) -> None:
    await site.start_cloud()
    (local,) = [one for one in await site.devices() if one["kind"] == "local"]
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.pick(local["name"])
    await chat.run("echo one on this computer")
    await expect(chat.stream.get_by_text("one on this computer", exact=True)).to_be_visible()
    await chat.pick(chat.words("devices.picker.cloud"))
    await chat.run("echo two in the cloud")
    await expect(chat.stream.get_by_text("two in the cloud", exact=True)).to_be_visible()
    await chat.pick(local["name"])
    await chat.run("echo three on this computer again")
    await expect(chat.stream.get_by_text("three on this computer again", exact=True)).to_be_visible()
    turns = (await site.up.call("GET", f"/tasks/{await chat.task_id()}/subtasks"))["items"]
    assert [turn["device_id"] for turn in turns] == [local["device_id"], "cloud", local["device_id"]]
