"""What a subtask gave, and what its failure says."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from wegent.client.errors import TaskCancelledError, TaskFailedError
from wegent.protocol.multiline import joined
from wegent.protocol.output_events import AnyEvent, CellOutput, Notice, Stream, Text, ToolResult
from wegent.protocol.resources import Subtask
from wegent.protocol.states import State

TAIL_LINES = 40
"""Lines of output that a failure shows."""


class Result(dict[str, Any]):
    """The result as the device reported it: a dict, with what most have in common as attributes.

    ``outputs`` is what the code of a ``Python`` task showed, in nbformat's form: the last hundred outputs. In a
    notebook the last of them is shown as if it had run there: a dataframe, a figure.
    """

    def __init__(self, reported: Mapping[str, Any] = {}, outputs: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(reported)
        self.outputs = list(outputs)

    @property
    def text(self) -> str:
        """The final answer, or the code's value; empty where there is none (a Command's output is its stream)."""
        return str(self.get("text") or joined(self.bundle.get("text/plain")))

    @property
    def bundle(self) -> dict[str, Any]:
        """The last value or picture that the code showed: its data by media type; empty where there is none."""
        return dict(self._last.get("data") or {})

    @property
    def _last(self) -> dict[str, Any]:
        rich = [each for each in self.outputs if each.get("output_type") in {"execute_result", "display_data"}]
        return rich[-1] if rich else {}

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Show the last value or picture as its own code wants it shown."""
        return (self.bundle, dict(self._last.get("metadata") or {})) if self.bundle else None

    @property
    def exit_code(self) -> int | None:
        """A Command's exit code."""
        code = self.get("exit_code")
        return code if isinstance(code, int) else None

    def _repr_html_(self) -> str | None:
        """Show the answer as the Markdown that it mostly is; pictures from elsewhere stay links."""
        if self.bundle:  # which a notebook would show second to this
            return None
        from wegent.html.markdown import rendered
        from wegent.html.style import styled

        return styled(rendered(self.text) if self.text else f"<code>{html.escape(dict.__repr__(self))}</code>")


def printed(event: AnyEvent) -> str:
    """Return what an event printed: the answer's text, a process's output."""
    match event:
        case Text() | Stream():
            return event.text
        case CellOutput() if event.output.get("output_type") == "stream":
            return joined(event.output.get("text"))
        case _:
            return ""


def tail(events: Sequence[AnyEvent]) -> str:
    """Return the last lines of what ``events`` printed, errors of tools included."""
    pieces = []
    for event in events:
        if isinstance(event, ToolResult) and event.is_error:
            pieces.append(
                event.content if isinstance(event.content, str) else msgspec.json.encode(event.content).decode()
            )
        elif isinstance(event, Notice) and event.level == "error":
            pieces.append(event.text + "\n")
        else:
            pieces.append(printed(event))
    return "\n".join("".join(pieces).splitlines()[-TAIL_LINES:])


def remote_traceback(result: dict[str, Any], events: Sequence[AnyEvent], output: str) -> str | None:
    """Return the traceback that the shell reported or a cell gave, else the last that a process printed."""
    if reported := result.get("traceback"):
        return "\n".join(map(str, reported)) if isinstance(reported, list) else str(reported)
    for event in reversed(events):
        if isinstance(event, CellOutput) and event.output.get("output_type") == "error":
            lines = event.output.get("traceback")
            return "\n".join(map(str, lines)) if isinstance(lines, list) and lines else None
    _, mark, rest = output.rpartition("Traceback (most recent call last):")
    return mark + rest if mark else None


def result_of(subtask: Subtask, events: Sequence[AnyEvent] = (), outputs: Sequence[dict[str, Any]] = ()) -> Result:
    """Return a settled subtask's result with its ``outputs``; raise how it failed, with the last ``events``."""
    result = subtask.result or {}
    if subtask.state is State.COMPLETED:
        return Result(result, outputs)
    if subtask.state is State.CANCELLED:
        raise TaskCancelledError
    error = subtask.error
    output = tail(events)
    raise TaskFailedError(
        error.message if error else "The task failed.",
        code=error.code if error else "",
        hint=error.hint if error else "",
        result=result,
        output=output,
        traceback=remote_traceback(result, events, output),
    )
