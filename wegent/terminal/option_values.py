"""Values of a task's options as people write them."""

from typing import Any

import msgspec


def option_value(text: str) -> Any:
    """Read a value as JSON where it is that (a number, true, a list), else as the text it is."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
