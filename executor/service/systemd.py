"""Linux: a unit of the user's own systemd (systemd.service(5), systemd.unit(5))."""

import os
import re
import subprocess
from pathlib import Path

from executor.service.commands import Outcome, run, run_or_raise
from executor.service.plan import FINAL_CODES, Plan, ServiceError

_UNIT = """\
# Written by `wegent-executor service install`, which overwrites it. Settings are in config.toml.
[Unit]
Description=Wegent executor ({home_text})
StartLimitIntervalSec=0

[Service]
ExecStart={command}
Environment={path}
Environment={home}
Restart=on-failure
RestartPreventExitStatus={final}
RestartSec=5
RestartSteps=8
RestartMaxDelaySec=300
KillMode=mixed
TimeoutStopSec={stop}

[Install]
WantedBy=default.target
"""


def unit(plan: Plan) -> str:
    """Return the unit's text."""
    return _UNIT.format(
        home_text=_specifiers(str(plan.home)),
        command=" ".join([quoted(plan.argv[0]), *(quoted(word, is_argument=True) for word in plan.argv[1:])]),
        path=quoted(f"PATH={plan.path}"),
        home=quoted(f"WEGENT_HOME={plan.home}"),
        final=" ".join(map(str, FINAL_CODES)),
        stop=f"{plan.stop_seconds:g}",
    )


def quoted(word: str, *, is_argument: bool = False) -> str:
    """Quote one word as systemd.syntax(7) says; only in a command's arguments does ``$`` name a variable."""
    escaped = _specifiers(word.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped.replace("$", "$$") if is_argument else escaped}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


class Systemd:
    """The user's systemd."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        self._name = f"{plan.name}.service"
        self._file = Path(base).expanduser() / "systemd" / "user" / self._name
        self.hints: list[str] = []

    @property
    def file(self) -> Path:
        """Where the unit is."""
        return self._file

    def text(self) -> str:
        """Return what is written there."""
        return unit(self._plan)

    def install(self) -> None:
        """Write the unit and start it; one that runs from the same unit is left alone."""
        self._require()
        text = self.text()
        is_new = not self._file.exists() or self._file.read_text() != text
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(text)
        run_or_raise(_systemctl("daemon-reload"))
        run_or_raise(_systemctl("enable", self._name))
        if is_new or not self.is_active():
            run_or_raise(_systemctl("restart", self._name), timeout=self._plan.stop_seconds + 30)
        if _lingers() is False:
            self.hints.append("linger")

    def uninstall(self) -> bool:
        """Stop it and remove it; return whether there was one."""
        if not self._file.exists():
            return False
        self._require()
        run(_systemctl("disable", "--now", self._name), timeout=self._plan.stop_seconds + 30)
        self._file.unlink()
        run_or_raise(_systemctl("daemon-reload"))
        run(_systemctl("reset-failed", self._name))
        return True

    def is_installed(self) -> bool:
        """Whether the unit is there."""
        return self._file.exists()

    def is_active(self) -> bool:
        """Whether it runs."""
        return run(_systemctl("is-active", self._name)).code == 0

    def logs(self, follow: bool) -> int:
        """Show its log until it is enough; return the exit code."""
        more = ["--follow"] if follow else []
        return subprocess.call(["journalctl", "--user", "--unit", self._name, "--lines", "200", *more])

    def _require(self) -> None:
        answer = run(_systemctl("show-environment"))
        if answer.code != 0:
            raise ServiceError(
                f"The systemd of this user does not answer ({_reason(answer)}). In a container, or where you came"
                " by `su`, there is none: have what keeps the container running run `wegent-executor`; on a"
                " computer log in as this user (XDG_RUNTIME_DIR must be set)."
            )


def _systemctl(*words: str) -> list[str]:
    return ["systemctl", "--user", *words]


def _reason(answer: Outcome) -> str:
    return re.sub(r"\s+", " ", answer.text).strip()[:300] or f"exit code {answer.code}"


def _lingers() -> bool | None:
    """Return whether the user's services go on after logging out; None where nobody says."""
    answer = run(["loginctl", "show-user", str(os.getuid()), "--property=Linger"])
    found = re.search(r"Linger=(yes|no)", answer.text)
    return None if found is None else found[1] == "yes"
