"""The processes of a subtask, or of hosts, found by the mark that each of them carries."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil

_run: list[Path] = []


def begin_run(folder: Path) -> None:
    """Look from now on only at what executors with homes in ``folder`` run: other test runs have their own."""
    _run[:] = [folder]


def marked(subtask_id: str) -> list[psutil.Process]:
    """Return every live process of a subtask of this test run, zombies left out."""
    return _found(lambda mark: mark == subtask_id)


def hosted() -> list[psutil.Process]:
    """Return every live process that is a host of this test run (Claude Code's), or came from one."""
    return kept("claude ")


def kept(wanted: str) -> list[psutil.Process]:
    """Return every live process of this test run that is kept, for a kind and task that begin with ``wanted``."""
    return _found(lambda mark: mark.startswith(f"kept {wanted}"))


def commands() -> list[str]:
    """Return the command lines of what came from hosts, without the hosts themselves and the CLI."""
    lines = []
    for process in hosted():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:  # it ended
            continue
        if "claude_host" not in line and "--input-format stream-json" not in line:
            lines.append(line)
    return lines


def _found(is_wanted: Callable[[str], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            environ = process.environ()
        except (psutil.Error, OSError):
            continue
        home = Path(environ.get("WEGENT_EXECUTOR_HOME", "/"))
        if is_wanted(environ.get("WEGENT_SUBTASK_ID", "")) and any(home.is_relative_to(run) for run in _run):
            found.append(process)
    return found
