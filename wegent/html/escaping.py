"""Text from elsewhere in HTML: a device, a model or a process may say things, not write the page."""

import html

from wegent.terminal.visible import visible


def escaped(text: str) -> str:
    """Return ``text`` as HTML that shows it: no markup, no control characters, no changes of direction."""
    return html.escape(visible(text))


def cut(text: str, most: int) -> str:
    """Return the text in one line, cut to ``most`` characters."""
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most else line[: most - 1] + "…"


def first_lines(text: str, most_lines: int, most_characters: int) -> tuple[str, int]:
    """Return how a text begins, within both limits, and how many lines are left out."""
    lines = text.count("\n") + 1 if text else 0
    begins = "\n".join(text[:most_characters].split("\n", most_lines)[:most_lines])
    if len(begins) == len(text):
        return text, 0
    return begins, max(lines - (begins.count("\n") + 1), 1)
