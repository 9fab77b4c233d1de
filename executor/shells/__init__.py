"""What a device can run: one module per shell, behind the interface of :mod:`executor.shells.base`."""

from executor.shells.base import Shell
from executor.shells.claude_code import ClaudeCode
from executor.shells.command import Command

SHELLS: dict[str, type[Shell]] = {"ClaudeCode": ClaudeCode, "Command": Command}
"""Every shell by its name; the device's owner says which are offered."""
