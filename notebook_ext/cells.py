"""`%%wegent`: a cell that is a prompt, or code, for a device."""

import argparse
from collections.abc import Mapping
from typing import Any, NamedTuple

from IPython.core.error import UsageError

from notebook_ext import arguments, following
from notebook_ext.arguments import PYTHON
from notebook_ext.errors import CellError
from notebook_ext.outputs import RemoteValue
from notebook_ext.session import Session
from wegent.client.blocking_tasks import Task
from wegent.client.errors import NotFoundError


class Sending(NamedTuple):
    """One cell, ready to be sent."""

    source: str
    given: argparse.Namespace
    is_python: bool
    inputs: Mapping[str, Any]

    @property
    def device(self) -> Any:
        """Where it goes: a name or an id, labels, or None for the default."""
        if self.given.any:
            return {}
        return dict(self.given.label) if self.given.label else self.given.device

    @property
    def place(self) -> object:
        """What cells that share a kernel on the device have in common."""
        given = self.given
        return given.device, tuple(sorted(given.label or ())), given.any


def run(session: Session, line: str, source: str) -> RemoteValue | None:
    """Send a cell and follow it, or leave it in the background; return what Python code gave."""
    words = session.words
    given = arguments.cell_parser(words).parse_args(arguments.split(line))
    if not source.strip():
        raise UsageError(words("empty_cell"))
    is_python = _is_python(session, given)
    sending = Sending(source, given, is_python, _inputs(session, given.inputs))
    task = session.note(_send_interruptibly(session, sending), given.bg)
    if is_python:
        session.kernels[sending.place] = task.task_id
    if given.bg is not None:
        _tell_of_background(session, task, given)
        return None
    value = following.follow(session, task, is_code=is_python)
    if given.outputs:
        session.ipython.push(task.variables())
    return value


def _is_python(session: Session, given: argparse.Namespace) -> bool:
    carries = bool(given.inputs or given.outputs)
    if given.shell is None and carries:
        given.shell = PYTHON
    is_python: bool = given.shell == PYTHON
    if carries and not is_python:
        raise UsageError(session.words("only_python"))
    if carries and given.file:
        raise UsageError(session.words("no_files_with_variables"))
    if carries and not session.is_pickling_told:
        session.is_pickling_told = True
        print(session.words("pickled"))
    return is_python


def _inputs(session: Session, names: list[str]) -> dict[str, Any]:
    variables = session.ipython.user_ns
    missing = [name for name in names if name not in variables]
    if missing:
        raise UsageError(session.words("no_variable", names=", ".join(missing)))
    return {name: variables[name] for name in names}


def _send_interruptibly(session: Session, sending: Sending) -> Task:
    try:
        return _send_on(session, sending)
    except KeyboardInterrupt:
        raise CellError(session.words("maybe_sent_cell")) from None


def _send_on(session: Session, sending: Sending) -> Task:
    """Send as a further turn where one is meant; where its conversation was deleted, Python code begins anew."""
    given = sending.given
    if given.task is not None:
        return _send(session, sending, session.task(given.task).task_id)
    kept = session.kernels.get(sending.place) if sending.is_python and not given.new else None
    if kept is not None:
        try:
            return _send(session, sending, kept)
        except NotFoundError:
            del session.kernels[sending.place]
    return _send(session, sending, None)


def _send(session: Session, sending: Sending, task_id: str | None) -> Task:
    given, client = sending.given, session.client
    device = sending.device if task_id is None or isinstance(sending.device, str) else None
    values: dict[str, Any] = {
        "device": device,
        "wait": given.wait,
        "dir": given.dir,
        "options": arguments.option_values(given.option) or None,
        "title": given.title,
        "task": task_id,
    }
    if given.inputs or given.outputs:
        return client.run_code(sending.source, inputs=sending.inputs, outputs=given.outputs, **values)
    return client.run(sending.source, shell=given.shell, files=given.file, **values)


def _tell_of_background(session: Session, task: Task, given: argparse.Namespace) -> None:
    print(session.words("bg_sent", id=task.id, name=given.bg))
    if given.outputs:
        print(session.words("bg_variables", name=given.bg, names=", ".join(given.outputs)))
    following.leave(session, task)
