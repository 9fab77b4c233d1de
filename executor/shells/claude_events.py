"""Claude Code's messages as output events.

The messages are told apart by their classes' names, which both SDKs share, so that neither needs to be imported
here.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from executor.shells.claude_agents import Agents
from executor.shells.claude_failures import limited, retrying
from executor.shells.claude_usage import Meter
from wegent.protocol.output_events import (
    AnyEvent,
    Diff,
    Notice,
    Text,
    Thinking,
    Todo,
    TodoItem,
    ToolResult,
    ToolUse,
)

_PARAGRAPH = "\n\n"
"""Put between pieces of the answer, so that they read well when somebody joins them."""


class Translator:
    """Turns messages into events, for a turn that works in ``folder``; ``meter`` is the connection's.

    Text and thinking come as deltas first and again in whole messages; each is told once. What subagents write
    is their own: their tool calls are told, and how they begin and end.
    """

    def __init__(self, folder: Path, meter: Meter, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._meter = meter
        self._clock = clock
        self._began: dict[str, float] = {}
        self._streamed: set[str] = set()
        self._has_text = False
        self._model: str | None = None
        self._absent_servers: set[str] = set()
        self.agents = Agents()
        self.session: str | None = None
        self.error: str | None = None
        """The CLI's word for why the model did not answer."""
        self.limit: dict[str, Any] | None = None
        """What the CLI told last of the plan's limits."""
        self.cost = 0.0
        self.turns = 0

    def events(self, message: Any) -> Iterator[AnyEvent]:
        """Yield what ``message`` tells; nothing for one that tells nothing."""
        for event in self._translate(message):
            self._has_text = self._has_text or isinstance(event, Text)
            yield event

    def allowed(self, tool_use_id: str) -> None:
        """Note that a tool call begins only now: until then it waited for a person."""
        if tool_use_id in self._began:
            self._began[tool_use_id] = self._clock()

    def _translate(self, message: Any) -> Iterator[AnyEvent]:
        kind = type(message).__name__
        if is_system(message):
            yield from self._system(message.subtype, message.data)
        elif kind == "StreamEvent":
            yield from self._delta(message)
        elif kind == "AssistantMessage":
            yield from self._said(message)
        elif kind == "UserMessage":
            yield from self._results(message)
        elif kind == "RateLimitEvent":
            yield from self._limited(message.rate_limit_info.raw)
        elif kind == "ResultMessage":
            self.session = message.session_id or self.session
            used = self._meter.usage(message, self._model)
            self.cost += used.cost_usd or 0
            self.turns += used.turns or 0
            yield used

    def _system(self, subtype: str, data: dict[str, Any]) -> Iterator[AnyEvent]:
        self.session = data.get("session_id") or self.session
        if subtype == "api_retry":
            yield retrying(data, time.time())
        elif subtype == "init":
            absent = {s["name"] for s in data.get("mcp_servers", []) if s.get("status") == "failed"}
            for name in sorted(absent - self._absent_servers):
                yield Notice("warning", f"The MCP server {name} does not start, or cannot be reached.")
            self._absent_servers |= absent
        else:
            yield from self.agents.events(subtype, data)

    def _limited(self, limit: dict[str, Any]) -> Iterator[Notice]:
        is_news, self.limit = limit != self.limit, limit
        notice = limited(limit)
        if is_news and notice is not None:
            yield notice

    def _delta(self, message: Any) -> Iterator[AnyEvent]:
        if message.parent_tool_use_id:
            return
        event = message.event
        if event.get("type") == "content_block_start":
            if event.get("content_block", {}).get("type") == "text" and self._has_text:
                yield Text(_PARAGRAPH)
        elif event.get("type") == "content_block_delta":
            delta = event.get("delta", {})
            if delta.get("type") == "text_delta":
                self._streamed.add("text")
                yield Text(delta.get("text", ""))
            elif delta.get("type") == "thinking_delta":
                self._streamed.add("thinking")
                yield Thinking(delta.get("thinking", ""))

    def _said(self, message: Any) -> Iterator[AnyEvent]:
        parent = message.parent_tool_use_id
        is_own = not parent
        if is_own:
            self.error = getattr(message, "error", None)
            if not message.model.startswith("<"):
                self._model = message.model
        for block in message.content:
            kind = type(block).__name__
            if kind == "TextBlock" and is_own:
                text = _PARAGRAPH + block.text if self._has_text else block.text
                yield from self._unless_streamed("text", Text(text))
            elif kind == "ThinkingBlock" and is_own:
                yield from self._unless_streamed("thinking", Thinking(block.thinking))
            elif kind == "ToolUseBlock":
                self._began[block.id] = self._clock()
                yield ToolUse(block.id, block.name, block.input, parent)
                if block.name == "TodoWrite" and is_own:
                    yield from _todo(block.input)

    def _unless_streamed(self, kind: str, event: AnyEvent) -> Iterator[AnyEvent]:
        if kind in self._streamed:
            self._streamed.discard(kind)
        else:
            yield event

    def _results(self, message: Any) -> Iterator[AnyEvent]:
        if isinstance(message.content, str):
            return
        for block in message.content:
            if type(block).__name__ == "ToolResultBlock":
                content = _without_images(block.content)
                seconds = self._seconds(block.tool_use_id)
                parent = message.parent_tool_use_id
                yield ToolResult(block.tool_use_id, content, bool(block.is_error), seconds, parent)
        details = getattr(message, "tool_use_result", None)
        if isinstance(details, dict):
            yield from self._diff(details)

    def _seconds(self, tool_use_id: str) -> float | None:
        """Return how long a tool call took, to the millisecond; None if nobody saw it begin."""
        began = self._began.pop(tool_use_id, None)
        return None if began is None else round(self._clock() - began, 3)

    def _diff(self, details: dict[str, Any]) -> Iterator[AnyEvent]:
        """Yield the change of a file that an editing tool reports."""
        path, hunks = details.get("filePath"), details.get("structuredPatch")
        if not isinstance(path, str) or not isinstance(hunks, list):
            return
        shown = self._shown(path)
        is_new = details.get("type") == "create"
        content = details.get("content")
        if is_new and not hunks and isinstance(content, str):
            hunks = [_whole_file(content)]
        if hunks:
            before = "/dev/null" if is_new else f"a/{shown}"
            yield Diff(shown, f"--- {before}\n+++ b/{shown}\n" + "".join(map(_hunk, hunks)))

    def _shown(self, path: str) -> str:
        """Return ``path`` relative to the folder where it is inside."""
        try:
            return Path(path).relative_to(self._folder).as_posix()
        except ValueError:
            return path


