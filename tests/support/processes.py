"""Real processes for tests: started with a clean environment, logged to files, gone when the test is over."""

import asyncio
import inspect
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

from api.embedded_redis import free_port

__all__ = ["MARK", "LeakError", "Program", "Programs", "clean_environment", "eventually", "free_port"]

MARK = "TEST_RUN_MARK"
"""An environment variable that every process started here carries, and so do its children."""
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
T = TypeVar("T")


class LeakError(AssertionError):
    """Processes that outlived the one that had to end them."""


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """Return an environment with a home of the test's own and nothing ambient that could change behaviour."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"} | extra


async def eventually(check: Callable[[], T | Awaitable[T]], timeout: float = 20, what: str = "") -> T:
    """Call ``check`` until it gives something true, and return that; fail when ``timeout`` seconds are over."""
    deadline = time.monotonic() + timeout
    while True:
        found = check()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found  # type: ignore[return-value]
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what or inspect.getsource(check).strip()}")
        await asyncio.sleep(0.02)


class Program:
    """One process that a test started; its output goes to ``log``, what it says on stderr to ``errors``."""

    def __init__(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], log: Path, errors: Path, cwd: Path
    ) -> None:
        self.name = name
        self.log = log
        self.errors = errors
        with log.open("ab") as output, errors.open("ab") as error_output:
            self._process = subprocess.Popen(
                argv,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=error_output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id, and its process group's."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended (negative: by that signal), None while it runs."""
        return self._process.poll()

    @property
    def text(self) -> str:
        """Everything that it wrote until now."""
        return self.log.read_text(errors="replace")

    async def line(self, pattern: str, timeout: float = 20) -> re.Match[str]:
        """Wait until it has written something that ``pattern`` finds; fail when it ends before."""

        def look() -> re.Match[str] | None:
            ended = self.returncode
            found = re.search(pattern, self.text, re.MULTILINE)
            assert found or ended is None, (
                f"{self.name} ended with {ended} before {pattern!r}:\n{self.text[-4000:]}"
            )
            return found

        try:
            found = await eventually(look, timeout, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.name} wrote:\n{self.text[-4000:]}") from None
        assert found is not None
        return found

    async def ended(self, timeout: float = 20) -> int:
        """Wait for its end and return how it ended."""
        await eventually(lambda: self.returncode is not None, timeout, f"{self.name} has ended")
        assert self.returncode is not None
        return self.returncode

    def send(self, number: int) -> None:
        """Send a signal to the process alone."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL the process alone, as a crash would, and reap it."""
        self._process.kill()
        self._process.wait(10)

    def freeze(self) -> None:
        """Stop it in its tracks until :meth:`thaw`."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.send(signal.SIGCONT)

    async def stop(self, timeout: float = 20) -> int:
        """Ask it to end (SIGTERM) and return how it ended; fail when it does not."""
        if self.returncode is None:
            self.thaw()
            self.send(signal.SIGTERM)
        return await self.ended(timeout)


class Programs:
    """Starts programs for one test, and sees to it that none of them, nor a child of theirs, outlives it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "programs"
        self.folder.mkdir()
        self.mark = uuid.uuid4().hex
        self._started: list[Program] = []

    def environment(self, **extra: str) -> dict[str, str]:
        """Return the clean environment of this test's programs, with ``extra``."""
        return clean_environment(self.folder / "home", **{MARK: self.mark}, **extra)

    def start(
        self,
        *argv: str,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        is_split: bool = False,
    ) -> Program:
        """Start a program; ``env`` comes on top of the clean environment. Split: stderr gets a file of its own."""
        name = name or Path(argv[0]).name
        log = self.folder / f"{len(self._started):02}-{name}.log"
        errors = log.with_suffix(".errors") if is_split else log
        program = Program(name, argv, self.environment(**(env or {})), log, errors, cwd or self.folder)
        self._started.append(program)
        return program

    def module(
        self,
        module: str,
        *args: str,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        is_split: bool = False,
    ) -> Program:
        """Start ``python -P -m module args…``."""
        return self.start(
            sys.executable, "-P", "-m", module, *args, name=name or module, env=env, cwd=cwd, is_split=is_split
        )

    def marked(self) -> list[psutil.Process]:
        """Return every process alive that this test started or that descends from one, zombies left out."""
        return [process for process in psutil.process_iter() if self._is_marked(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        # An executor gives its children a bare environment, and redis-server writes its title over its own: what
        # shows whose they are is then the home they got, or the folder they work in.
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            environ, folder = process.environ(), process.cwd()
        except (psutil.Error, OSError):
            return False
        homes = (environ.get("HOME", "/"), folder)
        return environ.get(MARK) == self.mark or any(Path(home).is_relative_to(self.root) for home in homes)

    def close(self, timeout: float = 20) -> None:
        """End everything, the latest first: SIGTERM, SIGKILL to what is left, and then say what leaked."""
        deadline = time.monotonic() + timeout
        running = [program for program in reversed(self._started) if program.returncode is None]
        for program in running:
            program.thaw()
            program.send(signal.SIGTERM)
            while program.returncode is None and time.monotonic() < deadline:
                time.sleep(0.02)
        while self.marked() and time.monotonic() < deadline:
            time.sleep(0.05)
        stubborn = [program.name for program in running if program.returncode is None]
        leaked = self.marked()
        told = [f"{process.pid} {' '.join(process.cmdline())[:200]}" for process in leaked if process.is_running()]
        for process in leaked:
            process.kill()
        psutil.wait_procs(leaked, timeout=10)
        for program in running:
            program.kill()
        if told or stubborn:
            raise LeakError("processes were left behind (did not end on SIGTERM): " + "; ".join(told + stubborn))
