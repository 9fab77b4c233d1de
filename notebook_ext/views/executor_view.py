"""How this computer's executor is, as HTML and as plain text: pure functions of its state."""

import time
from datetime import datetime
from html import escape
from typing import NamedTuple

from notebook_ext.executor_process import name_of
from notebook_ext.executor_state import State
from notebook_ext.executor_words import Words
from wegent.control.messages import Status, TaskStatus

MOST_TASKS = 20
MOST_LINES = 12
"""Lines of what the executor has written."""
_COLOURS = {
    "online": "var(--jp-success-color1, #388e3c)",
    "busy": "var(--jp-info-color1, #0288d1)",
    "offline": "var(--jp-error-color1, #d32f2f)",
    "stopped": "var(--jp-error-color1, #d32f2f)",
}
_OTHER_COLOUR = "var(--jp-warn-color1, #f57c00)"
_FRAME = (
    "border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:8px 12px;max-width:52em;"
    "color:var(--jp-ui-font-color1,inherit);font-size:var(--jp-ui-font-size1,13px);line-height:1.5"
)
_WRITTEN = "margin:4px 0;white-space:pre-wrap;max-height:14em;overflow:auto"
_PALE = "color:var(--jp-ui-font-color2,#666)"


class Card(NamedTuple):
    """What there is to show: a word for how it is, facts, why it is so, the tasks, and what the executor said."""

    name: str
    condition: str
    label: str
    facts: str
    notes: list[str]
    tasks: list[str]
    said: str


def card(state: State, words: Words, now: float | None = None) -> Card:
    """Say how the executor is; ``now`` is the time since the epoch, in seconds."""
    status = state.status
    condition = _condition(state)
    notes = [note for note in (_explanation(state, words), _connection(state, words)) if note]
    if condition == "paused":
        notes.append(words("next_step_paused"))
    return Card(
        name=(status.device_name if status else "") or words("this_computer"),
        condition=condition,
        label=words(condition),
        facts=_facts(status, words) if status else "",
        notes=notes,
        tasks=[_task(task, words, now or time.time()) for task in status.tasks[:MOST_TASKS]] if status else [],
        said=_said(state),
    )


def text(shown: Card) -> str:
    """Return it as plain text."""
    lines = [f"{shown.name}: {shown.label}", shown.facts, *shown.notes]
    lines += [f"  {task}" for task in shown.tasks]
    return "\n".join(line for line in (*lines, shown.said) if line)


def html(shown: Card) -> str:
    """Return it as HTML, in the colours of JupyterLab's theme where there is one."""
    colour = _COLOURS.get(shown.condition, _OTHER_COLOUR)
    head = f'<span style="color:{colour}">●</span> <b>{escape(shown.name)}</b> {escape(shown.label)}'
    parts = [f"<div>{head}</div>"]
    if shown.facts:
        parts.append(f'<div style="{_PALE}">{escape(shown.facts)}</div>')
    parts += [f"<div>{escape(note)}</div>" for note in shown.notes]
    if shown.tasks:
        items = "".join(f"<li>{escape(task)}</li>" for task in shown.tasks)
        parts.append(f'<ul style="margin:4px 0;padding-left:1.4em">{items}</ul>')
    if shown.said:
        parts.append(f'<pre style="{_WRITTEN}">{escape(shown.said)}</pre>')
    return f'<div class="wegent-executor" style="{_FRAME}">{"".join(parts)}</div>'


def explanation(state: State, words: Words) -> str:
    """Say why it is not running here, with what to do next, in one piece; nothing where all is well."""
    lines = (_explanation(state, words), _said(state) if state.reason == "exit_2" else "")
    return "\n".join(line for line in lines if line)


def _condition(state: State) -> str:
    """Return the phrase for how it is."""
    status = state.status
    if status is None or state.phase not in ("running", "elsewhere"):
        return state.phase
    if status.mode in ("stopping", "draining"):
        return status.mode
    if not status.connection.is_connected:
        return "offline" if status.connection.trouble else "starting"
    if status.mode == "paused":
        return "paused"
    return "busy" if status.slots.used >= status.slots.total else "online"


def _explanation(state: State, words: Words) -> str:
    if state.phase == "elsewhere" and state.status is not None:
        keeper = state.status.tethered_to
        return words("elsewhere_notebook", keeper=keeper) if keeper else words("elsewhere", pid=state.status.pid)
    if not state.reason:
        return ""
    values = dict(state.values)
    if isinstance(code := values.get("code"), int):
        values["how"] = words("killed_by", signal=name_of(code)) if code < 0 else words("exit_code", code=code)
    return words(state.reason, **values)


def _connection(state: State, words: Words) -> str:
    if state.status is None or state.phase not in ("running", "elsewhere"):
        return ""
    connection = state.status.connection
    if connection.is_connected or not connection.trouble:
        return ""
    return words("why_offline", url=connection.url, reason=connection.trouble.rstrip("."))


def _facts(status: Status, words: Words) -> str:
    slots = words("slots", used=status.slots.used, total=status.slots.total)
    known = (status.connection.url, words("id", id=status.device_id[:12]), slots)
    return " · ".join(fact for fact in known if fact)


def _task(task: TaskStatus, words: Words, now: float) -> str:
    title = task.title or words("untitled", id=task.task_id[:8])
    phrase = f"task_{task.state}" if task.state in ("stopping", "ended") else "task_running"
    elapsed = _elapsed(now - datetime.fromisoformat(task.since).timestamp()) if task.since else ""
    return words("task", title=title, shell=task.shell, state=words(phrase), elapsed=elapsed)


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _said(state: State) -> str:
    """Return the last lines of its log; of a wrong flag the one that names it."""
    lines = state.said.splitlines()
    return "\n".join(lines[-1:] if state.reason == "exit_2" else lines[-MOST_LINES:])
