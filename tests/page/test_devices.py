"""Devices in the page: chosen, starred, lost, deleted, added by a token and by a code."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, expect
from support.chat import Chat
from support.processes import eventually
from support.site import Site


def gated(gate: Path, last: str = "done") -> str:
    """A command that runs until ``gate`` exists."""
    return f"echo begun; while [ ! -e {gate} ]; do sleep 0.1; done; echo {last}"


async def test_the_star_makes_a_device_the_default_of_new_conversations(site: Site, page: Page) -> None:
    await site.start_executor("laptop")
    first = next(one["name"] for one in await site.devices() if one["is_default"])
    chat = Chat(page, site.url)
    await chat.log_in()
    await expect(chat.picker).to_contain_text(first)
    await chat.picker.click()
    star = page.get_by_role("menuitemcheckbox", name=chat.words("devices.setDefault", name="laptop"))
    await expect(star).not_to_be_checked()
    await star.click()
    await expect(star).to_be_checked()
    await page.keyboard.press("Escape")

    async def is_set() -> bool:
        return [one["device_id"] for one in await site.devices() if one["is_default"]] == ["laptop"]

    await eventually(is_set, what="the server has it")
    await page.reload()
    await expect(chat.picker).to_contain_text("laptop")


async def test_a_device_that_is_killed_fails_its_task_and_turns_grey(
    site: Site, page: Page, tmp_path: Path
) -> None:
    laptop = await site.start_executor("laptop")
    chat = Chat(page, site.url)
    await chat.log_in()
    await chat.pick("laptop")
    await chat.run(gated(tmp_path / "gate"))
    await expect(chat.stream.get_by_text("begun", exact=True)).to_be_visible()
    laptop.kill()
    failure = chat.stream.get_by_role("group", name=chat.words("stream.outcome.failed"), exact=True)
    await expect(failure).to_be_visible()
    await expect(chat.button("chat.turn.retry")).to_be_visible()
    await expect(chat.picker).to_have_accessible_name(
        chat.words("devices.picker.label", name="laptop", state=chat.words("devices.status.offline"))
    )
    await chat.open("/devices")
    await expect(chat.card("laptop").get_by_text(chat.words("devices.status.offline"), exact=True)).to_be_visible()
    (tmp_path / "gate").touch()


async def test_a_deleted_device_comes_back_when_its_executor_still_runs(site: Site, page: Page) -> None:
    await site.start_executor("laptop")
    chat = Chat(page, site.url)
    await chat.log_in(path="/devices")
    created = {one["device_id"]: one["created_at"] for one in await site.devices()}["laptop"]
    await chat.button("devices.card.more", chat.card("laptop"), name="laptop").click()
    await chat.item("devices.card.delete").click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await expect(dialog).to_contain_text(chat.words("devices.deletion.note"))
    await chat.button("devices.deletion.confirm").click()
    await expect(chat.shows(chat.words("devices.deletion.done", name="laptop"))).to_be_visible()

    async def is_new() -> bool:
        found = {one["device_id"]: one for one in await site.devices()}.get("laptop")
        return found is not None and found["created_at"] != created and found["status"] == "online"

    await eventually(is_new, 30, "the executor registered its device anew")
    await expect(chat.card("laptop").get_by_text(chat.words("devices.status.online"), exact=True)).to_be_visible()


async def test_a_token_made_in_the_page_starts_a_second_executor(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.log_in(path="/settings")
    await chat.button("settings.tokens.generate").click()
    await page.get_by_label(chat.words("settings.newToken.name"), exact=True).fill("second computer")
    await chat.button("settings.newToken.generate").click()
    token = await page.get_by_label(chat.words("settings.madeToken.token"), exact=True).input_value()
    await chat.button("settings.madeToken.done").click()
    await expect(page.get_by_text("second computer")).to_be_visible()
    assert token not in await page.content(), "it is shown once"
    executor = site.begin_executor("second", token, "--name", "second")
    await chat.open("/devices")
    await expect(chat.card("second").get_by_text(chat.words("devices.status.online"), exact=True)).to_be_visible()
    await chat.open("/settings")
    await page.get_by_role(
        "button", name=chat.words("settings.tokens.revokeNamed", name="second computer")
    ).click()
    await chat.button("settings.revocation.confirm").click()
    assert await executor.ended() == 3, "its login is no longer good"


async def test_a_computer_is_added_by_the_code_it_shows_and_never_by_opening_a_link(
    site: Site, page: Page
) -> None:
    async with aiohttp.ClientSession(site.url) as asking:
        async with asking.post("/auth/device-code", json={"name": "garage-pc"}) as answer:
            code: Any = await answer.json()

        async def poll() -> tuple[int, Any]:
            async with asking.post("/auth/device-token", json={"device_code": code["device_code"]}) as answer:
                return answer.status, await answer.json()

        chat = Chat(page, site.url)
        await chat.log_in(path=f"/devices/pair?code={code['user_code']}")
        await expect(page.get_by_text("garage-pc")).to_be_visible()
        status, body = await poll()
        assert (status, body["error"]) == (400, "authorization_pending")
        await chat.button("devices.pair.approve").click()
        await expect(chat.shows(chat.words("devices.pair.approved", name="garage-pc"))).to_be_visible()

        async def token() -> str | None:
            await asyncio.sleep(code["interval"])
            status, body = await poll()
            return body["token"] if status == 200 else None

        granted = await eventually(token, 30, "the token is given")
    site.begin_executor("garage", str(granted), "--name", "garage-pc")
    await expect(chat.shows(chat.words("devices.pair.online", name="garage-pc"))).to_be_visible()


async def test_a_device_is_renamed_and_two_of_one_name_are_told_apart(site: Site, page: Page) -> None:
    await site.start_executor("aaaa1111")
    await site.start_executor("bbbb2222")
    chat = Chat(page, site.url)
    await chat.log_in(path="/devices")
    for name in ("aaaa1111", "bbbb2222"):
        await chat.button("devices.card.more", chat.card(name), name=name).click()
        await chat.item("devices.card.rename").click()
        field = page.get_by_label(chat.words("devices.card.newName"), exact=True)
        await field.fill("twin")
        await field.press("Enter")
        await expect(chat.card(name)).to_be_hidden()
    await expect(chat.card("twin")).to_have_count(2)
    await chat.open("/")
    await chat.picker.click()
    for short in ("aaaa", "bbbb"):
        await expect(chat.option("twin").filter(has_text=short)).to_be_visible()
