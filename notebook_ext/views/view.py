"""What all views have in common: shown once, followed in the client's thread, painted by traits, closed."""

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from concurrent import futures
from concurrent.futures import Future
from typing import Any

from ipywidgets import HTML, VBox

from notebook_ext.views.cells import CELLS
from notebook_ext.views.painter import Painter
from notebook_ext.views.questions import close_widgets
from notebook_ext.views.saved import DISCONNECTED, LIVE, Saved
from wegent.client.errors import WegentError
from wegent.client.portal import Portal
from wegent.html.escaping import escaped
from wegent.html.style import STYLE, scoped
from wegent.html.words import Words

SAVE_SECONDS = 30.0
"""How often the state that a saved notebook shows is brought up to date while something runs."""

LAST_SECONDS = 10.0
"""How long the last state may be awaited once a task has ended."""


class View(ABC):
    """A widget that follows something. Subclasses fill ``root`` and say what they follow."""

    subject = ""
    """What it shows: a second view of that, where cells have no ids, takes the place of the first."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.words = Words.for_locale(os.environ)
        self.style = HTML(STYLE)
        self.problem = HTML()
        self.root = VBox([])
        self.root.add_class(LIVE)
        self.painter = Painter(self._paint_all)
        self._saved: Saved | None = None
        self._saved_at = 0.0
        self._following: Future[None] | None = None
        self._actions: set[Future[Any]] = set()
        self._is_closed = False

    def show(self) -> None:
        """Display it here, begin to follow, and return at once; as text where there are no widgets."""
        shell = _kernel_shell()
        if shell is None:
            print(self.text())
            return
        place, run = _place(shell)
        CELLS.add(place or self.subject, run, self)
        self._saved = Saved(shell.display_pub)
        self._saved.show(self.html(), self.text(), is_first=True)
        self.style.value = STYLE + DISCONNECTED + self._saved.hiding
        self.display()
        self.begin()

    def display(self, display_id: str | None = None) -> None:
        """Put the widget into the cell that runs."""
        from IPython.display import display

        data = {
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.root.model_id,
            },
            "text/plain": "",
            "text/html": "",
        }
        display(data, raw=True, display_id=display_id)

    def begin(self) -> None:
        """Begin to follow."""
        self._following = self.portal.submit(self.run())

    def wait(self) -> None:
        """Wait until what it follows has ended and its last state is shown, but not for long."""
        if self._following is not None:
            futures.wait([self._following], LAST_SECONDS)

    def close(self) -> None:
        """Follow no more; what it shows stays as it is, and what is followed goes on."""
        self._is_closed = True
        CELLS.remove(self)
        for future in (self._following, *tuple(self._actions)):
            if future is not None:
                future.cancel()

    def discard(self) -> None:
        """Close it and take its widgets away."""
        self.close()
        close_widgets(self.root)

    def act(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Do what a button asks for, in the client's thread; what goes wrong is said in the view."""
        future = self.portal.submit(self._acted(coroutine))
        self._actions.add(future)
        future.add_done_callback(self._actions.discard)

    @abstractmethod
    def text(self) -> str:
        """Return how it stands as plain text."""

    @abstractmethod
    def html(self) -> str:
        """Return how it stands as HTML, without its style."""

    @abstractmethod
    async def follow(self) -> None:
        """Follow until the end."""

    @abstractmethod
    def paint(self) -> None:
        """Set what has changed."""

    def report(self, error: WegentError | str) -> None:
        """Say what went wrong; called in the client's thread."""
        message, hint = (error, "") if isinstance(error, str) else self.words.error(error)
        said = f"{escaped(message)} {escaped(hint)}".strip()
        self.problem.value = scoped(f'<div class="wg-error" role="alert">✗ {said}</div>')

    def save(self) -> None:
        """Bring what a saved notebook shows up to date."""
        self._saved_at = time.monotonic()
        if self._saved is not None and not self._is_closed:
            self._saved.show(self.html(), self.text())

    async def run(self) -> None:
        """Follow, say what goes wrong, and save how it ended."""
        self._saved_at = time.monotonic()
        try:
            await self.follow()
        except WegentError as error:
            self.report(error)
        except Exception as error:  # nobody awaits this future: what is not said here is said nowhere
            self.report(f"{type(error).__name__}: {error}")
            raise
        finally:
            self.painter.close()
            self.save()

    async def _acted(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.problem.value = ""
        try:
            await coroutine
        except WegentError as error:
            self.report(error)
        finally:
            self.painter.touch()

    def _paint_all(self) -> None:
        if self._is_closed:
            return
        self.paint()
        if time.monotonic() - self._saved_at > SAVE_SECONDS:
            self.save()


def _kernel_shell() -> Any:
    """Return IPython's shell if it is a kernel's, which has a frontend for widgets."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def _place(shell: Any) -> tuple[str, object]:
    """Return the id of the cell that runs, if the frontend tells it, and which run of it this is."""
    parent = shell.kernel.get_parent()
    cell = (parent.get("metadata") or {}).get("cellId")
    return (f"cell {cell}" if cell else ""), (parent.get("header") or {}).get("msg_id")
