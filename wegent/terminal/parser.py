"""The command line of `wegent`."""

import argparse
from collections.abc import Callable

from wegent.protocol.version import program_version
from wegent.terminal.completing import SHELLS
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
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {program_version()}")
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
    attach = add("attach", words("more_run"))
    attach.add_argument("id", metavar="ID", help=words("help_id"))
    _add_save(attach, words)
    retry = add("retry", words("more_run"))
    retry.add_argument("id", metavar="ID", help=words("help_id"))
    _add_save(retry, words)
    _add_detach(retry, words)
    tasks = add("tasks")
    tasks.add_argument("--limit", type=_count, default=20, metavar="N", help=words("help_limit"))
    tasks.add_argument("--search", metavar="TEXT", help=words("help_search"))
    add("cancel").add_argument("id", metavar="ID", help=words("help_id"))
    _add_more(add, words)
    default = add("default").add_mutually_exclusive_group()
    default.add_argument("device", nargs="?", metavar="DEVICE", help=words("help_default_device"))
    default.add_argument("--unset", action="store_true", help=words("help_unset"))
    return parser


def _add_run(run: argparse.ArgumentParser, words: Words) -> None:
    run.add_argument("-d", "--device", metavar="DEVICE", help=words("help_device"))
    _add_label(run, words)
    run.add_argument("-s", "--shell", metavar="SHELL", help=words("help_shell"))
    run.add_argument("--dir", metavar="DIR", help=words("help_dir"))
    run.add_argument("--wait", action="store_true", help=words("help_wait"))
    run.add_argument("--title", help=words("help_title"))
    run.add_argument("--model", help=words("help_model"))
    run.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help=words("help_option"))
    run.add_argument("--task", metavar="ID", help=words("help_task"))
    run.add_argument("--file", action="append", default=[], metavar="PATH", help=words("help_file"))
    run.add_argument("--image", action="append", default=[], metavar="PATH", help=words("help_image"))
    run.add_argument("--get", action="append", default=[], metavar="PATTERN", help=words("help_get"))
    _add_save(run, words)
    _add_detach(run, words)
    run.add_argument("prompt", nargs="+", metavar="PROMPT", help=words("help_prompt"))


def _add_label(command: argparse.ArgumentParser, words: Words) -> None:
    command.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help=words("help_label"))


def _add_save(command: argparse.ArgumentParser, words: Words) -> None:
    command.add_argument("--save", metavar="DIR", help=words("help_save"))


def _add_detach(command: argparse.ArgumentParser, words: Words) -> None:
    command.add_argument("--bg", "--detach", dest="detach", action="store_true", help=words("help_detach"))


def _add_more(add: Callable[[str], argparse.ArgumentParser], words: Words) -> None:
    """Add what is done to a task that is there, and to its files and questions."""

    def add_for_task(name: str) -> argparse.ArgumentParser:
        command = add(name)
        command.add_argument("id", metavar="ID", help=words("help_id"))
        return command

    get = add("get")
    get.add_argument("file", metavar="FILE_ID", help=words("help_file_id"))
    get.add_argument("-o", "--output", metavar="PATH", help=words("help_output"))
    get.add_argument("--force", action="store_true", help=words("help_force"))
    add_for_task("log").add_argument("--after", type=_seq, default=0, metavar="SEQ", help=words("help_after"))
    add_for_task("say").add_argument("text", nargs="+", metavar="TEXT", help=words("help_text"))
    add("approvals")
    answer = add_for_task("answer")
    answer.add_argument("choice", metavar="allow|allow_task|deny", help=words("help_choice"))
    answer.add_argument("message", nargs="*", metavar="MESSAGE", help=words("help_message"))
    answer.add_argument("--question", metavar="QUESTION_ID", help=words("help_question"))
    move = add_for_task("move")
    move.add_argument("device", metavar="DEVICE", nargs="?", help=words("help_move"))
    _add_label(move, words)
    add_for_task("rename").add_argument("title", nargs="+", metavar="TITLE", help=words("help_title"))
    add_for_task("delete")
    add("completion").add_argument("shell", choices=SHELLS, help=words("help_completion"))


def _seq(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("0…")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("1…1000")
    return number
