"""Keeps one executor running for a kernel, from a thread, and tells how it is.

Who may run is decided by the executors themselves, by the lock of their folder: one that is late ends at once, and
then the other one is shown.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from notebook_ext.executor_process import ExecutorProcess
from notebook_ext.executor_state import State
from wegent.control.client import ControlClient, NotRunningError, RefusedError
from wegent.control.messages import Status

LOOK_SECONDS = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
HEALTHY_SECONDS = 60.0
"""After so long an executor that ends is started again at once, as if it were the first time."""
MOST_FAILURES = 5
"""Ends in a row after which it is not started again."""
STOPS_WITHIN, ENDS_WITHIN = 30.0, 5.0
"""Seconds until an executor that is to end is pressed, and then killed."""
FINAL = frozenset({2, 3, 4, 5})
"""Exit codes that starting again cannot mend: usage, login, replaced, too old."""

Listener = Callable[[State], None]


class Keeper:
    """Keeps the executor of ``home`` running, started with ``arguments``."""

    def __init__(self, home: Path, arguments: Sequence[str]) -> None:
        self._home = home
        self._arguments = tuple(arguments)
        self._state = State(phase="starting")
        self._changed = threading.Condition()
        self._listeners: list[Listener] = []
        self._wish = threading.Event()
        self._drains = False
        self._process: ExecutorProcess | None = None
        self._thread = threading.Thread(target=self._run, name="wegent executor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def state(self) -> State:
        """How it is now."""
        return self._state

    @property
    def is_over(self) -> bool:
        """Whether nothing runs, and nothing will be started."""
        return self._state.phase == "stopped"

    @property
    def said(self) -> str:
        """The end of what its executor has written; nothing where none was started."""
        return self._process.said if self._process is not None else ""

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with the state, and with every one from now on, in this keeper's thread."""
        with self._changed:
            self._listeners.append(listener)
            listener(self._state)

    def stop(self, *, drains: bool = False) -> None:
        """Have the executor end, and wait for nothing; ``drains``: when what runs is done."""
        self._drains = drains
        self._wish.set()

    def wait_until(self, is_right: Callable[[State], bool], seconds: float) -> bool:
        """Wait for a state; False when it did not come in time. An interrupt ends the wait alone."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (found := is_right(self._state)) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, LOOK_SECONDS))  # Windows handles Ctrl-C between waits alone
        return found

    def _run(self) -> None:
        try:
            self._set(self._keep())
        except Exception as error:  # told where people look: a thread must print nothing
            self._set(State(phase="stopped", reason="cannot_start", values={"reason": str(error)}))

    def _keep(self) -> State:
        """Keep one running until it is over, and return how that was."""
        failures = 0
        while not self._wish.is_set():
            other = self._ask("status")
            if other is not None and other.mode == "stopping":  # a former kernel's, most likely
                self._wish.wait(LOOK_SECONDS)
                continue
            if other is not None:
                return self._follow(other)
            began = time.monotonic()
            code = self._attend(self._begin())
            if self._wish.is_set() or code == 0 or code in FINAL or self._lacks_packages():
                return self._ending(code)
            failures = 1 if time.monotonic() - began > HEALTHY_SECONDS else failures + 1
            if failures == MOST_FAILURES:
                return _ended("gave_up", self.said, code=code, times=failures)
            pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
            values = {"code": code, "seconds": f"{pause:g}"}
            self._set(State(phase="again", reason="starts_again", values=values, said=self.said))
            self._wish.wait(pause)
        return _ended("by_you")

    def _begin(self) -> ExecutorProcess:
        self._process = ExecutorProcess.start(self._home, self._arguments)
        self._set(State(phase="starting"))
        return self._process

    def _attend(self, process: ExecutorProcess) -> int:
        """Tell how it is until it ends, and see to it that it does when it is to; return its exit code."""
        while (code := process.wait(LOOK_SECONDS)) is None:
            if self._wish.is_set():
                return self._end(process)
            self._look(process)
        return code

    def _look(self, process: ExecutorProcess) -> None:
        status = self._ask("status")
        if status is not None and process.pid in (status.pid, status.tethered_to):  # Windows: behind a launcher
            self._set(State(phase="running", status=status))

    def _end(self, process: ExecutorProcess) -> int:
        """Have it end; a drain may take as long as its tasks do, unless it is to end at once after all."""
        self._set(replace(self._state, phase="stopping"))
        self._ask("drain" if self._drains else "stop")
        while self._drains:
            if (code := process.wait(LOOK_SECONDS)) is not None:
                return code
            self._set(replace(self._state, phase="stopping", status=self._ask("status") or self._state.status))
        self._ask("stop")
        process.let_go()
        deadline = time.monotonic() + STOPS_WITHIN
        while time.monotonic() < deadline:
            if (code := process.wait(LOOK_SECONDS)) is not None:
                return code
            self._set(replace(self._state, phase="stopping", status=self._ask("status") or self._state.status))
        process.insist()
        if (code := process.wait(ENDS_WITHIN)) is None:
            process.kill()
            code = process.wait(ENDS_WITHIN)
        return -9 if code is None else code

    def _follow(self, other: Status | None) -> State:
        """Show somebody else's executor until it ends, and start none."""
        while other is not None and not self._wish.is_set():
            self._set(State(phase="elsewhere", status=other))
            self._wish.wait(LOOK_SECONDS)
            other = self._ask("status")
        return _ended("elsewhere_ended")

    def _ending(self, code: int) -> State:
        if self._wish.is_set():
            return _ended("by_you")
        if code == 0:
            return _ended("by_itself")
        if code in FINAL:
            return _ended(f"exit_{code}", self.said)
        return _ended("not_installed", self.said)

    def _lacks_packages(self) -> bool:
        return self.said.rpartition("\n")[2].startswith("ModuleNotFoundError")

    def _ask(self, what: str) -> Status | None:
        """Return how the executor of this folder is after it was asked; None when none answers."""
        with contextlib.suppress(NotRunningError, RefusedError, OSError), ControlClient.open(self._home) as client:
            return client.ask(what).status
        return None

    def _set(self, state: State) -> None:
        with self._changed:
            if state == self._state:
                return
            self._state = state
            self._changed.notify_all()
            for listener in self._listeners:
                listener(state)


def _ended(reason: str, said: str = "", **values: object) -> State:
    return State(phase="stopped", reason=reason, values=values, said=said)
