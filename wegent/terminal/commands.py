"""Which function does what a command says."""

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from wegent.terminal import answering, conversations, lists, logins, saving, sending
from wegent.terminal.completing import script
from wegent.terminal.json_lines import json_line
from wegent.terminal.session import Session, UsageError

Command = Callable[[Session, argparse.Namespace], Coroutine[Any, Any, int]]


def begin(session: Session, arguments: argparse.Namespace) -> Coroutine[Any, Any, int]:
    """Ask what must be asked, which needs no loop and is ended by Ctrl-C, and return what is to be done."""
    match arguments.command:
        case "login":
            by = arguments.password_stdin, arguments.token_stdin, arguments.device_code
            return logins.log_in(session, logins.ask(session, arguments.username, *by), arguments.keyring)
        case "run":
            return sending.run(session, arguments, sending.read_text(session, arguments.prompt))
        case "say":
            return conversations.say(session, arguments.id, sending.read_text(session, arguments.text))
        case name:
            return _COMMANDS[name](session, arguments)


async def show_completion(session: Session, shell: str) -> int:
    """Print what makes a shell complete our commands."""
    text = script(shell)
    if text is None:
        raise UsageError(session.words("no_argcomplete"))
    session.screen.out(json_line({"shell": shell, "script": text}) if session.as_json else text)
    await session.screen.flush()
    return 0


_COMMANDS: dict[str, Command] = {
    "answer": lambda session, given: answering.answer(
        session, given.id, given.choice, given.message, given.question
    ),
    "approvals": lambda session, given: answering.show_questions(session),
    "attach": lambda session, given: sending.attach(session, given.id, given.save),
    "cancel": lambda session, given: sending.cancel(session, given.id),
    "completion": lambda session, given: show_completion(session, given.shell),
    "default": lambda session, given: lists.default_device(session, given.device, given.unset),
    "delete": lambda session, given: conversations.delete(session, given.id),
    "devices": lambda session, given: lists.show_devices(session),
    "get": lambda session, given: saving.get(session, given.file, given.output, given.force),
    "log": lambda session, given: conversations.show_log(session, given.id, given.after),
    "logout": lambda session, given: logins.log_out(session),
    "move": lambda session, given: conversations.move(session, given.id, given.device, given.label),
    "rename": lambda session, given: conversations.rename(session, given.id, " ".join(given.title)),
    "retry": lambda session, given: sending.retry(session, given.id, given.detach, given.save),
    "tasks": lambda session, given: lists.show_tasks(session, given.limit, given.search),
}
