"""Events that stand for themselves, as HTML: tool calls, diffs, lists, questions, notices, files."""

from datetime import datetime
from typing import Any

import msgspec
from rich.filesize import decimal

from wegent.html.escaping import cut, escaped, first_lines
from wegent.html.words import Words
from wegent.protocol.inputs import EXPIRED
from wegent.protocol.output_events import (
    Approval,
    ApprovalDone,
    Cell,
    Diff,
    File,
    FollowUp,
    Notice,
    Subagent,
    Todo,
    ToolResult,
    ToolUse,
    Unknown,
    Usage,
)
from wegent.terminal.tool_calls import content_text, main_input

SHOWN_LINES = 200
SHOWN_CHARACTERS = 20_000
LINE = 160
"""Characters of what is shown in one line."""

_TODO_MARKS = {"completed": "☑", "in_progress": "◐"}
_NOTICE_MARKS = {"warning": "⚠", "error": "✗"}
_DIFF_KINDS = {"+": "added", "-": "removed", "@": "hunk"}


def shown(text: str, words: Words, kind: str = "wg-plain") -> str:
    """Return text as it is, how it begins where it is long."""
    begins, more = first_lines(text, SHOWN_LINES, SHOWN_CHARACTERS)
    rest = f'\n<span class="wg-dim">{escaped(words("more_lines", count=more))}</span>' if more else ""
    return f'<pre class="{kind}">{escaped(begins)}{rest}</pre>'


def line(mark: str, html: str, kind: str = "") -> str:
    """Return one line behind a mark."""
    return f'<div class="wg-line {kind}"><span class="wg-mark" aria-hidden="true">{mark}</span> {html}</div>'


def tool_card(use: ToolUse, result: ToolResult | None, words: Words) -> str:
    """Return a call with what it gave, collapsed; one that failed says so."""
    mark, state = "…", "running"
    if result is not None:
        mark, state = ("✗", "failed") if result.is_error else ("✓", "completed")
    took = words("usage_seconds", seconds=f"{result.seconds:.1f}") if result and result.seconds else ""
    head = (
        f'<span class="wg-mark" aria-hidden="true">{mark}</span> <b>{escaped(cut(use.name, LINE))}</b>'
        f" <code>{escaped(cut(main_input(use.input), LINE))}</code>"
        f' <span class="wg-dim">{escaped(took)}</span><span class="wg-said">{escaped(words(state))}</span>'
    )
    given = shown(content_text(result.content), words) if result is not None else ""
    kinds = f"wg-card wg-{state}" + (" wg-child" if use.parent else "")
    return f'<details class="{kinds}"><summary>{head}</summary>{fields(use.input, words)}{given}</details>'


def fields(value: Any, words: Words) -> str:
    """Return the whole input of a tool call, field by field."""
    named = value if isinstance(value, dict) else {"": value}
    parts = []
    for name, each in named.items():
        text = each if isinstance(each, str) else msgspec.json.encode(each).decode()
        label = f'<div class="wg-dim">{escaped(cut(str(name), LINE))}</div>' if name else ""
        parts.append(label + shown(text, words))
    return "".join(parts)


def question_line(event: Approval, words: Words) -> str:
    """Return the line that stands where a question was asked, as long as it is open."""
    return line("?", f"<b>{escaped(words('may_it', tool=event.tool))}</b>")


def question_card(event: Approval, done: ApprovalDone | None, words: Words) -> str:
    """Return a question with the whole of what is asked for, and how it was answered."""
    title = f"<b>{escaped(words('may_it', tool=event.tool))}</b>"
    reason = f'<div class="wg-dim">{escaped(event.reason[:SHOWN_CHARACTERS])}</div>' if event.reason else ""
    body = fields(event.input, words) + reason
    if done is None:
        return f'<div class="wg-card wg-question" role="group">{line("?", title)}{body}</div>'
    known = done.choice if done.choice in ("allow", "allow_task", "deny") else "other"
    known = EXPIRED if done.reason == EXPIRED else known
    said = escaped(words(f"done_{known}", by=done.by, choice=done.choice))
    mark = "✗" if known in ("deny", EXPIRED) else "✓"
    head = f'<span class="wg-mark" aria-hidden="true">{mark}</span> {title} {said}'
    return f'<details class="wg-card"><summary>{head}</summary>{body}</details>'


