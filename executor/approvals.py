"""Questions of one subtask that wait for a person, and what was allowed for its whole task."""

import asyncio
import contextlib
import logging
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import msgspec

from executor.output.coalescer import encode
from executor.shells.base import Decision, Emit
from executor.workspace import folder_name
from wegent.protocol.codec import MAX_EVENT
from wegent.protocol.inputs import ALLOW, ALLOW_TASK, CHOICES, DENY, EXPIRED, ApprovalInput
from wegent.protocol.output_events import Approval, ApprovalDone, Notice
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

BY_ITSELF = "the device"
FORGOTTEN_AFTER = 90 * 86_400.0
"""Seconds."""
LONGEST = MAX_EVENT * 3 // 4
"""Bytes of a question: a longer one would be cut, and something else be allowed than was shown."""


class Approvals:
    """Asks by an ``approval`` event and waits for the answer that comes back as an input.

    Tools that were allowed for the task are kept in the executor's home, where the task's own edits don't lead.
    A question that nobody answers within ``patience`` seconds is denied.
    """

    def __init__(self, home: Path, task_id: str, emit: Emit, patience: float) -> None:
        self._file = home / "allowed" / f"{folder_name(task_id)}.json"
        self._emit = emit
        self._patience = patience
        self._waiting: dict[str, asyncio.Future[tuple[ApprovalInput, str]]] = {}
        self._asked: set[str] = set()

    async def ask(self, tool: str, input: Any, *, id: str = "", reason: str | None = None) -> Decision:
        """Return what a person decides about ``tool``; at once where the tool is allowed for the task."""
        if tool in self._allowed():
            return Decision(True)
        if not id or id in self._asked:
            id = uuid.uuid4().hex
        self._asked.add(id)
        question = Approval(id, tool, input, reason, list(CHOICES))
        if (why := _unshowable(question)) is not None:
            await self._emit(Notice("warning", f"{tool[:200]} was not allowed: {why}"))
            return Decision(False, why)
        answer: asyncio.Future[tuple[ApprovalInput, str]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        try:
            await self._emit(question)
            async with time_limit(self._patience):
                given, by = await answer
        except TimeoutError:
            await self._emit(ApprovalDone(id, DENY, BY_ITSELF, EXPIRED))
            return Decision(False, f"Nobody answered within {_written(self._patience)}.")
        finally:
            del self._waiting[id]
        await self._emit(ApprovalDone(id, given.choice, by))
        if given.choice == ALLOW_TASK:
            self._allow(tool)
        return Decision(given.choice in (ALLOW, ALLOW_TASK), given.message or "")

    def answer(self, given: ApprovalInput, by: str) -> bool:
        """Hand over an answer; False if nothing waits for it (any more)."""
        waiting = self._waiting.get(given.id)
        if waiting is None or waiting.done():
            return False
        waiting.set_result((given, by))
        return True

    @staticmethod
    def forget_old(home: Path) -> None:
        """Drop what was allowed for tasks of long ago: nobody tells a device that a task was deleted."""
        for path in (home / "allowed").glob("*.json"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > FORGOTTEN_AFTER:
                    path.unlink()

    def _allowed(self) -> list[str]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[str])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            log.warning("Asking again, since %s cannot be read: %s", self._file, error)
            return []

    def _allow(self, tool: str) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        allowed = sorted({*self._allowed(), tool})
        temporary = self._file.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(allowed))
        temporary.replace(self._file)


def _unshowable(question: Approval) -> str | None:
    size = len(encode(question, sys.maxsize)[0])
    if size <= LONGEST:
        return None
    return (
        f"it takes {size >> 10} KiB to ask for it, and {LONGEST >> 10} can be shown whole. Do it in smaller parts."
    )


def _written(seconds: float) -> str:
    return f"{seconds / 3600:g} hours" if seconds >= 3600 else f"{seconds:g} seconds"
