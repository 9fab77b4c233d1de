"""``wegent-executor``: makes this computer a device that runs its owner's tasks."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from executor.parser import make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    parser = make_parser()
    _answer_shell(parser)
    flags = parser.parse_args(arguments)
    if flags.home:
        os.environ["WEGENT_HOME"] = flags.home
    try:
        return _command(flags)
    except KeyboardInterrupt:
        return 130


def _answer_shell(parser: ArgumentParser) -> None:
    """Tell a shell what Tab may offer, if that is what is asked."""
    if "_ARGCOMPLETE" in os.environ:
        from wegent.terminal.completing import answer_shell

        answer_shell(parser)


def _command(flags: Namespace) -> int:
    """Run one command; each imports only what it needs, which makes the short ones quick."""
    match flags.command:
        case None | "run":
            from executor.commands import run

            return run.run(flags)
        case "login":
            from executor import login

            return login.run(flags.url, flags.keyring)
        case "logout":
            from executor import login

            return login.log_out(flags.url)
        case "status":
            from executor.commands import status

            return status.run(flags)
        case "service":
            from executor.commands import service

            return service.run(flags)
        case "doctor":
            from executor.commands import doctor

            return doctor.run(flags)
        case _:
            from executor.commands import steer

            return steer.run(flags)


if __name__ == "__main__":
    sys.exit(main())
