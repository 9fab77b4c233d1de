"""``wegent-server``: everything on this computer (`up`), or each part for itself.

Server packages are imported by the command that needs them, so that their absence can be told in a sentence.
"""

import argparse
import asyncio
import getpass
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from api.addresses import PortTakenError, check_port_is_free
from api.store.trouble import TroubleError, told
from wegent.protocol.errors import ProtocolError
from wegent.protocol.timing import InvalidSettingError
from wegent.protocol.version import program_version
from wegent.terminal.completing import answer_shell

if TYPE_CHECKING:
    from api.config import Settings
    from api.store.database import Database
    from api.store.users import UserRow

ROOMS = {"api", "executor", "notebook_ext", "wegent", "worker"}
USAGE = 2


class UsageError(Exception):
    """What was asked for cannot be; the message says what to do."""


def main(argv: list[str] | None = None) -> None:
    """Run the command that ``argv`` names, and exit."""
    parser = _parser()
    answer_shell(parser)
    arguments = parser.parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        code = command(arguments)
    except KeyboardInterrupt:
        code = 130
    except (InvalidSettingError, UsageError) as error:
        code = _fail(str(error), USAGE)
    except (TroubleError, PortTakenError) as error:
        code = _fail(str(error), 1)
    except ProtocolError as error:
        code = _fail(f"{error.message} {error.hint}", 1)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ROOMS:
            raise
        code = _fail(_missing(error.name, arguments.extras), 1)
    sys.exit(code)


def _fail(message: str, code: int) -> int:
    print(f"wegent-server: {message}", file=sys.stderr)
    return code


