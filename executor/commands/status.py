"""``wegent-executor status``: how the running executor is."""

import time
from argparse import Namespace
from datetime import datetime

import msgspec

from executor.commands.output import Output
from executor.endings import ExitCode
from wegent.client import credentials
from wegent.control.client import ControlClient, NotRunningError, RefusedError
from wegent.control.messages import Answer, Status, TaskStatus


def run(flags: Namespace) -> int:
    """Show it; return 0 if it runs and 1 if not."""
    output = Output()
    home = credentials.home().absolute()
    try:
        with ControlClient.open(home) as client:
            answer = client.ask("status")
    except NotRunningError:
        if flags.as_json:
            output.line(msgspec.json.encode({"running": False, "home": str(home)}).decode())
        else:
            output.say("not_running", home=str(home))
        return ExitCode.FAILED
    except (RefusedError, OSError) as error:
        output.complain("no_answer", home=str(home), reason=str(error) or type(error).__name__)
        return ExitCode.FAILED
    assert answer.status is not None
    if flags.as_json:
        output.line(msgspec.json.encode({"running": True, **msgspec.to_builtins(answer.status)}).decode())
    else:
        show(output, answer.status)
    return ExitCode.STOPPED


def show(output: Output, status: Status) -> None:
    """Put a status for people."""
    words, connection = output.words, status.connection
    if connection.is_connected:
        output.say("connected", url=connection.url, name=status.device_name, id=status.device_id)
    else:
        output.say("not_connected", url=connection.url, reason=connection.trouble or words("connecting"))
        if connection.next_try is not None:
            output.say("next_try", seconds=max(0, round(_seconds_until(connection.next_try))))
    if status.login.expires_at is not None:
        days = _seconds_until(status.login.expires_at) / 86_400
        phrase = "login_ends" if days > 0 else "login_ended"
        output.say(phrase, user=status.login.user or "?", when=_local(status.login.expires_at))
    output.say(f"mode_{status.mode}")
    facts = {"used": status.slots.used, "total": status.slots.total, "pid": status.pid}
    output.say("running_since", **facts, version=status.version, since=_local(status.started_at))
    if status.load:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in status.load.items())
        output.say("load", load=shares)
    for task in status.tasks:
        output.line("  " + _task(output, task))
    if status.may_sleep and status.slots.used:
        output.say("may_sleep")


def _task(output: Output, task: TaskStatus) -> str:
    state = output.words(f"task_{task.state}") if output.words.has(f"task_{task.state}") else task.state
    line = f"{task.subtask_id}  {task.shell}  {state} {output.words('since', when=_local(task.since))}"
    waiting = output.words("bytes_waiting", bytes=f"{task.waiting_bytes:,}") if task.waiting_bytes else ""
    return f"{line}  {waiting}".rstrip()


def left_to_do(answer: Answer) -> tuple[int, int]:
    """Return how many subtasks are at work, and how many ended ones the server has not answered yet."""
    assert answer.status is not None
    ended = sum(task.state == "ended" for task in answer.status.tasks)
    return len(answer.status.tasks) - ended, ended


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _seconds_until(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() - time.time()
