"""The command line of ``wegent-executor``."""

import argparse
from typing import Any

from executor import permission
from wegent.protocol.version import program_version

PROGRAM = "wegent-executor"
_EPILOG = """\
environment:
  WEGENT_TOKEN, WEGENT_BACKEND_URL   the login (else the one that `wegent-executor login` or `wegent login`
                                     saved), and the server (default http://127.0.0.1:8000)
  WEGENT_HOME                        where the device id, outboxes and workspaces are (default ~/.wegent-executor)

All settings may also stand in config.toml in that folder, or in variables such as WEGENT_SLOTS. Flags go before
the environment, and that before the file.

exit codes: 0 stopped, 1 failed, 2 usage, 3 must log in, 4 replaced by another executor, 5 too old
"""
_URL = "the server's address (default: where this computer logged in last)"
_HOME = "the executor's folder (default: WEGENT_HOME, else ~/.wegent-executor)"
_AFTER_STATUS = "Exit code: 0 it runs, 1 it does not, or does not answer."
_AFTER_DRAIN = (
    "Ctrl-C leaves the drain going; `wegent-executor resume` calls it off. Exit code: 0 it ended (or runs anew),"
    " 1 it did not run, or ended otherwise."
)
_AFTER_DOCTOR = "Exit code: 0 nothing failed, 1 something did."


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Makes this computer a device that runs its owner's tasks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {program_version()}")
    _add_settings(parser)
    parser.set_defaults(once=False, as_json=False, service_log=False, is_tethered=False, usual_shells=None)
    _add_commands(parser)
    return parser


def _add_settings(parser: argparse.ArgumentParser, **default: Any) -> None:
    """Add what may stand before a command or behind ``run``; there it is missing when it was not said."""
    mode = "local: a device of one person (default); cloud: one of an operator's own trusted pool"
    parser.add_argument("--mode", choices=("local", "cloud"), help=mode, **{"default": "local", **default})
    parser.add_argument("--url", help=_URL, **default)
    token = "the login; better in WEGENT_TOKEN, where no process list shows it"
    parser.add_argument("--token", metavar="JWT", help=token, **default)
    parser.add_argument("--home", metavar="DIR", help=_HOME, **default)
    parser.add_argument("--name", help="the device's name (default: system and hostname)", **default)
    label = "a label shown with the device; repeatable"
    parser.add_argument("--label", action="append", metavar="KEY=VALUE", help=label, **default)
    awake = "keep the computer from sleeping while tasks run"
    parser.add_argument("--keep-awake", action=argparse.BooleanOptionalAction, help=awake, **default)
    _add_offer(parser.add_argument_group("what this device offers"), **default)


def _add_offer(group: "argparse._ArgumentGroup", **default: Any) -> None:
    group.add_argument("--slots", metavar="N", help="how many subtasks run at a time (default 5)", **default)
    shell = "a shell to offer; repeatable (default: ClaudeCode and Notebook, where they can run)"
    group.add_argument("--shell", action="append", metavar="SHELL", help=shell, **default)
    kernel = "an installed Jupyter kernel to offer; repeatable (default: all)"
    group.add_argument("--kernel", action="append", metavar="NAME", help=kernel, **default)
    python = "a further Python to offer as a kernel, or an environment's folder; repeatable"
    group.add_argument("--python", action="append", metavar="[NAME=]PATH", help=python, **default)
    kept = "how many kernels wait for their task's next turn; the one used least recently goes first (default 5)"
    group.add_argument("--kept", metavar="N", help=kept, **default)
    seconds = "for how long one waits (default 1800)"
    group.add_argument("--kept-seconds", metavar="SECONDS", help=seconds, **default)
    folder = "a folder that tasks may work in; repeatable (default: none)"
    group.add_argument("--workspace", action="append", metavar="DIR", help=folder, **default)
    trust = (
        "a folder in which Claude Code follows the project's own settings: hooks, rules, MCP servers, which may"
        " run code unasked; repeatable (default: none)"
    )
    group.add_argument("--trust-project", action="append", metavar="DIR", help=trust, **default)
    mode = "how much tasks may do without asking; a task can only be stricter (default: ask)"
    group.add_argument("--permission-mode", choices=permission.MODES, help=mode, **default)
    results = "send back files that a task asks for, from the folder in which it works (default: no)"
    group.add_argument("--allow-results", action=argparse.BooleanOptionalAction, help=results, **default)
    patience = "deny what nobody answers for so long (default: 43200, 12 hours)"
    group.add_argument("--approval-seconds", metavar="N", help=patience, **default)
    redact = "a regular expression: what it matches is taken out of all that leaves this computer; repeatable"
    group.add_argument("--redact", action="append", metavar="PATTERN", help=redact, **default)
    files = "files whose secrets are taken out, too, such as '~/keys/*' or '**/secrets.yml'; repeatable"
    group.add_argument("--redact-file", action="append", metavar="GLOB", help=files, **default)
    usual = "off: do not look for secrets in the environment and the usual files (default: on)"
    group.add_argument("--redaction", choices=("on", "off"), help=usual, **default)


def _add_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", metavar="[COMMAND]", title="commands (without one: run)")

    def add(name: str, about: str, more: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=more)
        if name != "run":
            made.add_argument("--home", metavar="DIR", help=_HOME, default=argparse.SUPPRESS)
        return made

    run = add("run", "work: connect and run what is sent")
    run.add_argument("--once", action="store_true", help="take one subtask, and end when it has been reported")
    run.add_argument("--service", dest="service_log", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("--tether", dest="is_tethered", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("--usual-shell", dest="usual_shells", action="append", help=argparse.SUPPRESS)
    _add_settings(run, default=argparse.SUPPRESS)
    login = add("login", "log this computer in, by a code that you approve in the page")
    login.add_argument("--url", default=argparse.SUPPRESS, help=_URL)
    keyring = "keep the login in the desktop's keyring, not in a file (a service without a desktop cannot read it)"
    login.add_argument("--keyring", action=argparse.BooleanOptionalAction, help=keyring)
    logout = add("logout", "revoke and forget this executor's login")
    logout.add_argument("--url", default=argparse.SUPPRESS, help=_URL)
    _add_json(add("status", "say how the running executor is", _AFTER_STATUS))
    add("pause", "take nothing new, go on with what runs and stay connected; holds until `resume`, restarts too")
    add("resume", "take tasks again, or call a drain off")
    add("drain", "pause, wait until everything has ended and was reported, and end the executor", _AFTER_DRAIN)
    restart = add("restart", "drain, and start anew with the same arguments", _AFTER_DRAIN)
    restart.add_argument("--now", action="store_true", help="stop running tasks instead of waiting for them")
    add("stop", "stop what runs and end the executor")
    _add_service(add("service", "start the executor by itself when you log in"))
    doctor = add("doctor", "look for what keeps this computer from working as a device", _AFTER_DOCTOR)
    doctor.add_argument("--url", default=argparse.SUPPRESS, help=_URL)
    _add_json(doctor)


def _add_service(service: argparse.ArgumentParser) -> None:
    does = service.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = does.add_parser("install", help="install it, or bring it up to date, and start it")
    install.add_argument("--print", dest="print_only", action="store_true", help="only show what would be written")
    does.add_parser("uninstall", help="end it and remove everything that install made")
    does.add_parser("status", help="say whether it is installed and runs (exit code 0 if it runs, else 1)")
    logs = does.add_parser("logs", help="show the newest of its log")
    logs.add_argument("--follow", action="store_true", help="go on with what comes")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", dest="as_json", action="store_true", help="for programs")
