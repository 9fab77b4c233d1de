"""``wegent-executor [run]``: works until it is stopped."""

import asyncio
import logging
import os
import sys
from argparse import Namespace

from executor import rebirth
from executor.config import Config, NoLoginError
from executor.endings import ExitCode
from executor.parser import PROGRAM
from executor.program import Program
from executor.service.plan import log_file
from wegent.client import credentials
from wegent.client.errors import LoginError
from wegent.protocol.timing import InvalidSettingError

log = logging.getLogger(__name__)

_LOG_BYTES, _LOGS_KEPT = 10 << 20, 3
_FINAL = frozenset({ExitCode.USAGE, ExitCode.LOGIN_NEEDED, ExitCode.REPLACED, ExitCode.TOO_OLD})
"""What starting again cannot mend."""


def run(flags: Namespace) -> int:
    """Run the executor until it is stopped; return the exit code."""
    _open_log(flags.service_log)
    started_with = dict(os.environ)
    try:
        config = Config.read(flags)
    except InvalidSettingError as error:
        log.error("%s", error)
        return _told(ExitCode.USAGE, flags)
    except (NoLoginError, LoginError) as error:
        log.error("%s", error)
        return _told(ExitCode.LOGIN_NEEDED, flags)
    os.environ.update(config.environ)  # what config.toml adds, such as a proxy
    os.environ.pop("WEGENT_TOKEN", None)  # nothing that we start inherits it
    if not config.shells:
        log.error(
            "There is nothing to offer. Mend what is said above, or name another shell, such as --shell Command."
        )
        return _told(ExitCode.FAILED, flags)
    program = Program(config)
    code = asyncio.run(program.run())
    if not program.restarts:
        return _told(code, flags)
    log.info("Starting anew.")
    try:
        return rebirth.be_reborn(started_with)
    except OSError as error:
        log.error("It cannot start anew: %s. Start it again by hand.", error)
        return ExitCode.FAILED


def _open_log(is_service: bool) -> None:
    """Log to standard error, or to a file of its own where the system keeps no log for services."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if is_service:
        from logging.handlers import RotatingFileHandler  # a service's alone, and slow to import

        path = log_file(credentials.home())
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS_KEPT)
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(message)s", level=logging.INFO)


def _told(code: int, flags: Namespace) -> int:
    """Point to the doctor where that helps; say 0 to a supervisor that would start again what it cannot mend."""
    if code in (ExitCode.FAILED, ExitCode.LOGIN_NEEDED):
        log.info("`%s doctor` says more.", PROGRAM)
    return ExitCode.STOPPED if flags.service_log and code in _FINAL else code
