"""The process that hosts Claude Code for one turn: ``python -P -m executor.shells.claude_host``.

It reads commands from stdin and tells what happens on stdout (:mod:`executor.shells.claude_wire`). The SDK lives
here alone: importing it is slow, and when it hangs or dies only its own task does.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Never

import msgspec

from executor.coalescer import encode
from executor.shells import claude_sdk
from executor.shells.claude_events import Translator
from executor.shells.claude_wire import (
    Asked,
    Decided,
    Ended,
    FollowUp,
    Happened,
    Interrupt,
    Session,
    Start,
    Taken,
    Told,
    commands,
    line,
    lines,
)
from wegent.protocol.errors import Code
from wegent.protocol.output_events import AnyEvent, Notice, Usage
from wegent.protocol.time_limit import time_limit

FOLLOW_UP_BEGINS_WITHIN = 2.0
"""Seconds after a result in which the CLI begins with a follow-up that it has not yet worked in."""


class Interrupted(Exception):  # noqa: N818 - an order, not an error
    """The turn was interrupted before it began."""


class Host:
    """One turn with Claude Code."""

    def __init__(self, start: Start, output: int) -> None:
        self._start = start
        self._output = output
        self._translator = Translator(Path(start.folder))
        self._keys = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Decided]] = {}
        self._client: Any = None
        self._follow_ups: list[str] = []
        self._unanswered = 0
        self._is_over = False
        self._is_interrupted = False
        self._told_session: str | None = None

    async def run(self) -> Ended:
        """Run the turn; return how it ended."""
        try:
            sdk = claude_sdk.load(self._start.sdk)
        except claude_sdk.SdkMissingError as error:
            return Ended(Code.SHELL_MISSING, str(error))
        try:
            return await self._with_session(sdk)
        except Exception as error:
            return self._failed(error)

    async def obey(self, command: FollowUp | Decided | Interrupt | Start) -> None:
        """Do what the executor says while the turn runs."""
        if isinstance(command, Decided):
            asked = self._asked.get(command.key)
            if asked is not None and not asked.done():
                asked.set_result(command)
        elif isinstance(command, Interrupt):
            await self._interrupt()
        elif isinstance(command, FollowUp):
            await self._follow_up(command.text)

    async def _with_session(self, sdk: ModuleType) -> Ended:
        """Go on with the task's session; begin a new one where this computer does not have it."""
        if self._start.session:
            try:
                return await self._converse(sdk, self._start.session)
            except Exception as error:
                is_here = self._translator.session is not None and not isinstance(error, _NotHereError)
                if is_here or self._is_interrupted:
                    raise
                print(f"cannot resume {self._start.session}: {error}", file=sys.stderr)
                text = "The earlier conversation is not on this device; this turn starts without it."
                self.tell_event(Notice("warning", text))
        return await self._converse(sdk, None)

    async def _converse(self, sdk: ModuleType, session: str | None) -> Ended:
        client = claude_sdk.make_client(sdk, self._start, session, self._may_use(sdk))
        try:
            await claude_sdk.connect(sdk, client)
            if self._is_interrupted:
                return Ended(Code.SHELL_FAILED, "It was interrupted.")
            await client.query(self._start.prompt)
            self._unanswered = 0
            for text in self._follow_ups:  # those that came early; the list may grow meanwhile
                self._unanswered += 1
                await client.query(text)
            self._client = client
            return await self._follow(sdk, client, is_resumed=session is not None)
        finally:
            self._client = None
            with contextlib.suppress(Exception):  # the turn is over, however the CLI ends
                await client.disconnect()

    async def _follow(self, sdk: ModuleType, client: Any, *, is_resumed: bool) -> Ended:
        """Tell what happens until the last result; raise if the session to go on with is not on this computer.

        Claude Code says that by a result before anything else and by its exit code: either may be seen first.
        """
        result: Any = None
        has_begun = not is_resumed
        stream = claude_sdk.messages(sdk, client)
        while True:
            try:
                async with time_limit(FOLLOW_UP_BEGINS_WITHIN if result is not None else None):
                    message = await anext(stream, None)
            except TimeoutError:
                message = None
            if message is None:
                break
            has_begun = has_begun or _begins(message)
            if not has_begun and type(message).__name__ == "ResultMessage" and message.is_error:
                raise _NotHereError(message.result or message.subtype)
            for event in self._translator.events(message):
                self.tell_event(event)
            self._tell_session()
            if type(message).__name__ == "ResultMessage":
                result = message
                if not self._unanswered or self._is_interrupted:
                    break
                self._unanswered -= 1
            elif _begins(message):
                result = None
        self._is_over = True
        if result is None:
            return Ended(Code.SHELL_FAILED, "Claude Code ended without a result.")
        return self._ended(result)

    def _may_use(self, sdk: ModuleType) -> claude_sdk.CanUseTool:
        async def may_use(tool: str, given: dict[str, Any], context: Any) -> Any:
            key = next(self._keys)
            decision: asyncio.Future[Decided] = asyncio.get_running_loop().create_future()
            self._asked[key] = decision
            try:
                id = getattr(context, "tool_use_id", None) or ""
                self.tell(Asked(key, tool, given, id, getattr(context, "decision_reason", None)))
                decided = await decision
            finally:
                del self._asked[key]
            if decided.is_allowed:
                self._translator.allowed(id)
                return sdk.PermissionResultAllow(updated_input=given)
            return sdk.PermissionResultDeny(message=decided.message or "The user does not allow this.")

        return may_use

    async def _interrupt(self) -> None:
        self._is_interrupted = True
        if self._client is not None:
            with contextlib.suppress(Exception):  # if it cannot be told, it will be terminated
                await self._client.interrupt()

    async def _follow_up(self, text: str) -> None:
        """Take a follow-up, unless the turn is ending; one that comes before Claude is there waits for it."""
        is_taken = not self._is_over and not self._is_interrupted
        if is_taken:
            self._follow_ups.append(text)
            if self._client is not None:
                self._unanswered += 1
                await self._client.query(text)
        self.tell(Taken(is_taken))

    def _ended(self, result: Any) -> Ended:
        told = {
            "text": result.result or "",
            "session_id": result.session_id,
            "turns": result.num_turns,
            "cost_usd": result.total_cost_usd,
        }
        if not result.is_error:
            return Ended(result=told)
        if result.subtype == "error_max_turns":
            message = (
                f"It stopped after {self._start.max_turns} turns (options.max_turns). Go on with a further turn."
            )
        else:
            message = result.result or f"Claude Code reports {result.subtype}."
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

    def tell_event(self, event: AnyEvent) -> None:
        """Tell one output event, bounded in size here already."""
        if isinstance(event, Usage) or event:
            for encoded in encode(event):
                self.tell(Happened(msgspec.Raw(encoded)))

    def _tell_session(self) -> None:
        session = self._translator.session
        if session and session != self._told_session:
            self._told_session = session
            self.tell(Session(session))

    def tell(self, message: Told) -> None:
        """Write one line; a full pipe makes the turn wait, which is wanted."""
        data = memoryview(line(message))
        while data:
            data = data[os.write(self._output, data) :]


class _NotHereError(Exception):
    """The session that was to go on is not on this computer."""


def _begins(message: Any) -> bool:
    """Whether ``message`` shows that Claude works on; the model's first word may come much later than ``init``."""
    kind = type(message).__name__
    return kind in {"StreamEvent", "AssistantMessage"} or (kind == "SystemMessage" and message.subtype == "init")


async def _serve(output: int) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    incoming = lines(reader)
    start = commands.decode(await anext(incoming))
    if not isinstance(start, Start):
        raise SystemExit("the first command must be a start")
    host = Host(start, output)

    async def listen() -> Never:
        async for text in incoming:
            await host.obey(commands.decode(text))
        # The executor is gone: nobody would hear the rest, so nothing of this may go on.
        os.killpg(0, signal.SIGKILL)
        raise SystemExit(1)

    listening = asyncio.create_task(listen())
    turn = asyncio.create_task(host.run())
    await asyncio.wait({listening, turn}, return_when=asyncio.FIRST_COMPLETED)
    if listening.done():
        listening.result()
    host.tell(turn.result())
    listening.cancel()


def main() -> None:
    """Keep stdout for the executor: whatever else prints goes to stderr."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(_serve(output))


if __name__ == "__main__":
    main()
