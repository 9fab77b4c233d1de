"""What ran on a device, as it saw it itself: a command writes a line when it begins and one when it ends."""

from pathlib import Path


class SlotLedger:
    """A file beside a device, which its commands append to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prompt(self, name: str, seconds: float) -> str:
        """Return the command line for a subtask called ``name`` that takes a little while."""

        def note(what: str) -> str:
            # A short line that is appended in one write is never mixed with another's.
            return f"echo {name} {what} $(date +%s%N) >> {self._path}"

        return f"{note('began')}; sleep {seconds:.3f}; {note('ended')}"

    @property
    def lines(self) -> list[list[str]]:
        """The words of each line, in the order in which they were written."""
        return [line.split() for line in self._path.read_text().splitlines()] if self._path.exists() else []

    @property
    def begun(self) -> list[str]:
        """The names in the order in which they began; more than once means that it ran more than once."""
        return [name for name, what, _ in self.lines if what == "began"]

    @property
    def most_at_once(self) -> int:
        """The greatest number that ran at the same time."""
        changes = sorted((int(when), 1 if what == "began" else -1) for _, what, when in self.lines)
        most = now = 0
        for _, change in changes:
            now += change
            most = max(most, now)
        return most
