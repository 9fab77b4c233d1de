"""The subagents of one turn: when they begin and end, and whether the model still has to hear of it.

Claude Code lets them work in the background: the model's answer may be over long before they are, and the model
goes on by itself once they have reported.
"""

from collections.abc import Iterator
from typing import Any

from wegent.protocol.output_events import Subagent

_KINDS = frozenset({"local_agent", "local_workflow"})
"""Tasks that end by themselves; a command in the background may run for ever, and ends with the turn."""

_LAST = {"completed": "completed", "failed": "failed", "killed": "stopped", "stopped": "stopped"}
"""How a task that is over ended, by the CLI's word."""


class Agents:
    """Follows the CLI's ``system`` messages."""

    def __init__(self) -> None:
        self._began: dict[str, str] = {}
        self._over: dict[str, str] = {}
        self._is_untold = False

    @property
    def are_working(self) -> bool:
        """Whether a subagent has not ended yet."""
        return bool(self._began)

    @property
    def have_news(self) -> bool:
        """Whether one ended since the model was last asked: it will be told, and answer."""
        return self._is_untold

    def events(self, subtype: str, data: dict[str, Any]) -> Iterator[Subagent]:
        """Yield the begin or end that a message tells."""
        task = str(data.get("task_id", ""))
        if subtype == "task_started" and data.get("task_type") in _KINDS:
            id = self._began[task] = data.get("tool_use_id") or task
            kind = data.get("subagent_type") or data["task_type"]
            yield Subagent(id, "started", kind=kind, description=data.get("description"))
        elif subtype == "task_notification" and task in self._began:
            yield self._end(task, data.get("status") or "completed", data)
        elif subtype == "task_updated" and task in self._began:
            self._note(task, data.get("patch", {}).get("status"))
        elif subtype == "background_tasks_changed" or data.get("status") == "requesting":
            for left in sorted(self._over.keys() & self._began.keys()):  # its notification did not come
                yield self._end(left, self._over[left], {})
            self._over.clear()
            self._is_untold = self._is_untold and subtype != "status"

    def _note(self, task: str, status: str | None) -> None:
        """Note that one is over; its notification says more, if it comes."""
        if status in _LAST:
            self._over[task] = _LAST[status]

    def _end(self, task: str, status: str, data: dict[str, Any]) -> Subagent:
        self._is_untold = True
        took = (data.get("usage") or {}).get("duration_ms")
        seconds = None if took is None else took / 1000
        return Subagent(self._began.pop(task), status, text=data.get("summary"), seconds=seconds)
