"""What a saved notebook shows of a view: its last state as HTML, where there is no kernel to ask.

A view has two outputs. The first is the HTML, brought up to date now and then and at the end; the second is the
widget. While the widget lives, its style hides the first. A widget without a kernel is an error message in
JupyterLab ("model not found"), which the first one's style hides. A frontend that takes styles away, as of a
notebook that is not trusted, shows the HTML of both: the last state, and nothing.
"""

import uuid
from typing import Any

from wegent.html.escaping import escaped
from wegent.html.style import CLASSES, STYLE

LIVE = "wegent-live"
"""The class of every view's widget."""
_LOST = "jupyter-widgets-disconnected"
DISCONNECTED = f"""<style>
.{LIVE}.{_LOST}::before,.{LIVE} .{_LOST}::before{{display:none}}
.{LIVE}.{_LOST} button,.{LIVE}.{_LOST} input{{opacity:.4;pointer-events:none}}
</style>"""
"""After a restart of the kernel a view stays readable: no broken links, and what does nothing is dim."""
MOST = 1 << 20
"""Characters of HTML that are saved."""


class Saved:
    """The display of one view's last state, in the cell in which it is made."""

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher  # kept: %%capture in a later cell must not catch what is put here
        self._name = f"wegent-{uuid.uuid4().hex[:12]}"
        self._shown = ""

    @property
    def hiding(self) -> str:
        """The style that hides it while the widget is there."""
        return f"<style>.{self._name}{{display:none}}</style>"

    def show(self, html: str, text: str, is_first: bool = False) -> None:
        """Put the last state there, from whichever thread; nothing if it is there already."""
        if html != self._shown or is_first:
            self._shown = html
            data = {
                "text/html": self._page(html if len(html) <= MOST else f"<pre>{escaped(text)}</pre>"),
                "text/plain": text,
            }
            self._publisher.publish(data, {}, transient={"display_id": self._name}, update=not is_first)

    def _page(self, html: str) -> str:
        child = ".jp-OutputArea-child"
        orphan = f"<style>{child}:has(.{self._name})+{child}:not(:has(.{LIVE})){{display:none}}</style>"
        return f'{STYLE}{orphan}<div class="{CLASSES} {self._name}">{html}</div>'