def is_system(message: Any) -> bool:
    """Whether it is one of the CLI's own, such as ``init``; the present SDK has a class for many of them."""
    return hasattr(message, "subtype") and hasattr(message, "data")


def _todo(given: dict[str, Any]) -> Iterator[AnyEvent]:
    items = given.get("todos")
    if isinstance(items, list):
        found = [item for item in items if isinstance(item, dict)]
        yield Todo([TodoItem(str(item.get("content", "")), str(item.get("status", "pending"))) for item in found])


def _without_images(content: Any) -> Any:
    """Leave the bytes of images out: nobody reads base64, and they are large."""
    if not isinstance(content, list):
        return content
    return [
        {"type": "image", "media_type": block.get("source", {}).get("media_type", "")}
        if isinstance(block, dict) and block.get("type") == "image"
        else block
        for block in content
    ]


def _whole_file(content: str) -> dict[str, Any]:
    lines = [f"+{line}" for line in content.removesuffix("\n").split("\n")] if content else []
    if content and not content.endswith("\n"):
        lines.append("\\ No newline at end of file")
    count = sum(line.startswith("+") for line in lines)
    return {"oldStart": 0, "oldLines": 0, "newStart": 1, "newLines": count, "lines": lines}


def _hunk(hunk: dict[str, Any]) -> str:
    head = f"@@ -{hunk['oldStart']},{hunk['oldLines']} +{hunk['newStart']},{hunk['newLines']} @@\n"
    return head + "".join(f"{line}\n" for line in hunk["lines"])
