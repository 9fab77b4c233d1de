"""Many tasks as a table, with how far all of them are."""

from collections import Counter
from collections.abc import Sequence

from wegent.client.tables import text_table
from wegent.html.escaping import cut, escaped
from wegent.html.standings import MARKS, Standing, device_name, duration, state_words
from wegent.html.words import Words
from wegent.protocol.states import State
from wegent.terminal.visible import visible

MOST_ROWS = 500
COLUMNS = ("state", "task", "device", "error", "id")
_WIDTHS = (20, 34, 14, 22, 10)
_ORDER = (
    State.COMPLETED,
    State.FAILED,
    State.CANCELLED,
    State.RUNNING,
    State.CANCELLING,
    State.OFFERED,
    State.QUEUED,
)
_BARS = {State.COMPLETED: "completed", State.FAILED: "failed", State.CANCELLED: "cancelled"}


def progress_words(standings: Sequence[Standing], words: Words) -> str:
    """Say how far all are together, and how many stand how."""
    counts = Counter(each.state for each in standings)
    done = sum(each.is_settled for each in standings)
    parts = [f"{MARKS[state]} {counts[state]} {words(state)}" for state in _ORDER if counts[state]]
    return " · ".join([words("overall", done=done, total=len(standings)), *parts])


def tasks_html(standings: Sequence[Standing], words: Words, now: float) -> str:
    """Return the table of the first ones, with a bar for all, without its style."""
    return (
        progress_html(standings, words)
        + rows_html(standings[:MOST_ROWS], words, now, has_head=True)
        + rest_html(standings, words)
    )


def progress_html(standings: Sequence[Standing], words: Words) -> str:
    """Return how far all are together, in words and as a bar."""
    said = escaped(progress_words(standings, words))
    return f'<div role="status" aria-live="off">{said}</div>{_bar(standings, words)}'


def rows_html(standings: Sequence[Standing], words: Words, now: float, has_head: bool = False) -> str:
    """Return a table of some; its columns are as wide as those of any other such table."""
    columns = "".join(f'<col style="width:{width}%">' for width in _WIDTHS)
    names = "".join(f'<th scope="col">{escaped(words(f"column_{name}"))}</th>' for name in COLUMNS)
    head = f"<thead><tr>{names}</tr></thead>" if has_head else ""
    body = "".join(_row_html(each, words, now) for each in standings)
    return f'<table class="wg-tasks"><colgroup>{columns}</colgroup>{head}<tbody>{body}</tbody></table>'


def rest_html(standings: Sequence[Standing], words: Words) -> str:
    """Say how many more there are; empty if there are none."""
    rest = _rest(standings, words)
    return f'<div class="wg-dim">{escaped(rest)}</div>' if rest else ""


def tasks_text(standings: Sequence[Standing], words: Words, now: float) -> str:
    """Return the same as plain text."""
    rows = [_row(each, words, now) for each in standings[:MOST_ROWS]]
    table = text_table([[visible(cell) for cell in row] for row in rows])
    return "\n".join(filter(None, [progress_words(standings, words), table, _rest(standings, words)]))


def error_line(standing: Standing, words: Words) -> str:
    """Return the first line of why it failed."""
    if standing.error is None:
        return ""
    message = words.problem(standing.error.code, standing.error.message, standing.error.hint)[0]
    return cut(message.strip().partition("\n")[0], 160)


def _row(standing: Standing, words: Words, now: float) -> tuple[str, ...]:
    seconds = standing.seconds(now)
    took = f" {duration(seconds)}" if seconds is not None else ""
    state = cut(state_words(standing, words), 60)
    return (
        f"{MARKS[standing.state]} {state}{took}",
        cut(standing.prompt, 80),
        device_name(standing, words),
        error_line(standing, words),
        standing.id[:8],
    )


def _row_html(standing: Standing, words: Words, now: float) -> str:
    kind = ' class="wg-error"' if standing.state is State.FAILED else ""
    cells = "".join(f"<td>{escaped(cell)}</td>" for cell in _row(standing, words, now))
    return f"<tr{kind}>{cells}</tr>"


def _bar(standings: Sequence[Standing], words: Words) -> str:
    counts = Counter(_BARS.get(each.state, "running") for each in standings if each.state is not State.QUEUED)
    done, total = sum(each.is_settled for each in standings), max(len(standings), 1)
    parts = "".join(
        f'<span class="wg-bar-{kind}" style="width:{100 * counts[kind] / total:.2f}%"></span>'
        for kind in ("completed", "failed", "cancelled", "running")
        if counts[kind]
    )
    label = escaped(words("overall", done=done, total=len(standings)))
    return (
        f'<div class="wg-bar" role="progressbar" aria-label="{label}" aria-valuemin="0"'
        f' aria-valuemax="{len(standings)}" aria-valuenow="{done}">{parts}</div>'
    )


def _rest(standings: Sequence[Standing], words: Words) -> str:
    more = len(standings) - MOST_ROWS
    return words("more_tasks", count=more) if more > 0 else ""
