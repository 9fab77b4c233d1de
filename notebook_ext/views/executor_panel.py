"""This computer's executor as a widget: how it is, what it runs, and a button that ends it."""

import ipywidgets
from IPython.display import display, update_display

from notebook_ext.executor_keeper import Keeper
from notebook_ext.executor_state import State
from notebook_ext.executor_words import Words
from notebook_ext.subshells import hear_while_cells_run
from notebook_ext.views import executor_view

_MOST_DISPLAYS = 20
"""Places where its state is kept up to date; the oldest are left as they are."""


class ExecutorPanel:
    """One widget, shown as often as one likes; traits are all that the keeper's thread changes."""

    def __init__(self, keeper: Keeper, words: Words) -> None:
        self._keeper = keeper
        self._words = words
        self._displays: list[str] = []
        self._card = ipywidgets.HTML()
        self._button = ipywidgets.Button(
            description=words("stop"),
            tooltip=words("stop_hint"),
            icon="stop",
            layout=ipywidgets.Layout(width="auto", align_self="flex-start"),
        )
        hear_while_cells_run(self._button)
        self._button.on_click(lambda _: keeper.stop())
        self.widget = ipywidgets.VBox([self._card, self._button])
        keeper.listen(self._update)

    def show(self) -> None:
        """Display it."""
        handle = display(self._bundle(), raw=True, display_id=True)
        self._displays = [*self._displays, handle.display_id][-_MOST_DISPLAYS:]

    def refresh(self) -> None:
        """Have the notebook save its state; of one that is over without the widget, which needs a kernel."""
        bundle = self._bundle()
        if self._keeper.is_over:
            bundle = {name: text for name, text in bundle.items() if name.startswith("text/")}
        for display_id in self._displays:
            update_display(bundle, raw=True, display_id=display_id)

    def _bundle(self) -> dict[str, object]:
        shown = executor_view.card(self._keeper.state, self._words)
        bundle: dict[str, object] = dict(self.widget._repr_mimebundle_() or {})
        return {**bundle, "text/html": executor_view.html(shown), "text/plain": executor_view.text(shown)}

    def _update(self, state: State) -> None:
        """Change traits, at most twice a second: the keeper looks no more often."""
        self._card.value = executor_view.html(executor_view.card(state, self._words))
        is_mine = state.phase in ("starting", "running", "again")
        self._button.disabled = not is_mine
        self._button.layout.display = None if is_mine else "none"
