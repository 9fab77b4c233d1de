"""A row of buttons for each question that waits; gone when it is answered, by whomever."""

from collections.abc import Callable, Coroutine
from typing import Any

from ipywidgets import HTML, Button, HBox, Layout, VBox, Widget

from notebook_ext.subshells import hear_while_cells_run
from wegent.client.errors import AlreadyAnsweredError, SettledError
from wegent.client.tasks import AsyncTask
from wegent.html.cards import question_card
from wegent.html.style import scoped
from wegent.html.words import Words
from wegent.protocol.inputs import CHOICES, DENY
from wegent.protocol.output_events import Approval
from wegent.terminal.visible import visible

MOST = 8
"""How many open questions have buttons at once; the others follow as these are answered."""


class Questions:
    """The open questions of a task in ``box``; ``act`` does what a button asks, ``report`` says what fails."""

    def __init__(
        self, words: Words, act: Callable[[Coroutine[Any, Any, None]], None], report: Callable[[str], None]
    ) -> None:
        self.box = VBox()
        self._words = words
        self._act = act
        self._report = report
        self._rows: dict[str, VBox] = {}

    @property
    def are_open(self) -> bool:
        """Whether any waits for an answer."""
        return bool(self._rows)

    def paint(self, task: AsyncTask, questions: list[Approval]) -> None:
        """Show the open ones."""
        shown = {each.id: self._rows.get(each.id) or self._row(task, each) for each in questions[:MOST]}
        if shown.keys() == self._rows.keys():
            return
        gone = [row for name, row in self._rows.items() if name not in shown]
        self._rows = shown
        self.box.children = tuple(shown.values())
        for row in gone:
            close_widgets(row)

    def _row(self, task: AsyncTask, question: Approval) -> VBox:
        buttons = [self._button(choice) for choice in question.choices or CHOICES]
        for button, choice in zip(buttons, question.choices or CHOICES, strict=True):
            button.on_click(self._clicked(task, question, choice, buttons))
        hear_while_cells_run(*buttons)
        shown = HTML(scoped(question_card(question, None, self._words)))
        return VBox([shown, HBox(buttons, layout=Layout(flex_flow="row wrap"))])

    def _button(self, choice: str) -> Button:
        known = self._words(f"choice_button_{choice}") if choice in CHOICES else visible(choice)[:60]
        button = Button(
            description=known,
            tooltip=known,
            button_style="danger" if choice == DENY else "success" if choice in CHOICES else "",
            layout=Layout(width="auto"),
        )
        hear_while_cells_run(button)
        return button

    def _clicked(
        self, task: AsyncTask, question: Approval, choice: str, buttons: list[Button]
    ) -> Callable[[Button], None]:
        def clicked(_: Button) -> None:
            self._act(self._answer(task, question, choice, buttons))

        return clicked

    async def _answer(self, task: AsyncTask, question: Approval, choice: str, buttons: list[Button]) -> None:
        for button in buttons:
            button.disabled = True
        is_answered = False
        try:
            await task.answer(question.id, choice)
            is_answered = True
        except (AlreadyAnsweredError, SettledError):
            is_answered = True
            self._report(self._words("answered_elsewhere"))
        finally:
            for button in buttons:
                button.disabled = is_answered


def close_widgets(widget: Widget) -> None:
    """Take a widget away with all that is in it, so that neither side keeps it."""
    for child in getattr(widget, "children", ()):
        close_widgets(child)
    for name in ("layout", "style"):
        if isinstance(own := getattr(widget, name, None), Widget):
            own.close()
    widget.close()
