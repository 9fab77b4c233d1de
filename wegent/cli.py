"""`wegent`: log in, list devices, send tasks, follow and answer them."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from wegent.client.errors import LoginError, WegentError
from wegent.protocol.timing import InvalidSettingError
from wegent.terminal.completing import answer_shell
from wegent.terminal.parser import PROGRAM, make_parser
from wegent.terminal.words import Words

FAILED, USAGE, LOGIN_NEEDED, INTERRUPTED, PIPE_CLOSED = 1, 2, 3, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    words = Words.for_locale(os.environ)
    parser = make_parser(words)
    answer_shell(parser)
    arguments = parser.parse_args(argv)
    as_json = getattr(arguments, "as_json", False)
    try:
        return _run(arguments, words, as_json)
    except WegentError as error:
        _say(words, *words.error(error), error.code, as_json)
        return LOGIN_NEEDED if isinstance(error, LoginError) else FAILED
    except InvalidSettingError as error:
        _say(words, str(error), "", "bad_setting", as_json)
        return USAGE
    except BrokenPipeError:
        return _end_quietly()
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED


def _run(arguments: argparse.Namespace, words: Words, as_json: bool) -> int:
    from wegent.terminal.commands import begin  # what it needs is not needed for --help
    from wegent.terminal.session import UsageError, for_process

    try:
        session = for_process(words, getattr(arguments, "url", None), as_json)
        return asyncio.run(begin(session, arguments))
    except UsageError as error:
        _say(words, str(error), "", "usage", as_json)
        return USAGE


def _say(words: Words, message: str, hint: str, code: str, as_json: bool) -> None:
    """Tell on standard error what went wrong and what to do next."""
    if as_json:
        from wegent.terminal.json_lines import json_line

        text = json_line({"error": {"code": code, "message": message, "hint": hint}})
    else:
        text = f"{PROGRAM}: {message}\n" + (f"{hint}\n" if hint else "")
    sys.stderr.write(text)


def _end_quietly() -> int:
    """End because nobody reads the output; without this Python would complain once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


if __name__ == "__main__":
    sys.exit(main())
