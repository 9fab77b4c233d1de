"""The Claude Code SDK under either of its names, made to survive what it does not know.

``claude_agent_sdk`` is the present name and carries the CLI; ``claude_code_sdk`` is the former one, whose last
release (0.0.25) needs a ``claude`` on PATH and three repairs to work with today's CLI. Importing either costs most
of a second, so that happens in the process of the task alone.
"""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from executor.permission import PermissionMode
from executor.shells import absent, project_memory
from executor.shells.claude_wire import Start

PRESENT = "claude_agent_sdk"
FORMER = "claude_code_sdk"
MAX_LINE = 32 << 20
"""Characters of one line from the CLI; the SDK's own limit of 1 MiB breaks on a large tool result."""

_MOST_APPENDED = 120_000
"""Bytes; Linux takes 128 KiB in one argument (MAX_ARG_STRLEN, execve(2))."""
ENDED_POLL = 0.1

CanUseTool = Callable[[str, dict[str, Any], Any], Awaitable[Any]]
_MODES: dict[PermissionMode, str] = {
    "plan": "plan",
    "ask": "default",
    "acceptEdits": "acceptEdits",
    "bypassPermissions": "bypassPermissions",
}
_OWNERS_SOURCES = ["user"]
_ALL_SOURCES = ["user", "project", "local"]
"""A project's settings hold hooks and permission rules: these would run code before anybody is asked."""
_PROJECT_SERVERS = '{"enableAllProjectMcpServers": true}'
"""Nobody is there to say yes to a project's ``.mcp.json``: trusting the project says it."""
_NOBODY_ANSWERS = ["AskUserQuestion"]
"""Tools that need a dialogue nobody shows here; without them the model asks in its answer."""


_UNREAD = {
    "tool_use_result": "tool_use_result",
    "error": "error",
    "model_usage": "modelUsage",
    "api_error_status": "api_error_status",
}
"""What the former SDK leaves out of its messages, by the present one's names."""


class RateLimitInfo(NamedTuple):
    """As the present SDK has it."""

    raw: dict[str, Any]


class RateLimitEvent(NamedTuple):
    """As the present SDK has it; the former one does not know it."""

    rate_limit_info: RateLimitInfo


class SdkMissingError(Exception):
    """Neither SDK can be imported; the message says what to install."""


def load(name: str | None = None) -> ModuleType:
    """Import the SDK called ``name``, else the first of both that can be imported."""
    absent.leave_out()
    failures = []
    for candidate in [name] if name else [PRESENT, FORMER]:
        try:
            sdk = importlib.import_module(candidate)
        except ImportError as error:
            failures.append(f"{candidate}: {error}")
            continue
        if sdk.__name__ == FORMER:
            _repair()
        return sdk
    raise SdkMissingError(
        f"The Claude Code SDK is not installed ({'; '.join(failures)})."
        " Install it on the device: pip install 'wegent[executor]'."
    )


def profile(start: Start) -> dict[str, Any]:
    """Return what a connection is made with, apart from the session: two turns may share one if this is equal."""
    is_trusted = start.is_trusted or start.permission_mode == "bypassPermissions"
    told = start.system_prompt or ""
    if not is_trusted:  # else the CLI reads it by itself
        room = min(project_memory.MOST, _MOST_APPENDED - len(told.encode()))
        told = "\n\n".join(filter(None, (told, project_memory.read(Path(start.folder), room))))
    return {
        "cwd": start.folder,
        "add_dirs": start.readable,
        "env": start.env,
        "permission_mode": _MODES[start.permission_mode],
        "include_partial_messages": True,
        "disallowed_tools": _NOBODY_ANSWERS,
        "model": start.model,
        "max_turns": start.max_turns,
        "settings": _PROJECT_SERVERS if is_trusted else None,
        "mcp_servers": start.mcp_servers,
        "setting_sources": _ALL_SOURCES if is_trusted else _OWNERS_SOURCES,
        "told": told,
    }


