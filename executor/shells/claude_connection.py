"""A Claude Code that is connected: it serves one turn of a session after the other."""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import msgspec
import psutil

from executor.shells import claude_sdk, claude_usage
from executor.shells.claude_events import is_system
from executor.shells.claude_wire import Start
from wegent.protocol.time_limit import time_limit

READ_AHEAD = 100
"""Messages; beyond, the CLI waits."""
_ACTS_LATER = frozenset({"CronCreate", "Monitor", "ScheduleWakeup"})
"""Tools after which the CLI works on by itself, some time after the turn."""


class Connection:
    """Its client, what it was made with, and what it read. Opened and closed by one and the same task."""

    def __init__(self, client: Any, profile: dict[str, Any], meter: claude_usage.Meter) -> None:
        self._client = client
        self._profile = profile
        self._messages: asyncio.Queue[Any] = asyncio.Queue(READ_AHEAD)
        self._reading: asyncio.Task[None] | None = None
        self._closing = contextlib.AsyncExitStack()
        self._background: list[Any] = []
        self._is_settled = True
        self.meter = meter
        self.is_over = False
        """Whether the CLI has said its last."""
        self.session: str | None = None
        self.processes: list[int] = []
        """This one, the CLI, and whatever that needed before the first turn began."""

    @classmethod
    async def open(
        cls, sdk: ModuleType, start: Start, session: str | None, may_use: claude_sdk.CanUseTool
    ) -> Self:
        """Start the CLI and greet it; raise when that fails."""
        profile = claude_sdk.profile(start)
        meter = claude_usage.Meter(claude_usage.saved(session) if session else claude_usage.Totals())
        async with contextlib.AsyncExitStack() as closing:
            made = profile
            if start.mcp_servers:
                servers = closing.enter_context(written({"mcpServers": start.mcp_servers}))
                made = profile | {"mcp_servers": servers}
            client = claude_sdk.make_client(sdk, made, session, may_use)
            closing.push_async_callback(_disconnect, client)
            await claude_sdk.connect(sdk, client)
            opened = cls(client, profile, meter)
            opened._closing = closing.pop_all()
        opened._reading = asyncio.create_task(opened._read(claude_sdk.messages(sdk, client)))
        here = psutil.Process()
        opened.processes = [here.pid, *(child.pid for child in here.children(recursive=True))]
        return opened

    def serves(self, start: Start) -> bool:
        """Whether ``start`` can go on here: the same session, made in the same way."""
        return self.session == start.session and self._profile == claude_sdk.profile(start)

    @property
    def may_stay(self) -> bool:
        """Whether nothing of it goes on by itself once a turn has ended, and it needs nothing but the CLI."""
        return self._is_settled and not self._background and self.session is not None

    async def query(self, content: str | list[dict[str, Any]]) -> None:
        """Say something to the model."""
        if isinstance(content, str):
            await self._client.query(content)
            return

        async def messages() -> Any:
            message = {"role": "user", "content": content}
            yield {"type": "user", "message": message, "parent_tool_use_id": None}

        await self._client.query(messages())

    async def interrupt(self) -> None:
        """Stop the turn."""
        await self._client.interrupt()

    async def next(self, within: float | None = None) -> Any:
        """Return the next message, None at the end or when none comes ``within`` seconds."""
        try:
            async with time_limit(within):
                message = await self._messages.get()
        except TimeoutError:
            return None
        if isinstance(message, Exception):
            raise message
        if message is None:
            self.is_over = True
        else:
            self._look(message)
        return message

    async def disturbance(self) -> None:
        """Return when it does something although nobody asked, or ends."""
        while (message := await self.next()) is not None:
            if begins(message):
                return

    async def close(self) -> None:
        """End the CLI, however it takes it."""
        if self._reading is not None:
            self._reading.cancel()
        with contextlib.suppress(Exception):  # the turn is over, however the CLI ends
            await self._closing.aclose()

    async def _read(self, messages: Any) -> None:
        try:
            async for message in messages:
                await self._messages.put(message)
        except Exception as error:  # whoever waits for a message hears of it
            await self._messages.put(error)
        await self._messages.put(None)

    def _look(self, message: Any) -> None:
        """Note what keeps it from staying."""
        if is_system(message):
            self.session = message.data.get("session_id") or self.session
            if message.subtype == "background_tasks_changed":
                self._background = message.data.get("tasks") or []
            if message.subtype == "init" and message.data.get("mcp_servers"):
                self._is_settled = False
        elif type(message).__name__ == "AssistantMessage":
            tools = {getattr(block, "name", "") for block in message.content}
            self._is_settled = self._is_settled and not tools & _ACTS_LATER


def begins(message: Any) -> bool:
    """Whether ``message`` shows that Claude itself works on; the first word may come much later than ``init``."""
    if is_system(message):
        return bool(message.subtype == "init")
    is_said = type(message).__name__ in {"StreamEvent", "AssistantMessage"}
    return is_said and not message.parent_tool_use_id


async def _disconnect(client: Any) -> None:
    await client.disconnect()


@contextlib.contextmanager
def written(content: dict[str, Any]) -> Any:
    """Write JSON to a file that only its owner reads: a command line would show what is secret in it."""
    descriptor, name = tempfile.mkstemp(prefix="wegent-", suffix=".json")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
        yield path
    finally:
        path.unlink(missing_ok=True)
