"""How much a task may do without asking: the device's owner sets the bound, a task can only be stricter."""

from typing import Literal

PermissionMode = Literal["plan", "ask", "acceptEdits", "bypassPermissions"]

MODES: tuple[PermissionMode, ...] = ("plan", "ask", "acceptEdits", "bypassPermissions")
"""From the strictest to the loosest."""
_ALIASES: dict[str, PermissionMode] = {"default": "ask"}


class ForbiddenModeError(Exception):
    """A task asked for more than its device's owner allows; the message is for the sender."""


def effective(wanted: str | None, owners: PermissionMode) -> PermissionMode:
    """Return the mode that a task runs in: its own where that is not looser than the owner's."""
    if wanted is None:
        return owners
    mode = _ALIASES.get(wanted) or next((mode for mode in MODES if mode == wanted), None)
    if mode is None:
        raise ForbiddenModeError(f"options.permission_mode {wanted!r} is none of {', '.join(MODES)}.")
    if MODES.index(mode) > MODES.index(owners):
        raise ForbiddenModeError(
            f"This device allows permission mode {owners} and stricter, not {mode}."
            f" Its owner can allow it: wegent-executor --permission-mode {mode}."
        )
    return mode
