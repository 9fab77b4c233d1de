"""Writing to the terminal: what was asked for to standard output, everything else to standard error.

Writing happens in a thread of its own: a reader that does not read (a pager, a slow terminal) must not keep the
connection from being served. A status line is shown on standard error, where that is a terminal, and is never
left among the output.
"""

import asyncio
import os
import queue
import select
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from wegent.terminal.visible import visible

_ERASE = "\r\x1b[2K"


class Screen:
    """Both output streams; what is put is written by :meth:`flush`."""

    def __init__(self, out: TextIO, err: TextIO, environ: Mapping[str, str]) -> None:
        self.out_is_terminal = out.isatty()
        self.err_is_terminal = err.isatty() and environ.get("TERM") != "dumb"
        self.console = Console(file=err, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._streams = {"out": out, "err": err}
        self._are_one = self.out_is_terminal and err.isatty()
        self._is_line_open = {"out": False, "err": False}
        self._pieces: list[tuple[str, bytes]] = []
        self.puts = 0
        """How often something was put: for as long as it stays, what was put last is what is seen last."""
        self._status = ""
        self._is_status_shown = False
        self._writer = _Writer()

    @property
    def width(self) -> int:
        """How many cells a line has."""
        return self.console.width

    @property
    def has_colours(self) -> bool:
        """Whether what goes beside the output may be coloured: not where NO_COLOR is set, or to a plain file."""
        return self.console.color_system is not None and not self.console.no_color

    def out(self, text: str) -> None:
        """Put output exactly as it is."""
        self._put("out", text)

    def err(self, text: str) -> None:
        """Put what goes beside the output, exactly as it is."""
        self._put("err", text)

    def line(self, text: Text | str, style: str = "") -> None:
        """Put a line beside the output, on a line of its own."""
        self.end_line("err")
        with self.console.capture() as capture:
            self.console.print(text, style=style or None)
        self._put("err", capture.get())

    def end_line(self, name: str = "out") -> None:
        """Begin a new line, if the last one is not ended."""
        if self._is_line_open[name]:
            self._put(name, "\n")
        other = "err" if name == "out" else "out"
        if self._are_one and self._is_line_open[other]:
            self._put("err", "\n")  # where the cursor is, without a byte more in the output
            self._is_line_open[other] = False

    def ask(self, question: str) -> None:
        """Put a question, for an answer behind it."""
        self.end_line("err")
        self._put("err", question)

    def take_back(self) -> None:
        """Take an unanswered question off the screen."""
        if self._is_line_open["err"]:
            self._put("err", _ERASE if self.err_is_terminal else "\n")
            self._is_line_open["err"] = False

    def answered(self) -> None:
        """Note that Enter was pressed behind a question."""
        self._is_line_open["err"] = False

    @property
    def is_out_open(self) -> bool:
        """Whether the last line of the output is not ended."""
        return self._is_line_open["out"]

    def status(self, text: str) -> None:
        """Show how things stand until something else is put; nothing where nobody could see it."""
        self._status = visible(text).replace("\n", " ")

    async def flush(self) -> None:
        """Write what was put; raise :class:`BrokenPipeError` if nobody can read it."""
        self._show_status()
        pieces, self._pieces = self._pieces, []
        if pieces:
            await self._writer.write([(self._streams[name], data) for name, data in pieces])

    def _put(self, name: str, text: str) -> None:
        if not text:
            return
        if self._is_status_shown:
            self._pieces.append(("err", _ERASE.encode()))
            self._is_status_shown = False
        self.puts += 1
        self._pieces.append((name, text.encode(errors="replace")))
        self._is_line_open[name] = not text.endswith("\n")

    def _show_status(self) -> None:
        is_in_use = self._is_line_open["err"] or (self._are_one and self._is_line_open["out"])
        if not self.err_is_terminal or is_in_use:
            return
        if self._is_status_shown or self._status:
            shown = self._status
            if cell_len(shown) > self.width - 1:
                shown = set_cell_size(shown, max(self.width - 2, 1)) + "…"
            dimmed = f"\x1b[2m{shown}\x1b[0m" if shown and self.console.color_system else shown
            self._pieces.append(("err", (_ERASE + dimmed).encode()))
            self._is_status_shown = bool(shown)


class _Writer:
    """Writes in a daemon thread, one batch after the other."""

    def __init__(self) -> None:
        self._batches: queue.SimpleQueue[tuple[list[tuple[TextIO, bytes]], asyncio.Future[None]]]
        self._batches = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, pieces: list[tuple[TextIO, bytes]]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
            self._thread.start()
        written = asyncio.get_running_loop().create_future()
        self._batches.put((pieces, written))
        await written

    def _run(self) -> None:
        while True:
            pieces, written = self._batches.get()
            error: OSError | None = None
            try:
                for stream, data in pieces:
                    write_all(stream, data)
            except OSError as happened:
                error = happened
            loop = written.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, written, error)


def _settle(written: "asyncio.Future[Any]", error: OSError | None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)


def write_all(stream: TextIO, data: bytes) -> None:
    """Write ``data`` to the stream's file, unbuffered, so that no lock is held when the process has to end."""
    if sys.platform == "win32":
        buffer: BinaryIO = stream.buffer  # type: ignore[attr-defined]
        buffer.write(data)
        buffer.flush()
        return
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(stream.fileno(), rest) :]
        except BlockingIOError:  # somebody else made this terminal or pipe non-blocking
            select.select([], [stream], [])
