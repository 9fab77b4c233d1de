"""What a saved notebook shows of views: with a kernel the widget alone, without one the last state alone."""

from playwright.async_api import Page, expect
from support.jupyter_lab import JupyterLab, outputs_of
from support.site import Site

SEND = """
%load_ext notebook_ext
import wegent
task = wegent.Client().run_command('echo once && seq 3', device='saver')
"""
LIVE = ".wegent-live"


async def test_a_saved_view_is_its_last_state_without_a_kernel_and_the_widget_with_one(
    lab: JupyterLab, page: Page, site: Site
) -> None:
    await site.start_executor("saver", "--name", "saver")
    book = await lab.open(page, "saved", SEND, "task", "task.client.close()")
    await book.run(1)
    await book.run(2)
    shown = book.output(2)
    await expect(shown.locator(LIVE).get_by_text("completed").first).to_be_visible()
    await expect(shown.locator(LIVE).get_by_text("once").last).to_be_visible()
    await expect(shown.get_by_text("Come back to it")).to_have_count(0)
    copies = shown.locator("[class*='wegent wegent-']")
    await expect(copies).to_have_count(1)
    await expect(copies).to_be_hidden()
    saved = await book.save()
    assert "completed" in outputs_of(saved, 2)[0].data["text/html"]
    await book.command("kernelmenu:shutdown")
    await page.goto("about:blank")
    await book.load(with_kernel=False)
    await expect(copies).to_be_visible()
    await expect(copies).to_contain_text("completed")
    await expect(shown.get_by_text("model not found")).to_be_hidden()
