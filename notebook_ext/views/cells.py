"""Which views a cell shows: when it is run again, its old ones follow no more."""

import threading
from typing import Protocol


class Showable(Protocol):
    """What is shown in a cell."""

    def discard(self) -> None:
        """Follow no more, and take the widgets away."""


class Cells:
    """The views by the place in which they are: a cell's id, else what they show."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, object] = {}
        self._views: dict[str, list[Showable]] = {}

    def add(self, place: str, run: object, view: Showable) -> None:
        """Note a view, and discard those that an earlier run of the same place left."""
        with self._lock:
            old = self._views.pop(place, []) if self._runs.get(place) != run else []
            self._runs[place] = run
            self._views.setdefault(place, []).append(view)
        for each in old:
            each.discard()

    def begin(self, place: str) -> None:
        """Note that a cell is run again."""
        with self._lock:
            self._runs.pop(place, None)
            old = self._views.pop(place, [])
        for each in old:
            each.discard()

    def remove(self, view: Showable) -> None:
        """Forget a view that is closed."""
        with self._lock:
            for place, views in list(self._views.items()):
                if view in views:
                    views.remove(view)
                if not views:
                    del self._views[place]
                    self._runs.pop(place, None)


CELLS = Cells()
"""Those of this kernel."""
