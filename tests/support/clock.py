"""A wall clock for one process that a test can set; nothing else of time is touched."""

from pathlib import Path

_CUSTOMIZED = """
import pathlib, time
_offset, _time = pathlib.Path({offset!r}), time.time
time.time = lambda: _time() + float(_offset.read_text())
"""


class WallClock:
    """Python programs that start with :attr:`environment` take their time from it (sitecustomize)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._offset = folder / "offset"
        self.set(0)
        (folder / "sitecustomize.py").write_text(_CUSTOMIZED.format(offset=str(self._offset)))
        self.environment = {"PYTHONPATH": str(folder)}

    def set(self, seconds: float) -> None:
        """Put it ``seconds`` ahead of the true time, or behind it."""
        changed = self._offset.with_suffix(".tmp")
        changed.write_text(str(seconds))
        changed.replace(self._offset)