def diff_card(event: Diff, words: Words) -> str:
    """Return a change line by line."""
    lines = event.patch.splitlines()
    begins = next((number for number, text in enumerate(lines) if text.startswith("@@")), 0)
    body = lines[begins:]  # before the first hunk stand the file names
    added, removed = (sum(text.startswith(mark) for text in body) for mark in "+-")
    counts = escaped(words("lines_changed", added=added, removed=removed))
    rows = "".join(
        f'<span class="wg-diff-{_DIFF_KINDS.get(text[:1], "same")}">{escaped(text[:2000])}\n</span>'
        for text in body[:SHOWN_LINES]
    )
    if len(body) > SHOWN_LINES:
        rows += f'<span class="wg-dim">{escaped(words("more_lines", count=len(body) - SHOWN_LINES))}</span>'
    head = f'± <b>{escaped(cut(event.path, LINE))}</b> <span class="wg-dim">{counts}</span>'
    return f'<details class="wg-card" open><summary>{head}</summary><pre class="wg-diff">{rows}</pre></details>'


def todo_card(event: Todo, words: Words) -> str:
    """Return the todo list."""
    items = "".join(
        f'<li class="wg-todo-{item.status if item.status in _TODO_MARKS else "pending"}">'
        f"{_TODO_MARKS.get(item.status, '☐')} {escaped(cut(item.text, 500))}</li>"
        for item in event.items[:SHOWN_LINES]
    )
    return f'<div class="wg-card"><b>{escaped(words("todo"))}</b><ul class="wg-todo">{items}</ul></div>'


def subagent_line(event: Subagent, words: Words) -> str:
    """Say that one begins, or how it ended."""
    if event.status == "started":
        what = ": ".join(part for part in (event.kind, event.description) if part)
        return line("▸", f"<b>{escaped(cut(what, LINE))}</b>")
    mark = "◂" if event.status == "completed" else "✗"
    took = words("usage_seconds", seconds=f"{event.seconds:.1f}") if event.seconds else ""
    report = escaped(cut(event.text or event.status, LINE))
    return line(mark, f'{report} <span class="wg-dim">{escaped(took)}</span>')


def notice_line(event: Notice, words: Words) -> str:
    """Return a notice; when it is over is told in the reader's time."""
    text = event.text[:SHOWN_CHARACTERS]
    try:
        until = datetime.fromisoformat(event.until or "").astimezone()
    except (ValueError, OverflowError):
        pass  # it has no end, or one that nobody can read
    else:
        is_today = until.date() == datetime.now(until.tzinfo).date()
        when = until.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M")
        text = f"{text} {words('until', time=when)}"
    level = event.level if event.level in _NOTICE_MARKS else "info"
    return line(_NOTICE_MARKS.get(level, "ℹ"), escaped(text), f"wg-notice-{level}")


def follow_up_line(event: FollowUp) -> str:
    """Return what was said while it ran."""
    return line("&gt;", f"<b>{escaped(event.text[:SHOWN_CHARACTERS])}</b>", "wg-plain")


def file_line(event: File, words: Words) -> str:
    """Return a file that came back, and by which id to fetch it."""
    return line("📄", escaped(words("file", name=event.name, size=decimal(event.size), id=event.id)))


def cell_line(event: Cell) -> str:
    """Return how far the notebook is, and what runs now."""
    place = f'<b class="wg-place">[{event.index}/{event.of}]</b>'
    source = (event.source or "").strip("\n")
    if not source:
        return f'<div class="wg-cell">{place}</div>'
    head = f"{place} <code>{escaped(cut(source, LINE))}</code>"
    return (
        f'<details class="wg-cell"><summary>{head}</summary>'
        f"<pre>{escaped(source[:SHOWN_CHARACTERS])}</pre></details>"
    )


def usage_line(event: Usage, words: Words) -> str:
    """Return what the turn used; empty where that is nothing."""
    parts = []
    if event.input_tokens or event.output_tokens:
        total = event.input_tokens + event.cache_read_tokens + event.cache_creation_tokens
        parts.append(words("usage_tokens", input=f"{total:,}", output=f"{event.output_tokens:,}"))
    if event.cost_usd is not None:
        parts.append(f"${event.cost_usd:.4f}")
    if event.seconds is not None:
        parts.append(words("usage_seconds", seconds=f"{event.seconds:.1f}"))
    if event.model:
        parts.append(event.model)
    return f'<div class="wg-dim">{escaped(" · ".join(parts))}</div>' if parts else ""


def unknown_line(event: Unknown) -> str:
    """Keep what this version does not know as a line."""
    data = cut(msgspec.json.encode(event.data).decode(), LINE)
    return f'<div class="wg-dim">{escaped(cut(event.type, 64))}: <code>{escaped(data)}</code></div>'
