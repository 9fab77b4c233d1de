"""The executor's side of a conversation with the process that hosts a kernel."""

import asyncio
import base64
import binascii
import contextlib
import mimetypes
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from executor.files.uploads import UploadError
from executor.processes.tree import Child
from executor.shells.base import Outcome, Tools
from executor.shells.kernel_wire import Command, Ended, Happened, Interrupt, Ready, told
from executor.shells.wire import last_said, line, lines
from wegent.protocol.codec import MAX_EVENT
from wegent.protocol.errors import Code
from wegent.protocol.output_events import AnyEvent, CellOutput, Notice, decode_event

HOST = (sys.executable, "-P", "-m", "executor.shells.kernel_host")
LARGE = MAX_EVENT // 2
"""Characters of one form of an output (an image, say) beyond which it goes as a file."""
_COMPLAINTS = 8


class KernelTalk:
    """One turn's conversation with a host that runs as ``child``."""

    def __init__(self, child: Child, tools: Tools, on_ready: Callable[[Sequence[int]], object]) -> None:
        self._child = child
        self._tools = tools
        self._on_ready = on_ready
        self._complaints: deque[bytes] = deque(maxlen=_COMPLAINTS)
        self._files = 0
        self.has_ended = False
        """Whether the host said how the turn ended: then it is ready for the next one."""

    async def run(self, command: Command) -> Ended:
        """Have one thing done; return how it ended, also if the host is gone."""
        complaining = asyncio.create_task(self._listen_to_complaints())
        try:
            await self._say(command)
            async for text in lines(self._child.stdout):
                message = told.decode(text)
                if isinstance(message, Ended):
                    self.has_ended = True
                    return message
                if isinstance(message, Ready):
                    self._on_ready(message.processes)
                else:
                    await self._pass_on(message)
        except ConnectionError:
            pass  # it has ended, and that is told below
        finally:
            complaining.cancel()
        said = last_said(self._complaints)
        return Ended(Code.SHELL_FAILED, f"The kernel's process ended unexpectedly. {said}".strip())

    async def interrupt(self) -> None:
        """Ask it to stop."""
        await self._say(Interrupt())

    async def _say(self, command: Command) -> None:
        self._child.stdin.write(line(command))
        await self._child.stdin.drain()

    async def _listen_to_complaints(self) -> None:
        while chunk := await self._child.stderr.read(1024):
            self._complaints.append(chunk)

    async def _pass_on(self, message: Happened) -> None:
        event = decode_event(message.event)
        if isinstance(event, CellOutput) and len(bytes(message.event)) > MAX_EVENT:
            event = await self._lightened(event)
        await self._tools.emit(event)

    async def _lightened(self, event: CellOutput) -> AnyEvent:
        """Send what is too large of an output as files; the rest stays."""
        data = event.output.get("data")
        if not isinstance(data, dict):
            return event
        kept: dict[str, Any] = {}
        sent: dict[str, str] = {}
        for media_type, value in data.items():
            content = _content(media_type, value)
            id = await self._send(event.index, media_type, content) if content is not None else None
            if id is None:
                kept[media_type] = value
            else:
                sent[media_type] = id
        transient = {**event.output.get("transient", {}), "files": sent}
        return msgspec.structs.replace(event, output={**event.output, "data": kept, "transient": transient})

    async def _send(self, index: int, media_type: str, content: bytes) -> str | None:
        self._files += 1
        name = f"cell-{index}-{self._files}{mimetypes.guess_extension(media_type) or '.bin'}"
        try:
            return (await self._tools.send_file(name, media_type, content)).id
        except UploadError as error:
            await self._tools.emit(Notice("warning", f"{error} A large output of cell {index} is cut."))
            return None


def outcome(ended: Ended) -> Outcome:
    """Return the end of a turn as the subtask's."""
    if ended.code is None:
        return Outcome("completed", result=ended.result)
    return Outcome.failed(Code(ended.code), ended.message, ended.result)


def _content(media_type: str, value: Any) -> bytes | None:
    """Return what is too large for an event as a file's content; None for what may stay, such as plain text."""
    if media_type == "text/plain":
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if len(text) <= LARGE:
        return None
    if not media_type.startswith("text/") and isinstance(value, str) and media_type != "image/svg+xml":
        with contextlib.suppress(binascii.Error, ValueError):
            return base64.b64decode(text.replace("\n", ""), validate=True)
    return text.encode()
