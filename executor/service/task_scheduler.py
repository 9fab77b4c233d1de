"""Windows: a task of the Task Scheduler (its XML schema: MS-TSCH, section 2.5).

A task has no environment of its own: the home is an argument, and PATH is the user's, from the registry.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from executor.service.commands import run, run_or_raise
from executor.service.log_tail import show
from executor.service.plan import MODULE, Plan, log_file
from wegent.control.client import is_running, stop

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"


def arguments(plan: Plan) -> str:
    """Return the command line behind the program, quoted as CommandLineToArgvW takes it apart."""
    return subprocess.list2cmdline([*MODULE, "--home", str(plan.home), "run", "--service"])


def task(plan: Plan, user: str) -> str:
    """Return the task's XML: at the logon of ``user``, once at a time, as long as it takes."""
    root = ElementTree.Element("Task", {"version": "1.2", "xmlns": _NAMESPACE})
    _add(root, "RegistrationInfo", Description=f"Wegent executor ({plan.home})")
    _add(ElementTree.SubElement(root, "Triggers"), "LogonTrigger", Enabled="true", UserId=user)
    principal = _add(
        ElementTree.SubElement(root, "Principals"),
        "Principal",
        UserId=user,
        LogonType="InteractiveToken",
        RunLevel="LeastPrivilege",
    )
    principal.set("id", "Author")
    settings = _add(
        root,
        "Settings",
        MultipleInstancesPolicy="IgnoreNew",
        DisallowStartIfOnBatteries="false",
        StopIfGoingOnBatteries="false",
        ExecutionTimeLimit="PT0S",
    )
    _add(settings, "RestartOnFailure", Interval="PT1M", Count="999")
    actions = ElementTree.SubElement(root, "Actions", {"Context": "Author"})
    _add(actions, "Exec", Command=plan.python, Arguments=arguments(plan), WorkingDirectory=str(plan.home))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: ElementTree.Element, name: str, **children: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    for child, text in children.items():
        ElementTree.SubElement(made, child).text = text
    return made


class TaskScheduler:
    """The user's tasks."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.hints: list[str] = []

    @property
    def file(self) -> Path | None:
        """There is no file: the Task Scheduler keeps the task."""
        return None

    def text(self) -> str:
        """Return what the Task Scheduler is given."""
        domain, name = os.environ.get("USERDOMAIN", ""), os.environ.get("USERNAME", "")
        return task(self._plan, f"{domain}\\{name}" if domain else name)

    def install(self) -> None:
        """Make the task, or make it anew, and start it."""
        self._plan.home.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(suffix=".xml")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-16") as file:
                file.write(self.text())
            run_or_raise(["schtasks", "/Create", "/TN", self._plan.name, "/XML", path, "/F"])
        finally:
            os.unlink(path)
        run_or_raise(["schtasks", "/Run", "/TN", self._plan.name])

    def uninstall(self) -> bool:
        """End it and remove it; return whether there was one. Ending a task kills it, so it is asked first."""
        if not self.is_installed():
            return False
        stop(self._plan.home, self._plan.stop_seconds)
        run(["schtasks", "/End", "/TN", self._plan.name])
        run_or_raise(["schtasks", "/Delete", "/TN", self._plan.name, "/F"])
        return True

    def is_installed(self) -> bool:
        """Whether there is such a task."""
        return run(["schtasks", "/Query", "/TN", self._plan.name]).code == 0

    def is_active(self) -> bool:
        """Whether it runs: schtasks says so in the system's language, so the executor itself is asked."""
        return is_running(self._plan.home)

    def logs(self, follow: bool) -> int:
        """Show its log until it is enough; return the exit code."""
        return show(log_file(self._plan.home), follow)
