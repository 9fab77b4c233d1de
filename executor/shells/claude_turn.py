"""One turn with Claude Code."""

import asyncio
import base64
import contextlib
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from executor.output.coalescer import encode
from executor.shells.claude_connection import Connection, begins
from executor.shells.claude_events import Translator
from executor.shells.claude_failures import explained
from executor.shells.claude_sdk import CanUseTool, SdkMissingError
from executor.shells.claude_usage import Meter
from executor.shells.claude_wire import (
    AnyCommand,
    Asked,
    Decided,
    Ended,
    FollowUp,
    Happened,
    Image,
    Interrupt,
    Session,
    Start,
    Taken,
    Told,
)
from wegent.protocol.errors import Code
from wegent.protocol.output_events import AnyEvent, Notice, Usage

GOES_ON_WITHIN = 2.0
"""Seconds after a result in which the CLI begins with what it still has to answer; subagents may take longer."""

Tell = Callable[[Told], None]


class Turn:
    """Runs what ``start`` asks for on ``connection``, where that fits; afterwards that is what it ran on."""

    def __init__(self, start: Start, sdk: ModuleType | SdkMissingError, tell: Tell) -> None:
        self._start = start
        self._sdk = sdk
        self._tell = tell
        self.connection: Connection | None = None
        self._translator = Translator(Path(start.folder), Meter())
        self._keys = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Decided]] = {}
        self._is_connected = False
        self._has_begun = False
        self._follow_ups: list[str] = []
        self._unanswered = 0
        self._is_over = False
        self._interrupted = asyncio.Event()
        self._told_session: str | None = None

    async def run(self, may_use: CanUseTool) -> Ended:
        """Run it; return how it ended."""
        if isinstance(self._sdk, SdkMissingError):
            return Ended(Code.SHELL_MISSING, str(self._sdk))
        try:
            return await self._with_session(self._sdk, may_use)
        except Exception as error:
            return self._failed(error)
        finally:
            self._is_connected = False

    async def obey(self, command: AnyCommand) -> None:
        """Do what the executor says while it runs."""
        if isinstance(command, Decided):
            asked = self._asked.get(command.key)
            if asked is not None and not asked.done():
                asked.set_result(command)
        elif isinstance(command, Interrupt):
            self._interrupted.set()
            if self._is_connected and self.connection is not None:
                with contextlib.suppress(Exception):  # if it cannot be told, it will be terminated
                    await self.connection.interrupt()
        elif isinstance(command, FollowUp):
            await self._follow_up(command.text)

    async def may_use(self, tool: str, given: dict[str, Any], context: Any) -> Any:
        """Answer the SDK whether a tool may run."""
        assert isinstance(self._sdk, ModuleType)
        key = next(self._keys)
        decision: asyncio.Future[Decided] = asyncio.get_running_loop().create_future()
        self._asked[key] = decision
        try:
            id = getattr(context, "tool_use_id", None) or ""
            self._tell(Asked(key, tool, given, id, getattr(context, "decision_reason", None)))
            decided = await decision
        finally:
            del self._asked[key]
        if decided.is_allowed:
            self._translator.allowed(id)
            return self._sdk.PermissionResultAllow(updated_input=given)
        return self._sdk.PermissionResultDeny(message=decided.message or "The user does not allow this.")

    async def _with_session(self, sdk: ModuleType, may_use: CanUseTool) -> Ended:
        """Go on with the task's session; begin a new one where this computer does not have it."""
        if self.connection is not None and self.connection.serves(self._start):
            try:
                return await self._converse(self.connection, is_resumed=True)
            except Exception as error:
                if self._has_begun or self._interrupted.is_set():
                    raise
                print(f"the session that waited is gone: {error}", file=sys.stderr)
        await self._disconnect()
        if self._start.session:
            try:
                self.connection = await Connection.open(sdk, self._start, self._start.session, may_use)
                return await self._converse(self.connection, is_resumed=True)
            except Exception as error:
                if self._has_begun or self._interrupted.is_set():
                    raise
                print(f"cannot resume {self._start.session}: {error}", file=sys.stderr)
                text = "The earlier conversation is not on this device; this turn starts without it."
                self._tell_event(Notice("warning", text))
                await self._disconnect()
        self.connection = await Connection.open(sdk, self._start, None, may_use)
        return await self._converse(self.connection, is_resumed=False)

    async def _disconnect(self) -> None:
        self._is_connected = False
        if self.connection is not None:
            closing, self.connection = self.connection, None
            await closing.close()

    async def _converse(self, connection: Connection, *, is_resumed: bool) -> Ended:
        if self._interrupted.is_set():
            return Ended(Code.SHELL_FAILED, "It was interrupted.")
        self._translator = Translator(Path(self._start.folder), connection.meter)
        await connection.query(await asyncio.to_thread(_content, self._start.prompt, self._start.images))
        self._unanswered = 0
        for text in self._follow_ups:  # those that came early; the list may grow meanwhile
            self._unanswered += 1
            await connection.query(text)
        self._is_connected = True
        if self._interrupted.is_set():  # while it was asked
            await connection.interrupt()
        return await self._follow(connection, is_resumed=is_resumed)

    async def _follow(self, connection: Connection, *, is_resumed: bool) -> Ended:
        """Tell what happens until the last result; raise if the session to go on with is not on this computer.

        Claude Code says that by a result before anything else and by its exit code: either may be seen first.
        """
        result: Any = None
        self._has_begun = not is_resumed
        agents = self._translator.agents
        while True:
            message = await connection.next(None if result is None else GOES_ON_WITHIN)
            if message is None:
                if agents.are_working and not connection.is_over and not self._interrupted.is_set():
                    continue
                break
            self._has_begun = self._has_begun or begins(message)
            is_result = type(message).__name__ == "ResultMessage"
            if not self._has_begun and is_result and message.is_error:
                raise _NotHereError(message.result or message.subtype)
            for event in self._translator.events(message):
                self._tell_event(event)
            self._tell_session()
            if is_result:
                result = message
                if self._interrupted.is_set():
                    break
                if self._unanswered:
                    self._unanswered -= 1
                elif not agents.are_working and not agents.have_news:
                    break
            elif begins(message):
                result = None
        if not self._has_begun:
            raise _NotHereError("Claude Code ended before it began")
        self._is_over = True
        if result is None:
            return Ended(Code.SHELL_FAILED, "Claude Code ended without a result.")
        return self._ended(result, connection)

    async def _follow_up(self, text: str) -> None:
        """Take a follow-up, unless the turn is ending; one that comes before Claude is there waits for it."""
        is_taken = not self._is_over and not self._interrupted.is_set()
        if is_taken:
            self._follow_ups.append(text)
            if self._is_connected and self.connection is not None:
                self._unanswered += 1
                await self.connection.query(text)
        self._tell(Taken(is_taken))

    def _ended(self, result: Any, connection: Connection) -> Ended:
        translator = self._translator
        told = {
            "text": result.result or "",
            "session_id": result.session_id,
            "turns": translator.turns,
            "cost_usd": translator.cost,
        }
        if not result.is_error:
            stays = self._start.may_stay and connection.may_stay and not self._interrupted.is_set()
            return Ended(result=told, stays=connection.processes if stays else [])
        if result.subtype == "error_max_turns":
            message = (
                f"It stopped after {self._start.max_turns} turns (options.max_turns). Go on with a further turn."
            )
        elif not result.result:
            message = f"Claude Code reports {result.subtype}."
        else:
            status = getattr(result, "api_error_status", None)
            message = explained(result.result, translator.error, status, translator.limit)
        return Ended(Code.SHELL_FAILED, message, told)

    def _failed(self, error: Exception) -> Ended:
        session = self._translator.session
        result = {"session_id": session} if session else None
        if type(error).__name__ == "CLINotFoundError":
            message = (
                "Claude Code is not installed on this device. Install it there and run `claude` once to log in."
            )
            return Ended(Code.SHELL_MISSING, message, result)
        return Ended(Code.SHELL_FAILED, f"Claude Code failed: {str(error) or type(error).__name__}", result)

    def _tell_event(self, event: AnyEvent) -> None:
        """Tell one output event, bounded in size here already."""
        if isinstance(event, Usage) or event:
            for encoded in encode(event):
                self._tell(Happened(msgspec.Raw(encoded)))

    def _tell_session(self) -> None:
        session = self._translator.session
        if session and session != self._told_session:
            self._told_session = session
            self._tell(Session(session))


class _NotHereError(Exception):
    """The session that was to go on is not on this computer."""


def _content(prompt: str, images: list[Image]) -> str | list[dict[str, Any]]:
    """Return the message as the model gets it: images before the words that speak of them."""
    if not images:
        return prompt
    blocks = [
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": image.media_type,
                "data": base64.b64encode(Path(image.path).read_bytes()).decode(),
            },
        }
        for image in images
    ]
    return [*blocks, {"type": "text", "text": prompt}]
