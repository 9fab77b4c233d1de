"""macOS: an agent of the user's launchd (launchd.plist(5)).

launchd cannot tell exit codes apart, so the executor is told that it is a service (``run --service``): it then
says 0 where starting again is useless, and logs to a file of its own.
"""

import os
import plistlib
from pathlib import Path
from typing import Any

from executor.service.commands import run, run_or_raise
from executor.service.log_tail import show
from executor.service.plan import Plan, log_file

THROTTLE_SECONDS = 10
"""The least that launchd itself waits between two starts."""


def label(plan: Plan) -> str:
    """Return the agent's name."""
    return f"io.wecode.{plan.name}"


def agent(plan: Plan) -> bytes:
    """Return the agent's property list."""
    said: dict[str, Any] = {
        "Label": label(plan),
        "ProgramArguments": [*plan.argv, "--service"],
        "EnvironmentVariables": {"PATH": plan.path, "WEGENT_HOME": str(plan.home)},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": THROTTLE_SECONDS,
        "ExitTimeOut": round(plan.stop_seconds),
        "StandardErrorPath": str(log_file(plan.home).with_suffix(".errors")),
    }
    return plistlib.dumps(said)


class Launchd:
    """The user's launchd."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file = Path("~/Library/LaunchAgents").expanduser() / f"{label(plan)}.plist"
        self.hints: list[str] = []

    @property
    def file(self) -> Path:
        """Where the property list is."""
        return self._file

    def text(self) -> str:
        """Return what is written there."""
        return agent(self._plan).decode()

    def install(self) -> None:
        """Write it and start it; one that runs from the same text is left alone."""
        text = agent(self._plan)
        if self._file.exists() and self._file.read_bytes() == text and self.is_active():
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        log_file(self._plan.home).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.write_bytes(text)
        run(["launchctl", "bootout", self._target()], timeout=self._plan.stop_seconds + 30)
        run_or_raise(["launchctl", "enable", self._target()])
        run_or_raise(["launchctl", "bootstrap", _domain(), str(self._file)])

    def uninstall(self) -> bool:
        """Stop it and remove it; return whether there was one."""
        if not self._file.exists():
            return False
        run(["launchctl", "bootout", self._target()], timeout=self._plan.stop_seconds + 30)
        self._file.unlink()
        log_file(self._plan.home).with_suffix(".errors").unlink(missing_ok=True)
        return True

    def is_installed(self) -> bool:
        """Whether the property list is there."""
        return self._file.exists()

    def is_active(self) -> bool:
        """Whether it runs."""
        answer = run(["launchctl", "print", self._target()])
        return answer.code == 0 and "state = running" in answer.text

    def logs(self, follow: bool) -> int:
        """Show its log until it is enough; return the exit code."""
        return show(log_file(self._plan.home), follow)

    def _target(self) -> str:
        return f"{_domain()}/{label(self._plan)}"


def _domain() -> str:
    return f"gui/{os.getuid()}"
