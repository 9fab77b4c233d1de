"""Questions of one subtask that wait for a person, and what was allowed for its whole task."""

import asyncio
import logging
import uuid
from pathlib import Path
from typing import Any

import msgspec

from executor.shells.base import Decision, Emit
from executor.workspace import folder_name
from wegent.protocol.inputs import ALLOW, ALLOW_TASK, CHOICES, ApprovalInput
from wegent.protocol.output_events import Approval, ApprovalDone

log = logging.getLogger(__name__)


class Approvals:
    """Asks by an ``approval`` event and waits for the answer that comes back as an input.

    Tools that were allowed for the task are kept in the executor's home, where the task's own edits don't lead.
    """

    def __init__(self, home: Path, task_id: str, emit: Emit) -> None:
        self._file = home / "allowed" / f"{folder_name(task_id)}.json"
        self._emit = emit
        self._waiting: dict[str, asyncio.Future[tuple[ApprovalInput, str]]] = {}
        self._asked: set[str] = set()

    async def ask(self, tool: str, input: Any, *, id: str = "", reason: str | None = None) -> Decision:
        """Return what a person decides about ``tool``; at once where the tool is allowed for the task."""
        if tool in self._allowed():
            return Decision(True)
        if not id or id in self._asked:
            id = uuid.uuid4().hex
        self._asked.add(id)
        answer: asyncio.Future[tuple[ApprovalInput, str]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        try:
            await self._emit(Approval(id, tool, input, reason, list(CHOICES)))
            given, by = await answer
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
