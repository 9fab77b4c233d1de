"""The command line of `wegent`."""

import argparse

from wegent.terminal.words import Words

PROGRAM = "wegent"


def _with_common(parser: argparse.ArgumentParser, words: Words) -> argparse.ArgumentParser:
    """Add what every command takes, before it or behind it."""
    parser.add_argument("--url", default=argparse.SUPPRESS, help=words("help_url"))
    parser.add_argument(
        "--json", dest="as_json", action="store_true", default=argparse.SUPPRESS, help=words("help_json")
    )
    return parser


def make_parser(words: Words) -> argparse.ArgumentParser:
    """Return the parser; its help is in the reader's language."""
    parser = _with_common(argparse.ArgumentParser(prog=PROGRAM, description=words("about")), words)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, help=words("help_command"))

    def add(name: str, more: str = "") -> argparse.ArgumentParser:
        about = words(f"about_{name}")
        made = commands.add_parser(name, help=about, description=about, epilog=more)
        return _with_common(made, words)

    login = add("login")
    login.add_argument("--username", metavar="NAME", help=words("help_username"))
    source = login.add_mutually_exclusive_group()
    source.add_argument("--password-stdin", action="store_true", help=words("help_password_stdin"))
    source.add_argument("--token-stdin", action="store_true", help=words("help_token_stdin"))
    source.add_argument("--device-code", action="store_true", help=words("help_device_code"))
    login.add_argument("--keyring", action=argparse.BooleanOptionalAction, help=words("help_keyring"))
    add("logout")
    add("devices")
    _add_run(add("run", words("more_run")), words)
    add("attach", words("more_run")).add_argument("id", metavar="ID", help=words("help_id"))
    tasks = add("tasks")
    tasks.add_argument("--limit", type=_count, default=20, metavar="N", help=words("help_limit"))
    tasks.add_argument("--search", metavar="TEXT", help=words("help_search"))
    add("cancel").add_argument("id", metavar="ID", help=words("help_id"))
    default = add("default").add_mutually_exclusive_group()
    default.add_argument("device", nargs="?", metavar="DEVICE", help=words("help_default_device"))
    default.add_argument("--unset", action="store_true", help=words("help_unset"))
    return parser


def _add_run(run: argparse.ArgumentParser, words: Words) -> None:
    run.add_argument("-d", "--device", metavar="DEVICE", help=words("help_device"))
    run.add_argument("-s", "--shell", metavar="SHELL", help=words("help_shell"))
    run.add_argument("--dir", metavar="DIR", help=words("help_dir"))
    run.add_argument("--wait", action="store_true", help=words("help_wait"))
    run.add_argument("--title", help=words("help_title"))
    run.add_argument("--model", help=words("help_model"))
    run.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help=words("help_option"))
    run.add_argument("--task", metavar="ID", help=words("help_task"))
    run.add_argument("--detach", action="store_true", help=words("help_detach"))
    run.add_argument("prompt", nargs="+", metavar="PROMPT", help=words("help_prompt"))


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("1…1000")
    return number
