"""``wegent-executor service install | uninstall | status | logs``."""

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Protocol

from executor.commands.output import Output
from executor.endings import ExitCode
from executor.service import login_shell
from executor.service.plan import STOP_MARGIN, Plan, ServiceError, checked, interpreter, unseen
from executor.settings import Settings
from wegent.client import credentials
from wegent.client.errors import LoginError
from wegent.control.client import is_running
from wegent.protocol.timing import InvalidSettingError, Timing


class Service(Protocol):
    """What keeps an executor running on one kind of system."""

    hints: list[str]
    """What a person should know after :meth:`install`: phrases of :mod:`executor.words`."""

    @property
    def file(self) -> Path | None: ...
    def text(self) -> str: ...
    def install(self) -> None: ...
    def uninstall(self) -> bool: ...
    def is_installed(self) -> bool: ...
    def is_active(self) -> bool: ...
    def logs(self, follow: bool) -> int: ...


def run(flags: Namespace) -> int:
    """Do what ``flags.action`` says; return the exit code."""
    output = Output()
    try:
        home = credentials.home().absolute()
        service = of_system(plan(home))
        match flags.action:
            case "install":
                return _install(output, flags, home, service)
            case "uninstall":
                output.say("service_removed" if service.uninstall() else "service_missing")
                return ExitCode.STOPPED
            case "logs":
                return service.logs(flags.follow)
            case _:
                return _status(output, service)
    except InvalidSettingError as error:
        output.complain("plainly", text=str(error))
        return ExitCode.USAGE
    except (ServiceError, OSError) as error:
        output.complain("plainly", text=str(error))
        return ExitCode.FAILED


def plan(home: Path) -> Plan:
    """Return what a service of ``home`` runs."""
    timing = Timing.from_env({**(Settings.of_file(home).environment or {}), **os.environ})
    made = Plan(
        python=interpreter(),
        home=home,
        path=login_shell.path(),
        stop_seconds=timing.grace + STOP_MARGIN,
        is_default=home == credentials.home({}).absolute(),
    )
    return checked(made)


def of_system(plan: Plan, platform: str = sys.platform) -> Service:
    """Return the service of the system ``platform``; raise :class:`ServiceError` where none is known."""
    if platform == "darwin":
        from executor.service.launchd import Launchd

        return Launchd(plan)
    if platform == "win32":
        from executor.service.task_scheduler import TaskScheduler

        return TaskScheduler(plan)
    if platform == "linux":
        from executor.service.systemd import Systemd

        return Systemd(plan)
    raise ServiceError(f"How services are kept on {platform} is not known here: start `wegent-executor` yourself.")


def _install(output: Output, flags: Namespace, home: Path, service: Service) -> int:
    if flags.print_only:
        output.line(service.text().rstrip("\n"))
        return ExitCode.STOPPED
    if Settings.of_flags(flags) != Settings():
        output.complain("service_flags", file=str(home / "config.toml"))
        return ExitCode.USAGE
    if not _has_login(home):
        output.complain("service_needs_login", file=str(home / "config.toml"))
        return ExitCode.LOGIN_NEEDED
    if not service.is_active() and is_running(home):
        output.complain("service_other_runs", home=str(home))
        return ExitCode.FAILED
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    service.install()
    output.say("service_installed", name=str(service.file or "Task Scheduler"))
    for hint in service.hints:
        output.say(f"service_hint_{hint}")
    names = unseen(os.environ)
    if names:
        output.say("service_unseen", names=", ".join(names), file=str(home / "config.toml"))
    return ExitCode.STOPPED


def _has_login(home: Path) -> bool:
    """Whether there is a login that the service will see, which none in this terminal's environment is."""
    file = Settings.of_file(home)
    if file.token or (file.environment or {}).get("WEGENT_TOKEN"):
        return True
    try:
        return credentials.load(file.url, {"WEGENT_HOME": str(home)}, "devices") is not None
    except LoginError:
        return False


def _status(output: Output, service: Service) -> int:
    if not service.is_installed():
        output.say("service_missing")
        return ExitCode.FAILED
    is_active = service.is_active()
    output.say("service_active" if is_active else "service_inactive", name=str(service.file or "Task Scheduler"))
    return ExitCode.STOPPED if is_active else ExitCode.FAILED
