"""What `%wegent COMMAND` does."""

import argparse
from collections.abc import Callable
from typing import Any

from IPython.display import display

from notebook_ext import following, logins, showing
from notebook_ext.session import Session
from wegent.client.errors import SettledError
from wegent.protocol.states import TERMINAL

Command = Callable[[Session, argparse.Namespace], None]


def attach(session: Session, given: argparse.Namespace) -> None:
    """Show a task from its beginning."""
    _follow(session, session.note(session.task(given.target), given.bg), given.bg)


def ask(session: Session, given: argparse.Namespace) -> None:
    """Send a further turn."""
    task = session.task(given.target).ask(" ".join(given.text))
    _follow(session, session.note(task, given.bg), given.bg)


def cancel(session: Session, given: argparse.Namespace) -> None:
    """Ask to stop a task; that it has ended already is no error."""
    task, words = session.task(given.target), session.words
    before = state = task.status
    if before not in TERMINAL:
        try:
            state = task.cancel()
        except SettledError:
            before = task.status
    if before in TERMINAL:
        print(words("ended_already", state=words(before)))
    else:
        print(words("was_stopped" if state in TERMINAL else "is_stopping"))


def result(session: Session, given: argparse.Namespace) -> None:
    """Show what a task gave, once it has ended."""
    display(session.task(given.target).result())


def _follow(session: Session, task: Any, name: str | None) -> None:
    if name is None:
        following.follow(session, task)
    else:
        following.leave(session, task)


COMMANDS: dict[str, Command] = {
    "login": lambda session, given: logins.log_in(session, given.url, given.again),
    "devices": lambda session, given: showing.show_devices(session),
    "tasks": lambda session, given: showing.show_tasks(
        session, session.client.tasks(given.limit, " ".join(given.search) or None)
    ),
    "attach": attach,
    "ask": ask,
    "cancel": cancel,
    "result": result,
}
