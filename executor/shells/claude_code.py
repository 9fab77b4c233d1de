"""``ClaudeCode``: one turn with Claude Code, hosted in a process of its own."""

import asyncio
import contextlib
import shutil
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from executor import environment, mcp_servers
from executor.files.attachments import listed
from executor.processes.kept import Kept
from executor.processes.tree import Child
from executor.shells import claude_images
from executor.shells.base import Here, Job, Outcome, Shell, Tools
from executor.shells.claude_wire import (
    Asked,
    Begun,
    Command,
    Decided,
    Ended,
    FollowUp,
    Happened,
    Image,
    Interrupt,
    Session,
    Start,
    Taken,
    line,
    lines,
    told,
)
from executor.shells.wire import last_said
from wegent.protocol.errors import Code
from wegent.protocol.output_events import decode_event
from wegent.protocol.time_limit import time_limit

SDKS = ("claude_agent_sdk", "claude_code_sdk")
_CLI_PLACES = (".local/bin", ".claude/local", ".npm-global/bin", "node_modules/.bin", ".yarn/bin")
"""Below a person's home; the SDKs look there besides PATH."""
KIND = "claude"
HOST = (sys.executable, "-P", "-m", "executor.shells.claude_host")
END_WITHIN = 10.0
TAKEN_WITHIN = 60.0
"""Seconds in which a follow-up is taken: the host's process may be starting, on a busy computer."""
_COMPLAINTS = 8192
_TODO_TOOLS = {"CLAUDE_CODE_ENABLE_TODO_TOOLS": "1", "CLAUDE_CODE_ENABLE_TASKS": "0"}
"""The CLI offers its todo list to programs only when asked to; its newer task tools would replace it."""


