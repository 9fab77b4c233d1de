"""Notebook cells as a person reads them in a terminal."""

import re
from typing import Any

from rich.filesize import decimal

from wegent.protocol.multiline import joined
from wegent.protocol.output_events import Cell, CellOutput
from wegent.terminal.screen import Screen
from wegent.terminal.visible import visible
from wegent.terminal.words import Words

SOURCE_LINES = 8
_TEXTS = ("text/plain", "text/markdown", "text/latex")
"""What is shown as text, the first that there is."""
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
"""ECMA-48's SGR: the one control sequence that only changes how text looks."""


class Cells:
    """Puts cells and their outputs, which come in nbformat's form (nbformat 4), on a screen."""

    def __init__(self, screen: Screen, words: Words) -> None:
        self._screen = screen
        self._words = words

    def begin(self, cell: Cell) -> None:
        """Put how far the notebook is, and what runs now."""
        lines = visible(cell.source or "").strip("\n").splitlines()
        self._screen.line(f"[{cell.index}/{cell.of}]", "bold")
        for line in lines[:SOURCE_LINES]:
            self._screen.line(f"  {line}", "dim")
        if len(lines) > SOURCE_LINES:
            self._screen.line(f"  {self._words('more_lines', count=len(lines) - SOURCE_LINES)}", "dim")

    def show(self, event: CellOutput) -> None:
        """Put one output: text as text, a traceback beside the output, and of pictures what they are."""
        output = event.output
        match output.get("output_type"):
            case "stream":
                put = self._screen.err if output.get("name") == "stderr" else self._screen.out
                put(joined(output.get("text")))
            case "error":
                self._traceback(output)
            case _:
                data = output.get("data")
                self._data(data if isinstance(data, dict) else {})

    def _traceback(self, output: dict[str, Any]) -> None:
        lines = output.get("traceback") or [f"{output.get('ename', '')}: {output.get('evalue', '')}"]
        text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
        self._screen.end_line("err")
        self._screen.err(self._coloured(text).rstrip("\n") + "\n")

    def _coloured(self, text: str) -> str:
        """Return text from elsewhere with its colours, where they are wanted, and no other power."""
        pieces = _COLOUR.split(text)
        if not self._screen.has_colours:
            return visible("".join(pieces[::2]))
        shown = [piece if number % 2 else visible(piece) for number, piece in enumerate(pieces)]
        return "".join(shown) + ("\x1b[0m" if len(pieces) > 1 else "")

    def _data(self, data: dict[str, Any]) -> None:
        text = next((joined(data[kind]) for kind in _TEXTS if data.get(kind)), "")
        if text:
            shown = visible(text) if self._screen.out_is_terminal else text
            self._screen.out(shown if shown.endswith("\n") else shown + "\n")
        for kind, value in data.items():
            if kind.startswith("image/") or (not text and kind not in _TEXTS):
                self._screen.line(f"[{visible(str(kind))} {decimal(_bytes(kind, value))}]", "dim")


def _bytes(kind: str, value: Any) -> int:
    """Return how large a piece of data is; what is no text comes as base64 (RFC 4648)."""
    text = joined(value)
    if kind.startswith("image/") and kind != "image/svg+xml":
        return len(text.strip().rstrip("=")) * 3 // 4
    return len(text.encode())
