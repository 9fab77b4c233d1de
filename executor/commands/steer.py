"""``wegent-executor pause | resume | drain | restart | stop``: asks the running one, and waits for its end."""

import time
from argparse import Namespace
from pathlib import Path

from executor.commands.output import Output
from executor.commands.status import left_to_do
from executor.endings import ExitCode
from wegent.client import credentials
from wegent.control.client import LOOK_EVERY, ControlClient, NotRunningError, RefusedError
from wegent.control.messages import Answer, Ended

BACK_WITHIN = 30.0
"""Seconds that a restarted executor has until it answers again."""
_ENDING = ("drain", "restart", "stop")


def run(flags: Namespace) -> int:
    """Ask for what ``flags.command`` says; return 0 when it was done, 1 when not."""
    output = Output()
    home = credentials.home().absolute()
    ask, now = flags.command, getattr(flags, "now", False)
    try:
        with ControlClient.open(home) as client:
            answer = client.ask(ask, now=now)
            if ask not in _ENDING:
                output.say(f"done_{ask}")
                return ExitCode.STOPPED
            ended = _follow(output, client, answer)
    except NotRunningError:
        output.complain("not_running", home=str(home))
        return ExitCode.FAILED
    except ConnectionError:
        output.complain("died")
        return ExitCode.FAILED
    except (RefusedError, OSError) as error:
        output.complain("no_answer", home=str(home), reason=str(error) or type(error).__name__)
        return ExitCode.FAILED
    except KeyboardInterrupt:
        output.complain("left_draining")
        return 130
    return _conclude(output, home, ask, ended)


def _follow(output: Output, client: ControlClient, answer: Answer) -> Ended | None:
    """Show what there is left to do until the executor ends; None when the drain was called off."""
    shown = None
    while answer.ended is None:
        if answer.status is not None and answer.status.mode in ("working", "paused"):
            return None
        left = left_to_do(answer)
        if left != shown and any(left):
            output.say("left_to_do", running=left[0], reporting=left[1])
        shown = left
        time.sleep(LOOK_EVERY)
        answer = client.ask("status")
    return answer.ended


def _conclude(output: Output, home: Path, ask: str, ended: Ended | None) -> int:
    if ended is None:
        output.complain("called_off")
        return ExitCode.FAILED
    if ask == "restart" and ended.restarts:
        pid = _wait_until_back(home)
        output.say("restarted", pid=pid) if pid else output.complain("not_back")
        return ExitCode.STOPPED if pid else ExitCode.FAILED
    if ended.exit_code != ExitCode.STOPPED or ended.restarts:
        output.complain("ended_otherwise", code=ended.exit_code)
        return ExitCode.FAILED
    output.say("ended")
    return ExitCode.STOPPED


def _wait_until_back(home: Path) -> int | None:
    """Return the process id of the executor that has taken over; None when none answers in time."""
    deadline = time.monotonic() + BACK_WITHIN
    while time.monotonic() < deadline:
        try:
            with ControlClient.open(home) as client:
                status = client.ask("status").status
            if status is not None:
                return status.pid
        except (NotRunningError, RefusedError, OSError):
            time.sleep(LOOK_EVERY)
    return None
