"""The executor as a service: its text on every system, and what the system's own programs are told."""

import os
import plistlib
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.processes import Programs

from executor.commands import run
from executor.commands import service as command
from executor.endings import ExitCode
from executor.service import launchd, login_shell, systemd, task_scheduler
from executor.service.commands import Outcome
from executor.service.plan import Plan, ServiceError, checked, unseen

NASTY = """/home/o'brien/100% "safe" $HOME \\x41/wegent"""
XML = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def plan(home: str = NASTY, python: str = "/opt/my python/bin/python3") -> Plan:
    return Plan(python=python, home=Path(home), path="/usr/bin:/opt/a b/bin", stop_seconds=30, is_default=False)


def words(line: str) -> list[str]:
    """Take a line of a unit apart as systemd.syntax(7) says, specifiers and variables too."""
    found, word, is_quoted, letters = [], "", False, iter(line)
    for letter in letters:
        if letter == "\\":
            word += next(letters)
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter == " " and not is_quoted:
            found.append(word)
            word = ""
        else:
            word += letter
    return [each.replace("%%", "%") for each in (*found, word)]


def settings(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_a_unit_says_what_runs_whatever_the_paths_are() -> None:
    said = settings(systemd.unit(plan()))
    assert words(said["ExecStart"][0]) == ["/opt/my python/bin/python3", "-P", "-m", "executor.main", "run"]
    assert [words(each) for each in said["Environment"]] == [
        ["PATH=/usr/bin:/opt/a b/bin"],
        [f"WEGENT_HOME={NASTY}"],
    ]
    assert said["Restart"] == ["on-failure"]
    assert {"3", "4", "5"} <= set(said["RestartPreventExitStatus"][0].split())
    assert said["TimeoutStopSec"] == ["30"] and said["KillMode"] == ["mixed"]
    assert systemd.quoted("$HOME", is_argument=True) == '"$$HOME"'


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_itself_finds_no_fault_with_it(tmp_path: Path) -> None:
    file = tmp_path / "wegent-executor.service"
    file.write_text(systemd.unit(plan(python=sys.executable)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    complaints = [line for line in done.stderr.splitlines() if file.name in line and "RestartSteps" not in line]
    assert not [line for line in complaints if "RestartMaxDelaySec" not in line]


def test_an_agent_of_launchd_says_what_runs() -> None:
    said = plistlib.loads(launchd.agent(plan()))
    assert said["ProgramArguments"] == [
        "/opt/my python/bin/python3", "-P", "-m", "executor.main", "run", "--service"
    ]  # fmt: skip
    assert said["EnvironmentVariables"] == {"PATH": "/usr/bin:/opt/a b/bin", "WEGENT_HOME": NASTY}
    assert (said["KeepAlive"], said["RunAtLoad"]) == ({"SuccessfulExit": False}, True)
    assert said["ExitTimeOut"] == 30


def test_a_windows_task_says_what_runs() -> None:
    windows = plan("C:\\Users\\O'Brien & Söhne\\100% wegent\\", "C:\\Program Files\\Python\\pythonw.exe")
    root = ElementTree.fromstring(task_scheduler.task(windows, "HOST\\ann").encode("utf-16"))
    (action,) = root.iter(f"{XML}Exec")
    assert action.findtext(f"{XML}Command") == windows.python
    assert action.findtext(f"{XML}Arguments") == task_scheduler.arguments(windows)
    assert task_scheduler.arguments(plan('C:\\a "b"')) == (
        '-P -m executor.main --home "C:\\a \\"b\\"" run --service'
    )
    (settings,) = root.iter(f"{XML}Settings")
    assert settings.findtext(f"{XML}MultipleInstancesPolicy") == "IgnoreNew"
    assert settings.findtext(f"{XML}ExecutionTimeLimit") == "PT0S"
    assert [user.text for user in root.iter(f"{XML}UserId")] == ["HOST\\ann"] * 2


@pytest.mark.parametrize("code", [ExitCode.LOGIN_NEEDED, ExitCode.REPLACED, ExitCode.TOO_OLD])
def test_what_cannot_tell_exit_codes_apart_is_told_zero_where_starting_again_is_useless(code: ExitCode) -> None:
    assert run._told(code, Namespace(service_log=True)) == 0
    assert run._told(code, Namespace(service_log=False)) == code
    assert run._told(ExitCode.FAILED, Namespace(service_log=True)) == ExitCode.FAILED


def test_each_home_has_a_service_of_its_own() -> None:
    default = Plan(python="p", home=Path("/a"), path="", stop_seconds=1)
    assert default.name == "wegent-executor"
    assert len({default.name, plan("/a").name, plan("/b").name}) == 3
    with pytest.raises(ServiceError, match="control characters"):
        checked(plan("/a\nExecStart=/bin/evil"))


def test_the_path_is_the_login_shells_and_then_ones_own(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("echo Welcome; echo PATH=no; PATH=/from/the/profile:$PATH\n")
    environ = {"HOME": str(tmp_path), "SHELL": "/bin/sh", "PATH": f"/usr/bin{os.pathsep}/bin{os.pathsep}relative"}
    found = login_shell.path(environ).split(os.pathsep)
    assert found[0] == "/from/the/profile"
    assert found.count("/usr/bin") == 1 and "relative" not in found
    assert login_shell.path({**environ, "SHELL": "/no/shell"}) == f"/usr/bin{os.pathsep}/bin"


def test_what_a_service_will_not_see_is_named() -> None:
    environ = {"WEGENT_HOME": "h", "WEGENT_TOKEN": "t", "WEGENT_SLOTS": "2", "https_proxy": "p", "EDITOR": "vi"}
    assert unseen({**environ, "ANTHROPIC_API_KEY": "k"}) == ["ANTHROPIC_API_KEY", "WEGENT_SLOTS", "https_proxy"]


FAKE_SYSTEMD = """#!/bin/sh
echo "$(basename "$0") $*" >> "$HOME/calls"
case "$*" in
  *is-active*) test -e "$HOME/active";;
  *show-environment*) test ! -e "$HOME/no-systemd" || { echo "Failed to connect: No medium found"; exit 1; };;
  *restart*) touch "$HOME/active";;
  *disable*) rm -f "$HOME/active";;
  *show-user*) echo Linger=no;;
esac
"""


class Linux:
    """A computer whose systemd is a script that writes down what it is told."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.home = programs.folder / "home"
        self.bin = programs.folder / "bin"
        self.bin.mkdir()
        self.home.mkdir(exist_ok=True)
        for name in ("systemctl", "loginctl", "journalctl"):
            (self.bin / name).write_text(FAKE_SYSTEMD)
            (self.bin / name).chmod(0o755)
        self.unit = self.home / ".config/systemd/user/wegent-executor.service"

    async def types(self, *words: str, code: int = 0, **env: str) -> str:
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        settings = {"PATH": path, "LANG": "C.UTF-8", "SHELL": "/bin/sh", **env}
        program = self.programs.module("executor.main", *words, name="service", env=settings)
        assert await program.ended() == code, program.text
        return program.text

    def calls(self) -> list[str]:
        """Return what systemd was told since this was last asked."""
        file = self.home / "calls"
        said = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [line for line in said if "show-environment" not in line and "is-active" not in line]


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
async def test_a_service_of_systemd_from_installing_to_removing(programs: Programs) -> None:
    linux = Linux(programs)
    home = linux.home / ".wegent-executor"
    # Without a login that it can see, it says what to do, and writes nothing.
    said = await linux.types("service", "install", code=3, WEGENT_TOKEN="very-secret")
    assert "wegent-executor login" in said and not linux.unit.exists()
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "config.toml").write_text('token = "very-secret"\nshells = ["Command"]\n')
    (home / "config.toml").chmod(0o600)
    assert "ExecStart" in await linux.types("service", "install", "--print")
    assert "without flags" in await linux.types("--slots", "2", "service", "install", code=2)
    assert not linux.unit.exists() and not linux.calls()
    said = await linux.types("service", "install", WEGENT_SLOTS="3", WEGENT_TOKEN="very-secret")
    assert "loginctl enable-linger" in said and "WEGENT_SLOTS" in said
    assert "very-secret" not in linux.unit.read_text() + said
    unit = "wegent-executor.service"
    assert [call for call in linux.calls() if "loginctl" not in call] == [
        "systemctl --user daemon-reload", f"systemctl --user enable {unit}", f"systemctl --user restart {unit}"
    ]  # fmt: skip
    # Again changes nothing, and does not disturb what runs.
    before = linux.unit.read_bytes()
    await linux.types("service", "install")
    assert linux.unit.read_bytes() == before and not [call for call in linux.calls() if "restart" in call]
    assert "it runs" in await linux.types("service", "status")
    (linux.home / "active").unlink()
    assert "does not run" in await linux.types("service", "status", code=1)
    await linux.types("service", "logs", "--follow")
    assert linux.calls()[-1] == f"journalctl --user --unit {unit} --lines 200 --follow"
    await linux.types("service", "uninstall")
    assert not linux.unit.exists()
    assert f"systemctl --user disable --now {unit}" in linux.calls()
    assert "No service is installed" in await linux.types("service", "uninstall")
    assert "No service is installed" in await linux.types("service", "status", code=1)
    # In a container there is no systemd of a user.
    (linux.home / "no-systemd").touch()
    said = await linux.types("service", "install", code=1)
    assert "No medium found" in said and "container" in said and not linux.unit.exists()


class Calls:
    """Stands in for the programs of a system that is not here."""

    def __init__(self, answers: dict[str, Outcome] | None = None) -> None:
        self.said: list[str] = []
        self.answers = answers or {}

    def run(self, argv: list[str], timeout: float = 0) -> Outcome:
        self.said.append(" ".join(argv))
        return self.answers.get(argv[1], Outcome(0, ""))

    def run_or_raise(self, argv: list[str], timeout: float = 0) -> str:
        return self.run(argv).text


def test_launchd_is_told_to_begin_and_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    calls = Calls({"print": Outcome(0, "state = running")})
    monkeypatch.setattr(launchd, "run", calls.run)
    monkeypatch.setattr(launchd, "run_or_raise", calls.run_or_raise)
    agent = command.of_system(plan(str(tmp_path / "h")), "darwin")
    agent.install()
    name, domain = launchd.label(plan(str(tmp_path / "h"))), f"gui/{os.getuid()}"
    assert calls.said == [
        f"launchctl bootout {domain}/{name}", f"launchctl enable {domain}/{name}",
        f"launchctl bootstrap {domain} {tmp_path}/Library/LaunchAgents/{name}.plist",
    ]  # fmt: skip
    agent.install()
    assert calls.said[3:] == [f"launchctl print {domain}/{name}"]
    assert agent.is_installed() and agent.is_active()
    assert agent.uninstall() and not agent.uninstall()
    assert not list((tmp_path / "Library/LaunchAgents").iterdir())


def test_the_task_scheduler_is_told_to_begin_and_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls()
    monkeypatch.setattr(task_scheduler, "run", calls.run)
    monkeypatch.setattr(task_scheduler, "run_or_raise", calls.run_or_raise)
    made = plan(str(tmp_path))
    scheduler = command.of_system(made, "win32")
    scheduler.install()
    assert calls.said[0].startswith(f"schtasks /Create /TN {made.name} /XML ") and calls.said[0].endswith(" /F")
    assert calls.said[1] == f"schtasks /Run /TN {made.name}"
    assert scheduler.uninstall()
    assert calls.said[-2:] == [f"schtasks /End /TN {made.name}", f"schtasks /Delete /TN {made.name} /F"]
    with pytest.raises(ServiceError, match="freebsd"):
        command.of_system(made, "freebsd14")


async def test_a_service_logs_to_its_own_file_where_its_system_keeps_none(programs: Programs) -> None:
    home = programs.folder / "h"
    env = {"WEGENT_HOME": str(home), "LANG": "C.UTF-8"}
    program = programs.module("executor.main", "run", "--service", name="run", env=env)
    assert await program.ended() == 0  # there is no login: no supervisor should try again
    said = (home / "logs/executor.log").read_text()
    assert "There is no login" in said and "wegent-executor doctor" in said and not program.text


def test_the_end_of_a_log_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from executor.service.log_tail import LINES, show

    assert show(tmp_path / "none", follow=False) == 1
    (tmp_path / "log").write_text("".join(f"{number}\n" for number in range(LINES + 5)))
    assert show(tmp_path / "log", follow=False) == 0
    assert capsys.readouterr().out.split()[0] == "5"
