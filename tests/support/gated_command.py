"""A command that prints numbered lines stage by stage, each stage once the test lets it."""

import sys
from pathlib import Path

PROGRAM = """
import pathlib, sys, time

gates, stages, lines, width = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:5])
pause = float(sys.argv[5])
with open(gates / "begun", "a") as ledger:
    ledger.write("begun\\n")
number = 0
for stage in range(stages):
    while not (gates / f"stage-{stage}").exists():
        time.sleep(0.005)
    for _ in range(lines):
        print(number, "." * width, flush=True)
        number += 1
        time.sleep(pause)
"""


class GatedCommand:
    """The command line for it, and its gates, which are files in ``folder``."""

    def __init__(self, folder: Path, stages: int, lines: int, width: int = 0, pause: float = 0.0) -> None:
        self._folder = folder
        self._stages = stages
        self._lines = lines
        self._width = width
        self._pause = pause
        folder.mkdir()
        (folder / "program.py").write_text(PROGRAM)

    @property
    def prompt(self) -> str:
        """The line for the shell."""
        words = (sys.executable, "-S", self._folder / "program.py", self._folder)
        return f"exec {' '.join(map(str, words))} {self._stages} {self._lines} {self._width} {self._pause}"

    def open(self, stage: int) -> None:
        """Let it go on with a stage, counted from 0."""
        (self._folder / f"stage-{stage}").touch()

    @property
    def times_begun(self) -> int:
        """How often it was started."""
        ledger = self._folder / "begun"
        return len(ledger.read_text().splitlines()) if ledger.exists() else 0

    def output(self, stages: int | None = None) -> str:
        """What it prints in all, or in its first ``stages``."""
        count = (self._stages if stages is None else stages) * self._lines
        return "".join(f"{number} {'.' * self._width}\n" for number in range(count))
