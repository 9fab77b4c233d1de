"""Text from elsewhere on a terminal: a server, a model or a process may name things, not steer the screen."""

_HIDDEN = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_HIDDEN |= dict.fromkeys(
    [*range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD
)


def visible(text: str) -> str:
    """Return ``text`` without power over the terminal: control characters and direction changes are shown."""
    return text.replace("\r\n", "\n").translate(_HIDDEN)
