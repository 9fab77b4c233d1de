"""A child's log file: rotated when the child's keeper starts, bounded in size while it runs."""

from pathlib import Path

MAX_BYTES = 10 << 20
KEPT = 3
"""How many older files are kept beside the current one."""


class ChildLog:
    """``name.log`` and its predecessors ``name.log.1`` (the latest) to ``name.log.3``."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._rotate()

    def write(self, text: bytes) -> None:
        """Add what the child wrote, in a new file when the current one is full."""
        with self.path.open("ab") as file:
            file.write(text)
            is_full = file.tell() > self._max_bytes
        if is_full and text.endswith(b"\n"):
            self._rotate()

    def tail(self, lines: int = 20) -> str:
        """Return the last lines, indented, to show to a person."""
        if not self.path.exists():
            return "    (it wrote nothing)"
        last = self.path.read_bytes()[-16_384:].decode(errors="replace").splitlines()[-lines:]
        return "\n".join(f"    {line}" for line in last)

    def _rotate(self) -> None:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return
        for number in range(KEPT, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path
