"""Texts in nbformat's form (nbformat 4, "multi-line strings"): whole, or as a list of their lines."""

from typing import Any


def joined(text: Any) -> str:
    """Return a text that nbformat allows to be a list of its lines."""
    return "".join(map(str, text)) if isinstance(text, list) else "" if text is None else str(text)
