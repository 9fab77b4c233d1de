"""A data scientist's session: devices, tasks with questions, code, restarts, in JupyterLab on a whole Wegent."""

import re
from pathlib import Path

from playwright.async_api import Page, expect
from support.jupyter_lab import SLOW, JupyterLab, contrast, outputs_of
from support.model_endpoint import text, tool
from support.processes import eventually
from support.site import Site

LOAD = "%load_ext notebook_ext"
FIGURE = """%%wegent -d workstation -s Python
%matplotlib inline
import matplotlib.pyplot as plt
import pandas as pd
figure, axes = plt.subplots(figsize=(4, 2))
axes.plot([1, 3, 2])
plt.show()
pd.DataFrame({"city": ["Lyon", "Oslo"], "people": [522, 709]})"""
COUNT = """%%wegent -d workstation -s Command --bg counting
for i in $(seq 1 300); do echo line $i; done
until [ -e '{gate}' ]; do sleep 0.1; done
for i in $(seq 301 600); do echo line $i; done"""
SEND = ("wegent.cli", "run", "--device", "jupyter", "--shell", "Command", "echo $((6 * 7))")
BUTTON = """
import threading, time
import ipywidgets as widgets
from notebook_ext.subshells import hear_while_cells_run

pressed = threading.Event()
shown = widgets.HTML("before")
button = widgets.Button(description="Press me")

def press(_):
    shown.value = "<b>after</b>"
    pressed.set()

button.on_click(press)
hear_while_cells_run(button)
widgets.VBox([shown, button])
"""
SENT = """
%load_ext notebook_ext
import wegent
task = wegent.Client().run_command('echo once && seq 3', device='saver')
"""
LIVE = ".wegent-live"


async def test_a_button_works_while_a_cell_runs(lab: JupyterLab, page: Page) -> None:
    book = await lab.open(page, "button", BUTTON, "button.tooltip = 'Now'; print(pressed.wait(30))")
    await book.run(1)
    await book.begin(2)
    await book.button(1, "Press me").click()
    await expect(book.output(1)).to_contain_text("after")
    await book.ended(2)
    await expect(book.output(2)).to_contain_text("True")


async def test_the_device_panel_follows_a_device_that_comes_works_and_goes(
    site: Site, lab: JupyterLab, page: Page
) -> None:
    book = await lab.open(page, "devices", LOAD, "%wegent devices")
    await book.run(1)
    await book.run(2)
    panel = book.output(2)
    await expect(panel).to_contain_text("workstation")
    laptop = await site.start_executor("laptop", "--slots", "1")
    row = panel.locator(".widget-hbox", has_text="laptop").last
    await expect(row).to_contain_text("online", timeout=SLOW)
    sent = await site.up.call(
        "POST", "/tasks", json={"prompt": "sleep 60", "shell": "Command", "device_id": "laptop"}
    )
    await expect(row).to_contain_text("busy", timeout=SLOW)
    await site.up.call("POST", f"/subtasks/{sent['subtask_id']}/cancel", json={})
    await expect(row).to_contain_text("online", timeout=SLOW)
    await laptop.stop()
    await expect(row).to_contain_text("offline", timeout=SLOW)
    await row.get_by_role("button").click()
    await expect(row).to_contain_text("⭐")
    (workstation,) = [one for one in await site.devices() if one["name"] == "workstation"]
    await site.up.call("PUT", f"/devices/{workstation['device_id']}/default")
    await expect(row).not_to_contain_text("⭐")


async def test_a_question_is_answered_by_its_button_and_a_task_stopped_by_its_own_while_the_cell_waits(
    site: Site, lab: JupyterLab, page: Page
) -> None:
    site.script(
        [text("I **look** first."), tool("Bash", command="echo made > made.txt", description="make it")],
        [text("It is made.")],
        [text("on and on " * 400, pause=0.1)],
    )
    book = await lab.open(page, "questions", LOAD, "%%wegent\nMake it", "%%wegent\nGo on for long")
    await book.run(1)
    await book.begin(2)
    view = book.output(2)
    await expect(view.locator("strong", has_text="look")).to_be_visible(timeout=SLOW)
    await expect(view).to_contain_text("echo made > made.txt")
    await book.button(2, "Allow once").click()
    await expect(view).to_contain_text("It is made.", timeout=SLOW)
    await book.ended(2)
    await book.begin(3)
    await expect(book.output(3)).to_contain_text("on and on on and on", timeout=SLOW)
    await book.button(3, "Stop").click()
    await book.ended(3)
    await expect(book.output(3)).to_contain_text("The task was stopped.")
    newest = (await site.up.call("GET", "/tasks"))["items"][0]
    assert newest["last_subtask"]["state"] == "cancelled"


