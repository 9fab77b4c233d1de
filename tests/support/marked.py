"""The processes of a subtask, found by the mark that each of them carries."""

import os
from pathlib import Path

import psutil

_run: list[Path] = []


def begin_run(folder: Path) -> None:
    """Look from now on only at what executors with homes in ``folder`` run: other test runs have their own."""
    _run[:] = [folder]


def marked(subtask_id: str) -> list[psutil.Process]:
    """Return every live process of a subtask of this test run, zombies left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            environ = process.environ()
        except (psutil.Error, OSError):
            continue
        home = Path(environ.get("WEGENT_EXECUTOR_HOME", "/"))
        if environ.get("WEGENT_SUBTASK_ID") == subtask_id and any(home.is_relative_to(run) for run in _run):
            found.append(process)
    return found
