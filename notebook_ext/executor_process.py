"""One executor beside the kernel, as a process of its own: its start, its log, its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

LONGEST_LOG = 10 << 20
"""Bytes; a log that is longer at a start makes room for a new one."""
SHOWN_LOG = 8192
_NEW_GROUP = 0x200 if sys.platform == "win32" else 0
"""CREATE_NEW_PROCESS_GROUP: what ``start_new_session`` does elsewhere."""
USUAL_SHELLS = ("ClaudeCode", "Notebook", "Python")
"""What it offers where its owner names no shells: who types this means code to run, too."""


class ExecutorProcess:
    """An executor that this process started.

    It is no part of the kernel (a user's ``executor.py`` would be taken for it), and in a session of its own, so
    that no interrupt of the kernel's reaches it. Its standard input is its tether: it ends when that does.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path, begins_at: int) -> None:
        self._process = process
        self._log = log
        self._begins_at = begins_at

    @classmethod
    def start(cls, home: Path, arguments: Sequence[str]) -> Self:
        """Start it; raise OSError where that cannot be."""
        log = home / "logs" / "notebook.log"
        with _opened(log) as output:
            begins_at = output.tell()
            process = subprocess.Popen(
                command("run", "--tether", *usual_shells(), *arguments),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                creationflags=_NEW_GROUP,
            )
        return cls(process, log, begins_at)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def said(self) -> str:
        """The end of what it has written."""
        try:
            with self._log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(self._begins_at if self._begins_at < size else 0, size - SHOWN_LOG))
                return log.read(SHOWN_LOG).decode(errors="replace").strip()
        except OSError as error:
            return f"{self._log}: {error.strerror}"

    def wait(self, seconds: float) -> int | None:
        """Wait for its end and return its exit code (negative: killed by that signal); None: it still runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def let_go(self) -> None:
        """Cut the tether: it stops what it runs, and ends."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def insist(self) -> None:
        """Have it kill what still runs, and end at once."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill it; what it ran is ended by the next one's start."""
        self._process.kill()


def command(*words: str) -> list[str]:
    """Return what starts an executor of this Python, whatever lies in the folder of the notebook."""
    return [sys.executable, "-P", "-m", "executor", *words]


def usual_shells() -> list[str]:
    """Return the flags that name them."""
    return [word for shell in USUAL_SHELLS for word in ("--usual-shell", shell)]


def name_of(code: int) -> str:
    """Return the name of the signal that an exit code below 0 tells of."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return str(-code)


def _opened(log: Path) -> IO[bytes]:
    """Open the log for what is to be added; nobody but its owner may read a new one."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        os.replace(log, log.with_suffix(".log.1"))
    return open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))
