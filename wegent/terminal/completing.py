"""`wegent completion`: what Tab offers in a shell, by argcomplete; devices and tasks come from the server."""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from wegent.client.errors import WegentError
from wegent.protocol.time_limit import time_limit
from wegent.protocol.timing import InvalidSettingError

if TYPE_CHECKING:
    from wegent.client.async_client import AsyncClient

PROGRAMS = ("wegent", "wegent-executor", "wegent-server")
SHELLS = ("bash", "zsh", "fish", "powershell")
ASKED = "_ARGCOMPLETE"
"""The variable by which a shell asks for what may follow."""
WITHIN = 1.5
"""Seconds that the server has: a person waits at the prompt."""
TASKS = 30


def script(shell: str) -> str | None:
    """Return what makes ``shell`` complete our commands; None where argcomplete is not installed."""
    if find_spec("argcomplete") is None:
        return None
    from argcomplete.shell_integration import shellcode

    return shellcode(list(PROGRAMS), shell=shell)


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """Where a shell asks what may follow, tell it and end; nothing that goes wrong reaches the prompt."""
    if ASKED not in os.environ:
        return
    if find_spec("argcomplete") is None:
        sys.exit(1)
    import argcomplete

    for action in _actions(parser):
        if action.dest in _COMPLETERS and action.choices is None:
            action.completer = _COMPLETERS[action.dest]  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)


def _asked(question: "Callable[[AsyncClient], Awaitable[list[str]]]") -> Callable[..., list[str]]:
    """Return a completer that asks the server, and offers nothing where that cannot be."""

    def complete(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        with contextlib.suppress(WegentError, InvalidSettingError, OSError, TimeoutError):
            return asyncio.run(_ask(question, getattr(parsed_args, "url", None)))
        return []

    return complete


async def _ask(question: "Callable[[AsyncClient], Awaitable[list[str]]]", url: str | None) -> list[str]:
    from wegent.client.async_client import AsyncClient

    async with time_limit(WITHIN), AsyncClient(url, retry_seconds=0) as client:
        return await question(client)


async def _devices(client: "AsyncClient") -> list[str]:
    return ["cloud", "any", *(device.name for device in await client.devices)]


async def _labels(client: "AsyncClient") -> list[str]:
    return sorted({f"{name}={value}" for each in await client.devices for name, value in each.labels.items()})


async def _shells(client: "AsyncClient") -> list[str]:
    return sorted({shell for device in await client.devices for shell in device.shells})


async def _tasks(client: "AsyncClient") -> list[str]:
    return [task.last_subtask.subtask_id for task in await client.tasks(TASKS) if task.last_subtask]


_COMPLETERS = {
    "device": _asked(_devices),
    "label": _asked(_labels),
    "shell": _asked(_shells),
    "id": _asked(_tasks),
    "task": _asked(_tasks),
}
"""By what an argument is called."""
