"""What Tab offers behind `%wegent` and `%%wegent`; devices and tasks come from the server, if it answers soon."""

import argparse
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any

from IPython.core.error import TryNext, UsageError

from notebook_ext import arguments
from notebook_ext.session import Session
from wegent.client.errors import WegentError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from wegent.client.async_client import AsyncClient

WITHIN = 1.0
"""Seconds that the server has: a person is typing."""
FRESH = 5.0
"""Seconds for which an answer is offered again without asking."""
TASKS = 20
MAGICS = ("%wegent", "%%wegent")


class Completer:
    """Offers commands, flags and their values."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[float, list[str]]] = {}

    def __call__(self, shell: Any, event: Any) -> list[str]:
        """Return what may stand where the cursor is; IPython calls this."""
        before = str(event.text_until_cursor)
        words = before.split()
        if words and not before[-1].isspace():
            words.pop()
        if not words:
            raise TryNext
        if words[0] == "%%wegent":
            return self._cell(words[1:], str(event.symbol))
        return self._line(words[1:], str(event.symbol))

    def _line(self, words: list[str], prefix: str) -> list[str]:
        if not words:
            return list(arguments.COMMANDS)
        commands = arguments.line_parser(self._session.words)._subparsers
        assert commands is not None
        choices = commands._group_actions[0].choices
        parser = dict(choices or {}).get(words[0])
        if parser is None:
            return []
        offered = self._values(parser, words[1:])
        if offered is None:
            offered = (
                self._tasks() if words[0] in ("attach", "ask", "cancel", "result") and len(words) == 1 else []
            )
            offered = [*offered, *_flags(parser)] if prefix.startswith("-") or not offered else offered
        return offered

    def _cell(self, words: list[str], prefix: str) -> list[str]:
        parser = arguments.cell_parser(self._session.words)
        offered = self._values(parser, words)
        return _flags(parser) if offered is None or prefix.startswith("-") else offered

    def _values(self, parser: argparse.ArgumentParser, words: list[str]) -> list[str] | None:
        """Return the values of the flag before the cursor; None where there is none that takes one."""
        flag = next((word for word in reversed(words) if word.startswith("-")), None)
        action = parser._option_string_actions.get(flag or "")
        if action is None or action.nargs == 0 or (action.nargs is None and words[-1] != flag):
            return None
        offers: dict[str, Callable[[], list[str]]] = {
            "device": self._devices,
            "label": self._labels,
            "shell": self._shells,
            "task": self._tasks,
            "inputs": self._variables,
        }
        return offers[action.dest]() if action.dest in offers else []

    def _devices(self) -> list[str]:
        return ["cloud", *self._asked("devices", _devices)]

    def _labels(self) -> list[str]:
        return self._asked("labels", _labels)

    def _shells(self) -> list[str]:
        return self._asked("shells", _shells)

    def _tasks(self) -> list[str]:
        return [*self._session.by_name, *self._asked("tasks", _tasks)]

    def _variables(self) -> list[str]:
        hidden = self._session.ipython.user_ns_hidden
        return [name for name in self._session.ipython.user_ns if not name.startswith("_") and name not in hidden]

    def _asked(self, what: str, question: Callable[["AsyncClient"], Coroutine[Any, Any, list[str]]]) -> list[str]:
        """Return what the server said just now, or says soon; else what it said before."""
        at, known = self._known.get(what, (0.0, []))
        if known and time.monotonic() - at < FRESH:
            return known
        try:
            client = self._session.client
            asking = client.portal.submit(question(client.core))
            try:
                known = asking.result(WITHIN)
            finally:
                asking.cancel()
        except (WegentError, UsageError, FutureTimeoutError, OSError):
            return known  # there is nobody to whom it could be told
        self._known[what] = time.monotonic(), known
        return known


def register(ipython: "InteractiveShell", session: Session) -> None:
    """Let IPython ask for what may follow."""
    completer = Completer(session)
    for name in MAGICS:
        ipython.set_hook("complete_command", completer, str_key=name)


def unregister(ipython: "InteractiveShell") -> None:
    """Let it ask no more."""
    for name in MAGICS:
        ipython.strdispatchers["complete_command"].strs.pop(name, None)


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    return sorted(parser._option_string_actions)


async def _devices(core: "AsyncClient") -> list[str]:
    """Return names; where one would have to be quoted, which no completer can, the id."""
    return [each.name if each.name.split() == [each.name] else each.device_id for each in await core.devices]


async def _labels(core: "AsyncClient") -> list[str]:
    return sorted({f"{name}={value}" for each in await core.devices for name, value in each.labels.items()})


async def _shells(core: "AsyncClient") -> list[str]:
    return sorted({shell for each in await core.devices for shell in each.shells})


async def _tasks(core: "AsyncClient") -> list[str]:
    return [each.last_subtask.subtask_id for each in await core.tasks(TASKS) if each.last_subtask]