class ClaudeCode(Shell):
    """Runs one turn; Claude itself asks before it does what needs permission."""

    asks = True

    def __init__(self, job: Job, tools: Tools) -> None:
        self._job = job
        self._tools = tools
        self._kept: Kept | None = None
        self._session: str | None = None
        self._ended: Ended | None = None
        self._is_over = False
        self._begun = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._taken: deque[asyncio.Future[bool]] = deque()
        self._complaints: deque[bytes] = deque(maxlen=_COMPLAINTS // 1024)

    @classmethod
    def unusable(cls, here: Here) -> str | None:
        """Return what of Claude Code is missing; asking where a package is does not import it."""
        wanted = here.environ.get("WEGENT_CLAUDE_SDK")
        if not any(find_spec(name) for name in ([wanted] if wanted else SDKS)):
            return "the Claude Code SDK is not installed. Type: pip install 'wegent[executor]'"
        if find_cli(here.environ) is not None:
            return None
        return "there is no `claude`. Install Claude Code, and run `claude` once to log in."

    async def run(self, attached: Sequence[Path]) -> Outcome:
        """Run the turn to its end."""
        try:
            return await self._run(attached)
        finally:
            self._is_over = True
            self._begun.set()
            if self._listening is not None:
                self._listening.cancel()
            self._refuse_follow_ups()

    async def _run(self, attached: Sequence[Path]) -> Outcome:
        job = self._job
        files = dict(zip(job.options.attached, attached, strict=True))
        try:
            images = await asyncio.to_thread(claude_images.read, [files[id] for id in job.options.images])
        except claude_images.ImageError as error:
            return Outcome.failed(Code.SHELL_FAILED, str(error))
        if (refusal := await self._allowed_servers()) is not None:
            return refusal
        env = _TODO_TOOLS | environment.for_claude(job.environ)
        said = None
        while said is None:
            kept = await self._tools.keep(KIND, self._argv, env)
            start = self._start([files[id] for id in job.options.files], images, may_stay=kept.kind.may_rest)
            said = await self._begin(kept, start)
            if said is None and kept.is_new:
                return self._outcome()
        self._begun.set()
        await self._follow(kept, said)
        return self._outcome()

    async def _allowed_servers(self) -> Outcome | None:
        """Ask before servers that the task brings are started or reached: Claude Code does that unasked."""
        if self._job.permission_mode == "bypassPermissions":
            return None
        for name, server in self._job.options.mcp_servers.items():
            reason = "It runs on this device." if server.type == "stdio" else "Data may be sent there."
            asked = mcp_servers.question(name, server)
            decision = await self._tools.ask(asked, mcp_servers.told(server), reason=reason)
            if not decision.is_allowed:
                message = f"The MCP server {name} was not allowed. {decision.message}".strip()
                return Outcome.failed(Code.DECLINED, message)
        return None

    async def _begin(self, kept: Kept, start: Start) -> AsyncIterator[bytes] | None:
        """Give the turn to a host and return what that says; None when it ended before it took the turn."""
        self._kept = kept
        self._listening = asyncio.create_task(self._listen_to_complaints(kept.child))
        said = lines(kept.child.stdout)
        with contextlib.suppress(ConnectionError):  # a host that waited may end at any moment
            await self._say(start)
            first = await anext(said, None)
            if first is not None and isinstance(told.decode(first), Begun):
                return said
        await kept.child.wait_within(END_WITHIN)
        self._listening.cancel()  # whatever it complained of is heard
        return None

    async def _follow(self, kept: Kept, said: AsyncIterator[bytes]) -> None:
        """Hear the host to the end of the turn, and let it wait for the next one if it can."""
        async with asyncio.TaskGroup() as group:
            asked: set[asyncio.Task[None]] = set()
            async for text in said:
                await self._hear(text, group, asked)
                if self._ended is not None:
                    break
            for task in asked:
                task.cancel()
        self._refuse_follow_ups()
        if self._ended is not None and self._ended.stays:
            kept.settle(self._ended.stays)
            kept.is_at_rest = True
        else:
            kept.child.stdin.close()
            if self._ended is None:
                await kept.child.wait()
            await kept.child.wait_within(END_WITHIN)

    async def interrupt(self) -> None:
        """Ask Claude to stop the turn."""
        if self._kept is not None:
            await self._say(Interrupt())

    async def deliver(self, text: str) -> bool:
        """Hand over a follow-up, once the turn has begun; False when it is ending."""
        try:
            async with time_limit(TAKEN_WITHIN):
                await self._begun.wait()
                if self._is_over or self._ended is not None:
                    return False
                taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
                self._taken.append(taken)
                await self._say(FollowUp(text))
                return await taken
        except (TimeoutError, ConnectionError):
            return False

    @property
    def _argv(self) -> tuple[str, ...]:
        sdk = self._job.environ.get("WEGENT_CLAUDE_SDK")
        return (*HOST, sdk) if sdk else HOST

    def _start(self, files: Sequence[Path], images: list[Image], *, may_stay: bool) -> Start:
        job = self._job
        return Start(
            prompt=job.prompt + listed(files),
            images=images,
            folder=str(job.folder),
            readable=[str(job.attachments)] if job.attachments.is_dir() else [],
            permission_mode=job.permission_mode,
            env=job.options.env,
            model=job.options.model,
            system_prompt=job.options.system_prompt,
            max_turns=job.options.max_turns,
            mcp_servers={name: mcp_servers.told(server) for name, server in job.options.mcp_servers.items()},
            session=job.history_session,
            is_trusted=job.is_trusted,
            may_stay=may_stay,
        )

    async def _hear(self, text: bytes, group: asyncio.TaskGroup, asked: set[asyncio.Task[None]]) -> None:
        message = told.decode(text)
        if isinstance(message, Happened):
            await self._tools.emit(decode_event(message.event))
        elif isinstance(message, Session):
            self._session = message.id
        elif isinstance(message, Begun):
            raise RuntimeError("a turn began twice")
        elif isinstance(message, Asked):
            asked.add(group.create_task(self._ask(message)))
        elif isinstance(message, Taken):
            if self._taken and not (waiting := self._taken.popleft()).done():
                waiting.set_result(message.ok)
        else:
            self._ended = message

    async def _ask(self, asked: Asked) -> None:
        """Let a person decide, and pass that on."""
        decision = await self._tools.ask(asked.tool, asked.input, id=asked.id, reason=asked.reason)
        with contextlib.suppress(ConnectionError):  # it ended meanwhile
            await self._say(Decided(asked.key, decision.is_allowed, decision.message))

    async def _say(self, command: Command) -> None:
        assert self._kept is not None
        stdin = self._kept.child.stdin
        stdin.write(line(command))
        await stdin.drain()

    async def _listen_to_complaints(self, child: Child) -> None:
        while chunk := await child.stderr.read(1024):
            self._complaints.append(chunk)

    def _refuse_follow_ups(self) -> None:
        while self._taken:
            waiting = self._taken.popleft()
            if not waiting.done():
                waiting.set_result(False)

    def _outcome(self) -> Outcome:
        ended = self._ended
        if ended is None:
            ended = Ended(Code.SHELL_FAILED, "Claude Code ended unexpectedly.")
        if ended.code is None:
            return Outcome("completed", result=self._with_session(ended.result))
        message = ended.message
        if ended.result is None and ended.code == Code.SHELL_FAILED:
            complaints = last_said(self._complaints)
            message = f"{message} {complaints}".strip()
        return Outcome.failed(Code(ended.code), _explained(message), self._with_session(ended.result))

    def _with_session(self, result: dict[str, object] | None) -> dict[str, object] | None:
        """Name the session in every result, so that a further turn goes on with it."""
        if self._session is None:
            return result
        return {"session_id": self._session, **(result or {})}


def find_cli(environ: Mapping[str, str]) -> str | None:
    """Return the CLI that the SDK would drive; None if there is none."""
    bundled, *elsewhere = _cli_places()
    if bundled.exists():
        return str(bundled)
    found = shutil.which("claude", path=environ.get("PATH"))
    return found or next((str(path) for path in elsewhere if path.exists()), None)


def _cli_places() -> Iterator[Path]:
    """Yield where a CLI may be: in the SDK's wheel, and where the SDKs look for one that is not on PATH."""
    name = "claude.exe" if sys.platform == "win32" else "claude"
    sdk = find_spec(SDKS[0])
    package = Path(sdk.origin).parent if sdk is not None and sdk.origin is not None else Path("missing")
    yield package / "_bundled" / name
    yield from (Path.home() / folder / name for folder in _CLI_PLACES)
    yield Path("/usr/local/bin") / name


def _explained(message: str) -> str:
    """Add what to do next to what Claude Code says."""
    lowered = message.lower()
    if "root/sudo" in lowered or "root privileges" in lowered:
        return f"{message} Run the executor as a person, or set IS_SANDBOX=1 for it inside a container."
    return message
