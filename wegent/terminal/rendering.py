"""Output events as a person reads them."""

import time
from datetime import datetime
from difflib import unified_diff
from typing import Any

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.filesize import decimal
from rich.text import Text as Styled

from wegent.protocol.inputs import EXPIRED
from wegent.protocol.output_events import (
    AnyEvent,
    Approval,
    ApprovalDone,
    Cell,
    CellOutput,
    Diff,
    File,
    FollowUp,
    Notice,
    Stream,
    Subagent,
    Text,
    Thinking,
    Todo,
    ToolResult,
    ToolUse,
    Unknown,
    Usage,
)
from wegent.terminal.cells import Cells
from wegent.terminal.screen import Screen
from wegent.terminal.tool_calls import SHOWN_AS_LIST, content_text, main_input
from wegent.terminal.visible import visible
from wegent.terminal.words import Words

DIFF_LINES = 200
ERROR_LINES = 8
INPUT_LINES = 200
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_TODO_MARKS = {"completed": ("☑", "dim"), "in_progress": ("◐", "bold")}
_NOTICE_STYLES = {"warning": "yellow", "error": "red"}


def _change(value: dict[str, Any]) -> list[str]:
    """Take the two texts of an edit out of a tool's input, and return them as the lines of a diff."""
    old, new = value.get("old_string"), value.get("new_string")
    if not isinstance(old, str) or not isinstance(new, str):
        return []
    compared = list(unified_diff(visible(old).splitlines(), visible(new).splitlines(), lineterm="", n=3))
    if compared:  # else they differ in what no line shows
        del value["old_string"], value["new_string"]
    return compared[2:]  # before the first hunk stand the names of two files