def _missing(module: str, extras: str) -> str:
    return f"the package {module!r} is missing. Install what this command needs: pip install 'wegent[{extras}]'"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wegent-server",
        description="The Wegent server. Every setting is an environment variable: docs/operations.md lists them.",
    )
    parser.add_argument("--version", action="version", version=f"wegent-server {program_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_up(commands)
    _add_parts(commands)
    _add_accounts(commands)
    return parser


Commands = argparse._SubParsersAction  # argparse gives this type no public name


def _add_up(commands: "Commands[argparse.ArgumentParser]") -> None:
    up = commands.add_parser(
        "up",
        help="run everything on this computer",
        description="Run API, worker, Redis and this computer's executor.",
    )
    up.add_argument("--bind", metavar="HOST:PORT", help="where to listen (WEGENT_BIND; 127.0.0.1:8000)")
    up.add_argument("--no-executor", action="store_true", help="do not make this computer a device")
    up.add_argument(
        "--workspace",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder that tasks may work in; repeatable",
    )
    up.set_defaults(command=_up, extras="server,embedded,executor")


def _add_parts(commands: "Commands[argparse.ArgumentParser]") -> None:
    api = commands.add_parser("api", help="serve the API until SIGTERM or Ctrl-C")
    api.set_defaults(command=_api, extras="server")
    worker = commands.add_parser("worker", help="offline detection and housekeeping until SIGTERM or Ctrl-C")
    worker.add_argument("--once", action="store_true", help="do every duty once and exit, for a scheduler")
    worker.set_defaults(command=_worker, extras="server")
    migrate = commands.add_parser("migrate", help="create or upgrade the database's tables")
    migrate.set_defaults(command=_migrate, extras="server")


def _add_accounts(commands: "Commands[argparse.ArgumentParser]") -> None:
    user = commands.add_parser("user", help="users").add_subparsers(required=True, metavar="COMMAND")
    add = user.add_parser("add", help="add a user")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.add_argument("--admin", action="store_true", help="make the user an administrator")
    add.set_defaults(command=_add_user, extras="server")
    token = commands.add_parser("token", help="make a token and print it alone")
    token.add_argument("name", metavar="NAME", help="what it is for; lists show it")
    token.add_argument("--user", metavar="NAME", default="admin", help="whose it is (admin)")
    token.add_argument(
        "--scope",
        action="append",
        choices=["device", "send", "read", "cloud"],
        help="what it may do; repeatable (device, send and read)",
    )
    token.set_defaults(command=_token, extras="server")
    approve = commands.add_parser(
        "approve",
        help="let a machine in that shows a code (`wegent login`, `wegent-executor login`)",
        description="Shows which machine asks with a code, and gives it a token when you say yes.",
    )
    approve.add_argument("code", metavar="CODE", help="what the machine shows")
    approve.add_argument("--user", metavar="NAME", default="admin", help="whose token it gets (admin)")
    approve.add_argument("--yes", action="store_true", help="do not ask")
    approve.set_defaults(command=_approve, extras="server")


def _up(arguments: argparse.Namespace) -> int:
    from api import up

    environ = dict(os.environ)
    if arguments.bind:
        environ["WEGENT_BIND"] = arguments.bind
    options = up.Options(not arguments.no_executor, tuple(arguments.workspace))
    return asyncio.run(up.run(environ, options))


def _api(arguments: argparse.Namespace) -> int:
    from api.config import Settings

    settings = Settings.from_env(os.environ)
    _log_to_stderr()
    from api.serve import serve

    asyncio.run(_check_schema(settings))
    check_port_is_free(settings.bind)
    return asyncio.run(serve(settings))


def _worker(arguments: argparse.Namespace) -> int:
    from api.config import Settings

    settings = Settings.from_env(os.environ)
    _log_to_stderr()
    from worker.main import run

    asyncio.run(_check_schema(settings))
    if arguments.once:
        with told(settings.database_url, settings.redis_url):
            asyncio.run(run(settings, once=True))
    else:
        asyncio.run(run(settings))
    return 0


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("databases").setLevel(logging.WARNING)


def _migrate(arguments: argparse.Namespace) -> int:
    from api.config import Settings
    from api.store.migrate import upgrade

    # The tables need no key; a deployment may run this where there is none.
    url = Settings.from_env({"WEGENT_SECRET_KEY": "unused", **os.environ}).database_url
    with told(url):
        upgrade(url)
    return 0


def _add_user(arguments: argparse.Namespace) -> int:
    from api.config import Settings
    from api.store import users

    settings = Settings.from_env(os.environ)
    password = _asked_password(arguments.password_stdin)

    async def add() -> None:
        async with _database(settings) as database:
            await users.create(database, arguments.name, password, is_admin=arguments.admin)

    asyncio.run(add())
    print(f"Added the user {arguments.name}.")
    return 0


def _asked_password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise UsageError("The two passwords differ. Nothing was changed.")
    else:
        raise UsageError("There is no terminal to ask for the password. Give it with --password-stdin.")
    if not password:
        raise UsageError("The password is empty. Nothing was changed.")
    return password


def _token(arguments: argparse.Namespace) -> int:
    from api.config import Settings
    from api.store import tokens

    settings = Settings.from_env(os.environ)

    async def issue() -> str:
        async with _database(settings) as database:
            user = await _user(database, arguments.user)
            scopes = arguments.scope or tokens.SCOPES
            return (await tokens.issue(database, settings, user.id, name=arguments.name, scopes=scopes)).token

    print(asyncio.run(issue()))
    return 0


def _approve(arguments: argparse.Namespace) -> int:
    from api import approving
    from api.config import Settings

    settings = Settings.from_env(os.environ)
    confirm = (lambda: True) if arguments.yes else _confirmed

    async def approve() -> str | None:
        async with _database(settings) as database:
            user = await _user(database, arguments.user)
            return await approving.approve(database, user, arguments.code, print, confirm)

    name = asyncio.run(approve())
    print("Nothing was approved." if name is None else f"{name} is let in as {arguments.user}.")
    return 1 if name is None else 0


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask whether to approve. Look at the above, then add --yes.")
    try:
        return input("Let it in? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


async def _check_schema(settings: "Settings") -> None:
    from api.store import schema

    async with _database(settings) as database:
        await schema.check(database)


@asynccontextmanager
async def _database(settings: "Settings") -> "AsyncIterator[Database]":
    from api.store import schema
    from api.store.database import Database

    with told(settings.database_url):
        schema.check_file(settings.database_url)
        async with Database.open(settings.database_url) as database:
            yield database


async def _user(database: "Database", name: str) -> "UserRow":
    from api.store import users

    user = await users.find(database, name)
    if user is None:
        raise UsageError(f"There is no user {name!r}. Add one: wegent-server user add {name}")
    return user


if __name__ == "__main__":
    main()
