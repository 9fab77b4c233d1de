"""The words behind `%wegent` and `%%wegent`."""

import argparse
import keyword
import shlex
from typing import Any, NoReturn

from IPython.core.error import UsageError

from notebook_ext.words import Words
from wegent.terminal.option_values import option_value

PLAIN = ("login", "devices", "tasks", "attach", "ask", "cancel", "result")
PASSED_ON = ("up", "down")
"""Commands whose words the local executor reads itself."""
COMMANDS = (*PLAIN, *PASSED_ON)
PYTHON = "Python"
BUILT_IN = ("ClaudeCode", "Notebook", PYTHON, "Command")


class Parser(argparse.ArgumentParser):
    """What cannot be meant so is a :class:`UsageError`; once help is printed, ``SystemExit`` is raised as ever."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and how it is used."""
        raise UsageError(f"{message}\n{self.format_usage().strip()}")


def split(line: str) -> list[str]:
    """Return the words of a line, quoted as in a shell."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{error}: {line}") from None


class LineParser(Parser):
    """Its help tells of the cells, too: IPython takes no `%%wegent -h` without a line below it."""

    def __init__(self, words: Words, **options: Any) -> None:
        super().__init__(**options)
        self._words = words

    def format_help(self) -> str:
        """Return the commands, then what a cell takes."""
        return f"{super().format_help()}\n{cell_parser(self._words).format_help()}"


def line_parser(words: Words) -> Parser:
    """Return the parser of `%wegent`."""
    parser = LineParser(words, prog="%wegent", description=words("magic_about"), epilog=words("magic_more"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def add(name: str) -> argparse.ArgumentParser:
        about = words(f"magic_{name}")
        return commands.add_parser(name, help=about, description=about)

    login = add("login")
    login.add_argument("--url", help=words("help_url"))
    login.add_argument("--again", action="store_true", help=words("help_login_again"))
    add("devices")
    tasks = add("tasks")
    tasks.add_argument("-n", dest="limit", type=_count, default=20, metavar="N", help=words("help_limit"))
    tasks.add_argument("search", nargs="*", metavar="SEARCH", help=words("help_search"))
    for name in ("attach", "ask", "cancel", "result"):
        command = add(name)
        command.add_argument("target", metavar="ID|NAME", help=words("help_target"))
        if name == "ask":
            command.add_argument("text", nargs="+", metavar="TEXT", help=words("help_prompt"))
        if name in ("attach", "ask"):
            command.add_argument("--bg", type=_name(words), metavar="NAME", help=words("help_bg"))
    for name in PASSED_ON:
        add(name)
    return parser


def cell_parser(words: Words) -> Parser:
    """Return the parser of `%%wegent`."""
    parser = Parser(prog="%%wegent", description=words("cell_about"), epilog=words("cell_more"))
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-d", "--device", metavar="DEVICE", help=words("help_cell_device"))
    where.add_argument(
        "-l", "--label", type=_pair, action="append", metavar="NAME=VALUE", help=words("help_labels")
    )
    where.add_argument("--any", action="store_true", help=words("help_any"))
    parser.add_argument("-s", "--shell", type=_shell, metavar="SHELL", help=words("help_shell"))
    parser.add_argument("--dir", metavar="DIR", help=words("help_cell_dir"))
    variables = {"action": "extend", "nargs": "+", "default": [], "metavar": "NAME", "type": _name(words)}
    parser.add_argument("--in", dest="inputs", help=words("help_in"), **variables)
    parser.add_argument("--out", dest="outputs", help=words("help_out"), **variables)
    parser.add_argument("--bg", type=_name(words), metavar="NAME", help=words("help_bg"))
    parser.add_argument("--wait", action="store_true", help=words("help_wait"))
    parser.add_argument("--title", help=words("help_title"))
    parser.add_argument("--file", action="append", default=[], metavar="PATH", help=words("help_file"))
    parser.add_argument(
        "--option", type=_pair, action="append", default=[], metavar="NAME=VALUE", help=words("help_option")
    )
    parser.add_argument("--task", metavar="ID|NAME", help=words("help_cell_task"))
    parser.add_argument("--new", action="store_true", help=words("help_new"))
    return parser


def option_values(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return options as a task takes them."""
    return {name: option_value(text) for name, text in pairs}


def _pair(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not name or not is_there:
        raise argparse.ArgumentTypeError(f"{text}: NAME=VALUE")
    return name, value


def _name(words: Words) -> Any:
    def name(text: str) -> str:
        if not text.isidentifier() or keyword.iskeyword(text):
            raise argparse.ArgumentTypeError(words("bad_name", name=text))
        return text

    return name


def _shell(text: str) -> str:
    """Return a built-in shell's name however it is written, and others as they are."""
    return next((name for name in BUILT_IN if name.lower() == text.lower()), text)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("1…1000")
    return number
