"""``wegent-executor``: makes this computer a device that runs its owner's tasks."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from executor import permission
from executor.config import Config, NoLoginError, program_version
from executor.endings import ExitCode
from wegent.client.errors import LoginError
from wegent.protocol.timing import InvalidSettingError
from wegent.terminal.completing import answer_shell

log = logging.getLogger(__name__)

_EPILOG = """\
environment:
  WEGENT_TOKEN, WEGENT_BACKEND_URL   the login (else the one that `wegent-executor login` or `wegent login`
                                     saved), and the server (default http://127.0.0.1:8000)
  WEGENT_HOME                        where the device id, outboxes and workspaces are (default ~/.wegent-executor)

All settings may also stand in config.toml in that folder, or in variables such as WEGENT_SLOTS. Flags go before
the environment, and that before the file.

exit codes: 0 stopped, 1 failed, 2 usage, 3 must log in, 4 replaced by another executor, 5 too old
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the executor until it is stopped; return the exit code."""
    parser = _parser()
    answer_shell(parser)
    flags = parser.parse_args(arguments)
    if flags.command in ("login", "logout"):
        from executor import login  # what it needs is not needed to work

        return login.log_out(flags.url) if flags.command == "logout" else login.run(flags.url, flags.keyring)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", level=logging.INFO)
    try:
        config = Config.read(flags)
    except InvalidSettingError as error:
        log.error("%s", error)
        return ExitCode.USAGE
    except (NoLoginError, LoginError) as error:
        log.error("%s", error)
        return ExitCode.LOGIN_NEEDED
    os.environ.update(config.environ)  # what config.toml adds, such as a proxy
    if not config.shells:
        log.error(
            "There is nothing to offer. Mend what is said above, or name another shell, such as --shell Command."
        )
        return ExitCode.FAILED
    return asyncio.run(_run(config))


async def _run(config: Config) -> int:
    from executor.program import Program

    return await Program(config).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wegent-executor",
        description="Makes this computer a device that runs its owner's tasks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mode = "local: a device of one person (default); cloud: one of an operator's own trusted pool"
    parser.add_argument("--mode", choices=("local", "cloud"), default="local", help=mode)
    url = "the server's address (default: where this computer logged in last)"
    parser.add_argument("--url", help=url)
    token = "the login; better in WEGENT_TOKEN, where no process list shows it"
    parser.add_argument("--token", metavar="JWT", help=token)
    parser.add_argument("--name", help="the device's name (default: system and hostname)")
    label = "a label shown with the device; repeatable"
    parser.add_argument("--label", action="append", metavar="KEY=VALUE", help=label)
    parser.add_argument("--version", action="version", version=f"wegent-executor {program_version()}")
    _add_offer(parser.add_argument_group("what this device offers"))
    commands = parser.add_subparsers(dest="command", metavar="[COMMAND]", title="commands (without one: work)")
    about = "log this computer in, by a code that you approve in the page"
    login = commands.add_parser("login", help=about, description=f"{about[0].upper()}{about[1:]}.")
    login.add_argument("--url", default=argparse.SUPPRESS, help=url)
    keyring = "keep the login in the desktop's keyring, not in a file (a service without a desktop cannot read it)"
    login.add_argument("--keyring", action=argparse.BooleanOptionalAction, help=keyring)
    about = "revoke and forget this executor's login"
    logout = commands.add_parser("logout", help=about, description=f"{about[0].upper()}{about[1:]}.")
    logout.add_argument("--url", default=argparse.SUPPRESS, help=url)
    return parser


def _add_offer(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--slots", metavar="N", help="how many subtasks run at a time (default 5)")
    shell = "a shell to offer; repeatable (default: ClaudeCode and Notebook, where they can run)"
    group.add_argument("--shell", action="append", metavar="SHELL", help=shell)
    kernel = "an installed Jupyter kernel to offer; repeatable (default: all)"
    group.add_argument("--kernel", action="append", metavar="NAME", help=kernel)
    python = "a further Python to offer as a kernel, or an environment's folder; repeatable"
    group.add_argument("--python", action="append", metavar="[NAME=]PATH", help=python)
    kept = "how many kernels wait for their task's next turn; the one used least recently goes first (default 5)"
    group.add_argument("--kept", metavar="N", help=kept)
    seconds = "for how long one waits (default 1800)"
    group.add_argument("--kept-seconds", metavar="SECONDS", help=seconds)
    folder = "a folder that tasks may work in; repeatable (default: none)"
    group.add_argument("--workspace", action="append", metavar="DIR", help=folder)
    trust = (
        "a folder in which Claude Code follows the project's own settings: hooks, rules, MCP servers, which may"
        " run code unasked; repeatable (default: none)"
    )
    group.add_argument("--trust-project", action="append", metavar="DIR", help=trust)
    mode = "how much tasks may do without asking; a task can only be stricter (default: ask)"
    group.add_argument("--permission-mode", choices=permission.MODES, help=mode)
    results = "send back files that a task asks for, from the folder in which it works (default: no)"
    group.add_argument("--allow-results", action=argparse.BooleanOptionalAction, default=None, help=results)
    patience = "deny what nobody answers for so long (default: 43200, 12 hours)"
    group.add_argument("--approval-seconds", metavar="N", help=patience)
    redact = "a regular expression: what it matches is taken out of all that leaves this computer; repeatable"
    group.add_argument("--redact", action="append", metavar="PATTERN", help=redact)
    files = "files whose secrets are taken out, too, such as '~/keys/*' or '**/secrets.yml'; repeatable"
    group.add_argument("--redact-file", action="append", metavar="GLOB", help=files)
    usual = "off: do not look for secrets in the environment and the usual files (default: on)"
    group.add_argument("--redaction", choices=("on", "off"), help=usual)


if __name__ == "__main__":
    sys.exit(main())