def make_client(sdk: ModuleType, profile: dict[str, Any], session: str | None, may_use: CanUseTool) -> Any:
    """Return a client that is not yet connected; it goes on with ``session`` if there is one."""
    settings = profile | {"resume": session}
    sources, told = settings.pop("setting_sources"), settings.pop("told")
    if profile["permission_mode"] != "bypassPermissions":
        settings["can_use_tool"] = may_use
    if sdk.__name__ == FORMER:
        options = sdk.ClaudeCodeOptions(
            append_system_prompt=told or None, extra_args={"setting-sources": ",".join(sources)}, **settings
        )
    else:
        # Else the CLI would send a resumed session the words that it began with.
        prompt: dict[str, Any] = {"type": "preset", "preset": "claude_code", "snapshot": False}
        if told:
            prompt["append"] = told
        options = sdk.ClaudeAgentOptions(
            system_prompt=prompt, max_buffer_size=MAX_LINE, setting_sources=sources, **settings
        )
    return sdk.ClaudeSDKClient(options)


def process_id(client: Any) -> int | None:
    """Return the id of the CLI's process."""
    process = getattr(client._transport, "_process", None)
    return None if process is None else process.pid


async def connect(sdk: ModuleType, client: Any) -> None:
    """Start the CLI and greet it; raise when it ends instead of answering."""
    if sdk.__name__ != FORMER:
        await client.connect()
        return
    # The former SDK would wait a minute for the answer of a CLI that has ended.
    watching = asyncio.create_task(_fail_when_ended(client))
    try:
        await client.connect()
    finally:
        watching.cancel()


async def _fail_when_ended(client: Any) -> None:
    while True:
        await asyncio.sleep(ENDED_POLL)
        process = getattr(client._transport, "_process", None)
        if client._query is not None and process is not None and process.returncode is not None:
            for request, answered in client._query.pending_control_responses.items():
                error = RuntimeError(f"Claude Code ended with exit code {process.returncode}.")
                client._query.pending_control_results[request] = error
                answered.set()


async def messages(sdk: ModuleType, client: Any) -> AsyncIterator[Any]:
    """Yield the CLI's messages; those that the SDK does not know are left out."""
    if sdk.__name__ != FORMER:
        async for message in client.receive_messages():
            yield message
        return
    # Its public iterator ends at the first unknown message, so parse one by one.
    parser = importlib.import_module(f"{FORMER}._internal.message_parser")
    unknown = importlib.import_module(f"{FORMER}._errors").MessageParseError
    async for data in client._query.receive_messages():
        if data.get("type") == "rate_limit_event":
            yield RateLimitEvent(RateLimitInfo(data.get("rate_limit_info") or {}))
            continue
        try:
            message = parser.parse_message(data)
        except unknown:
            continue
        for name, key in _UNREAD.items():
            setattr(message, name, data.get(key))
        yield message


def _repair() -> None:
    """Replace the former SDK's transport by one that speaks with today's CLI."""
    module = importlib.import_module(f"{FORMER}._internal.transport.subprocess_cli")
    if getattr(module, "_is_repaired", False):
        return
    original: Any = module.SubprocessCLITransport

    class Transport(original):  # type: ignore[misc]
        async def connect(self) -> None:
            await super().connect()
            self._stdout_stream: Any = _whole_lines(self._stdout_stream)

        async def write(self, data: str) -> None:
            await super().write(_as_present(data))

    module.SubprocessCLITransport = Transport  # type: ignore[attr-defined]
    module._MAX_BUFFER_SIZE = MAX_LINE  # type: ignore[attr-defined]
    module._is_repaired = True  # type: ignore[attr-defined]


async def _whole_lines(chunks: Any) -> AsyncIterator[str]:
    """Yield lines: the original strips every chunk, and so loses white space where a long line was cut."""
    pieces: list[str] = []
    async for chunk in chunks:
        *whole, rest = chunk.split("\n")
        for end in whole:
            yield "".join((*pieces, end))
            pieces = []
        if rest:
            pieces.append(rest)


def _as_present(data: str) -> str:
    """Say what the present SDK would: the same choice of the system prompt, ``behavior`` instead of ``allow``."""
    message = json.loads(data)
    if message.get("request", {}).get("subtype") == "initialize":
        message["request"]["systemPromptSnapshot"] = False
        return json.dumps(message) + "\n"
    if message.get("type") != "control_response":
        return data
    answer = message["response"].get("response")
    if not isinstance(answer, dict) or "allow" not in answer:
        return data
    if answer["allow"]:
        present = {"behavior": "allow", "updatedInput": answer.get("input")}
    else:
        present = {"behavior": "deny", "message": answer.get("reason") or ""}
    message["response"]["response"] = present
    return json.dumps(message) + "\n"
