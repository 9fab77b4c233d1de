"""Widgets in JupyterLab, as the views need them."""

from playwright.async_api import Page, expect
from support.jupyter_lab import JupyterLab

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


async def test_a_button_works_while_a_cell_runs(lab: JupyterLab, page: Page) -> None:
    book = await lab.open(page, "button", BUTTON, "button.tooltip = 'Now'; print(pressed.wait(30))")
    await book.run(1)
    await book.begin(2)
    await book.button(1, "Press me").click()
    await expect(book.output(1)).to_contain_text("after")
    await book.ended(2)
    await expect(book.output(2)).to_contain_text("True")