async def test_code_on_a_device_shows_its_figure_and_its_dataframe_here_and_they_are_saved(
    lab: JupyterLab, page: Page
) -> None:
    book = await lab.open(page, "figure", LOAD, FIGURE)
    await book.run(1)
    await book.run(2)
    await expect(book.output(2).locator("img")).to_be_visible()
    await expect(book.output(2).locator("table")).to_contain_text("Oslo")
    kinds = [set(output.get("data", {})) for output in outputs_of(await book.save(), 2)]
    assert any("image/png" in kind for kind in kinds)
    assert any("text/html" in kind for kind in kinds)


async def test_after_a_restart_of_the_kernel_a_running_task_is_attached_to_without_a_lost_or_doubled_line(
    lab: JupyterLab, page: Page, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    book = await lab.open(page, "restart", LOAD, COUNT.format(gate=gate), "print(counting.id)", "")
    await book.run(1)
    await book.run(2)
    await expect(book.output(2)).to_contain_text("line 300")
    await book.run(3)
    id = (await book.output(3).locator("pre").first.inner_text()).strip()
    await book.restart()
    await book.run(1)
    await book.write(4, f"%wegent attach {id}")
    await book.begin(4)
    await expect(book.output(4)).to_contain_text("line 300", timeout=SLOW)
    gate.touch()
    await book.ended(4)
    await expect(book.output(4)).to_contain_text("line 600")
    shown = await book.output(4).inner_text()
    assert re.findall(r"^line (\d+)$", shown, re.MULTILINE) == [str(number) for number in range(1, 601)]


async def test_this_jupyter_becomes_a_device_that_the_terminal_sends_to(
    site: Site, lab: JupyterLab, page: Page
) -> None:
    book = await lab.open(page, "up", LOAD, "%wegent up --name jupyter --shell Command", "%wegent down")
    await book.run(1)
    await book.run(2)
    await expect(book.output(2)).to_contain_text("jupyter")
    login = {"WEGENT_BACKEND_URL": site.url, "WEGENT_TOKEN": site.up.login.token}
    sending = site.up.programs.module(*SEND, name="run", env=login)
    assert await sending.ended(60) == 0
    assert sending.text == "42\n"
    await book.run(3)

    async def is_gone() -> bool:
        return any(one["name"] == "jupyter" and one["status"] == "offline" for one in await site.devices())

    await eventually(is_gone, 30, "the device is offline")


async def test_a_saved_notebook_shows_the_last_state_without_a_kernel_in_a_dark_theme_too(
    lab: JupyterLab, page: Page
) -> None:
    book = await lab.open(page, "saved", LOAD, "%%wegent -d workstation -s Command\necho kept for later")
    await book.run(1)
    await book.run(2)
    await book.save()
    await lab.end_kernels()
    await book.load(with_kernel=False)
    shown = book.output(2)
    await expect(shown.get_by_text("kept for later").first).to_be_visible()
    await expect(shown).not_to_contain_text("model not found")

    async def is_readable() -> bool:
        return await contrast(shown.get_by_text("kept for later").first) >= 4.5

    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        await book.command("apputils:change-theme", theme=theme)
        await eventually(is_readable, what=f"the output is readable in {theme}")


async def test_a_saved_view_is_its_last_state_without_a_kernel_and_the_widget_with_one(
    lab: JupyterLab, page: Page, site: Site
) -> None:
    await site.start_executor("saver", "--name", "saver")
    book = await lab.open(page, "saved-view", SENT, "task", "task.client.close()")
    await book.run(1)
    await book.run(2)
    shown = book.output(2)
    await expect(shown.locator(LIVE).get_by_text("completed").first).to_be_visible()
    await expect(shown.locator(LIVE).get_by_text("once").last).to_be_visible()
    await expect(shown.get_by_text("Come back to it")).to_have_count(0)
    copies = shown.locator("[class*=' wegent-']:not(.wegent-live)")
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
