"""``wegent-executor login``: by a code; the login is the device's own, beside that of ``wegent login``."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any

from executor.endings import ExitCode
from wegent.client.errors import ForbiddenError, LoginError, WegentError
from wegent.terminal import logins
from wegent.terminal.session import for_process
from wegent.terminal.words import Words


def run(url: str | None, in_keyring: bool | None) -> ExitCode:
    """Log in to the server at ``url``, else to the one that is meant without; return the exit code.

    ``in_keyring`` says where the login is kept; None: where the one before was.
    """
    words = Words.for_locale(os.environ)
    return _done(words, logins.log_in_device(for_process(words, url, as_json=False), in_keyring))


def log_out(url: str | None) -> ExitCode:
    """Revoke and forget the login that is this computer's executor's alone; return the exit code."""
    words = Words.for_locale(os.environ)
    return _done(words, logins.log_out(for_process(words, url, as_json=False), "devices"))


def _done(words: Words, work: Coroutine[Any, Any, int]) -> ExitCode:
    """Do it, and say what went wrong."""
    try:
        asyncio.run(work)
    except (LoginError, ForbiddenError) as error:
        _say(words, error)
        return ExitCode.LOGIN_NEEDED
    except WegentError as error:
        _say(words, error)
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.LOGIN_NEEDED
    return ExitCode.STOPPED


def _say(words: Words, error: WegentError) -> None:
    message, hint = words.error(error)
    sys.stderr.write(f"wegent-executor: {message}\n" + (f"{hint}\n" if hint else ""))
