"""Logging in and out."""

from pathlib import Path

from playwright.async_api import Page, expect
from support.chat import Chat
from support.site import PASSWORD, Site


async def test_a_wrong_password_is_told_and_the_right_one_leads_where_one_wanted(site: Site, page: Page) -> None:
    chat = Chat(page, site.url)
    await chat.open("/devices")
    await page.get_by_label(chat.words("login.name"), exact=True).fill("admin")
    await page.get_by_label(chat.words("login.password"), exact=True).fill("wrong")
    await chat.button("login.submit").click()
    await expect(chat.shows(chat.words("login.wrong"))).to_be_visible()
    await page.get_by_label(chat.words("login.password"), exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=chat.words("devices.title"), level=1)).to_be_visible()
    assert page.url == f"{site.url}/app/devices"
    await expect(page).to_have_title("Devices · Wegent")


async def test_a_login_that_was_ended_elsewhere_asks_again_and_goes_on_there(
    site: Site, page: Page, tmp_path: Path
) -> None:
    chat = Chat(page, site.url)
    await chat.log_in(path="/settings")
    await expect(page.get_by_role("heading", name=chat.words("settings.title"), level=1)).to_be_visible()
    await page.evaluate("fetch('/auth/logout', { method: 'POST' })")
    await expect(chat.button("login.submit")).to_be_visible()
    await page.get_by_label(chat.words("login.name"), exact=True).fill("admin")
    await page.get_by_label(chat.words("login.password"), exact=True).fill(PASSWORD)
    await chat.button("login.submit").click()
    await expect(page.get_by_role("heading", name=chat.words("settings.title"), level=1)).to_be_visible()