class Renderer:
    """Puts events on a screen: text as it comes, tool calls as lines, diffs, lists and notices."""

    def __init__(self, screen: Screen, words: Words) -> None:
        self._screen = screen
        self._words = words
        self._cells = Cells(screen, words)
        self._tools: dict[str, tuple[ToolUse, float]] = {}
        self._thoughts: list[str] = []
        self._has_text = False  # a paragraph of the answer was begun, and something else has not come between
        self._is_any_text = False

    def show(self, event: AnyEvent) -> None:
        """Put one event."""
        if not isinstance(event, Thinking):
            self._end_thinking()
        if not isinstance(event, Text | Thinking | Usage | Unknown):
            self._has_text = False
        match event:
            case Text():
                self._text(event.text)
            case Stream(name="stdout"):
                self._screen.out(event.text)
            case Stream():
                self._screen.err(event.text)
            case Thinking():
                self._thoughts.append(event.text)
            case ToolUse():
                self._tools[event.id] = event, time.monotonic()
            case ToolResult():
                self._tool_result(event)
            case Subagent():
                self._subagent(event)
            case Diff():
                self._diff(event)
            case Todo():
                self._todo(event)
            case Approval():
                self.ask(event)
            case ApprovalDone():
                self._approval_done(event)
            case FollowUp():
                self._screen.line(f"> {visible(event.text)}", "bold")
            case Usage():
                self._usage(event)
            case Notice():
                self._screen.line(self._notice(event), _NOTICE_STYLES.get(event.level, "dim"))
            case File():
                size = decimal(event.size)
                self._screen.line(self._words("file", name=event.name, size=size, id=event.id))
            case Cell():
                self._cells.begin(event)
            case CellOutput():
                self._cells.show(event)

    def end(self) -> None:
        """Put what is still held back, and end the last line."""
        self._end_thinking()
        for use, _ in self._tools.values():
            if use.name != SHOWN_AS_LIST:
                self._tool_line("·", "dim", use, "")
        self._tools.clear()
        if self._is_any_text and self._screen.is_out_open:
            self._screen.out("\n")
        self._screen.end_line("err")

    def status(self) -> str:
        """Say what is going on right now; empty where the output itself says it."""
        if self._thoughts:
            return self._words("thinking")
        if self._tools:
            use, _ = next(reversed(self._tools.values()))
            return "" if use.name == SHOWN_AS_LIST else f"{use.name} {main_input(use.input)}"
        return ""

    def _text(self, text: str) -> None:
        if not self._has_text and self._is_any_text:
            text = text.lstrip("\n")  # what parts it from the paragraph before is put here
            if text:
                self._screen.out("\n\n" if self._screen.is_out_open else "\n")
        if not text:
            return
        self._has_text = self._is_any_text = True
        self._screen.out(visible(text) if self._screen.out_is_terminal else text)

    def _end_thinking(self) -> None:
        """Show a thought by how it begins."""
        thought, self._thoughts = " ".join(visible("".join(self._thoughts)).split()), []
        if thought:
            self._screen.line(self._cut(f"✻ {thought}"), "dim italic")

    def _tool_result(self, event: ToolResult) -> None:
        use, began = self._tools.pop(event.id, (ToolUse(event.id, "", {}), time.monotonic()))
        if use.name == SHOWN_AS_LIST and not event.is_error:
            return
        seconds = time.monotonic() - began if event.seconds is None else event.seconds
        took = self._words("usage_seconds", seconds=f"{seconds:.1f}") if seconds >= 0.1 else ""
        self._tool_line("✗" if event.is_error else "✓", "red" if event.is_error else "green", use, took)
        if event.is_error:
            self._lines(content_text(event.content), ERROR_LINES, "red")

    def _subagent(self, event: Subagent) -> None:
        """Say that one begins and how it ends; what it does itself stands indented between."""
        if event.status == "started":
            what = ": ".join(visible(part) for part in (event.kind, event.description) if part)
            self._screen.line(self._cut(f"▸ {what}"), "bold")
            return
        mark, style = ("◂", "green") if event.status == "completed" else ("✗", "red")
        report = " ".join(visible(event.text or event.status).split())
        took = self._words("usage_seconds", seconds=f"{event.seconds:.1f}") if event.seconds else ""
        room = self._screen.width - cell_len(took) - 6
        self._screen.line(Styled(f"{mark} ", style).append(self._cut(report, room)).append(f"  {took}", "dim"))

    def _notice(self, event: Notice) -> str:
        """Return a notice; when it is over is told in the reader's time, with its day where that is not today."""
        text = visible(event.text)
        try:
            until = datetime.fromisoformat(event.until or "").astimezone()
        except (ValueError, OverflowError):
            return text
        is_today = until.date() == datetime.now(until.tzinfo).date()
        when = self._words("until", time=until.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M"))
        return f"{text} {when}"

    def _tool_line(self, mark: str, style: str, use: ToolUse, took: str) -> None:
        main = main_input(use.input)
        indent = "  " if use.parent else ""
        room = self._screen.width - cell_len(f"{indent}{mark} {visible(use.name)}  ") - cell_len(took) - 3
        line = Styled(f"{indent}{mark} ", style).append(visible(use.name), "bold")
        line.append(f" {self._cut(main, room)}")
        if took:
            line.append(f"  {took}", "dim")
        self._screen.line(line)

    def _diff(self, event: Diff) -> None:
        lines = visible(event.patch).splitlines()
        begins = next((number for number, line in enumerate(lines) if line.startswith("@@")), 0)
        body = lines[begins:]  # before the first hunk stand the file names
        added, removed = (sum(line.startswith(mark) for line in body) for mark in "+-")
        counts = self._words("lines_changed", added=added, removed=removed)
        self._screen.line(Styled(f"± {visible(event.path)}", "bold").append(f"  {counts}", "dim"))
        self._change(body)

    def _change(self, lines: list[str]) -> None:
        for line in lines[:DIFF_LINES]:
            self._screen.line(f"  {line}", _DIFF_STYLES.get(line[:1], "dim"))
        self._more(len(lines) - DIFF_LINES)

    def _todo(self, event: Todo) -> None:
        self._screen.line(self._words("todo"), "bold")
        for item in event.items:
            mark, style = _TODO_MARKS.get(item.status, ("☐", ""))
            self._screen.line(f"  {mark} {visible(item.text)}", style)

    def ask(self, event: Approval) -> None:
        """Show the whole of what is asked for: nobody should allow what they have not seen."""
        self._screen.line(Styled("? ", "yellow").append(self._words("may_it", tool=visible(event.tool)), "bold"))
        value = dict(event.input) if isinstance(event.input, dict) else {"": event.input}
        change = _change(value) if event.tool == "Edit" else []
        for name, each in value.items():
            text = each if isinstance(each, str) else msgspec.json.encode(each).decode()
            label = f"{visible(str(name))}: " if name and name != "command" else ""
            self._lines(label + ("\n" if label and "\n" in text else "") + text, INPUT_LINES, "")
        self._change(change)
        if event.reason:
            self._lines(event.reason, ERROR_LINES, "dim")

    def _approval_done(self, event: ApprovalDone) -> None:
        known = event.choice if event.choice in ("allow", "allow_task", "deny") else "other"
        if event.reason == EXPIRED:
            known = EXPIRED
        said = self._words(f"done_{known}", by=event.by, choice=event.choice)
        self._screen.line(f"{'✗' if known in ('deny', EXPIRED) else '✓'} {said}", "dim")

    def _usage(self, event: Usage) -> None:
        parts = []
        if event.input_tokens or event.output_tokens:
            total = event.input_tokens + event.cache_read_tokens + event.cache_creation_tokens
            parts.append(self._words("usage_tokens", input=f"{total:,}", output=f"{event.output_tokens:,}"))
        if event.cost_usd is not None:
            parts.append(f"${event.cost_usd:.4f}")
        if event.seconds is not None:
            parts.append(self._words("usage_seconds", seconds=f"{event.seconds:.1f}"))
        if event.model:
            parts.append(visible(event.model))
        if parts:
            self._screen.line(" · ".join(parts), "dim")

    def _lines(self, text: str, most: int, style: str) -> None:
        lines = visible(text).splitlines()
        for line in lines[:most]:
            self._screen.line(f"    {line}", style)
        self._more(len(lines) - most)

    def _more(self, count: int) -> None:
        if count > 0:
            self._screen.line("    " + self._words("more_lines", count=count), "dim")

    def _cut(self, text: str, room: int | None = None) -> str:
        """Cut a line to the terminal's width; where there is none, to a width that is still read."""
        room = max(room if room is not None else self._screen.width - 1, 8)
        return text if cell_len(text) <= room else set_cell_size(text, room - 1) + "…"
