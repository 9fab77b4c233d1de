"""What a tool call is about, and what it gave, as text."""

from typing import Any

import msgspec

from wegent.terminal.visible import visible

MAIN_INPUTS = ("command", "file_path", "notebook_path", "path", "pattern", "url", "query", "description", "prompt")
"""The input that says most about a tool call, by name, the first that there is."""
SHOWN_AS_LIST = "TodoWrite"
"""The tool whose input comes as a todo list too: its call is told only where it fails."""


def main_input(value: Any) -> str:
    """Return what says most about a tool call, in one line."""
    if isinstance(value, dict):
        named = [value[name] for name in MAIN_INPUTS if isinstance(value.get(name), str)]
        named += [each for each in value.values() if isinstance(each, str)]
        value = named[0] if named else msgspec.json.encode(value).decode() if value else ""
    return " ".join(visible(str(value)).split())


def content_text(content: Any) -> str:
    """Return what a tool gave, as text: it is a string or blocks of text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in content)
    return "" if content is None else msgspec.json.encode(content).decode()
