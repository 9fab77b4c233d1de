"""Offers of ClaudeCode to a device of the scripted server, and what comes back."""

from typing import Any, TypeVar

from support.scripted_backend import Record, ScriptedBackend

from wegent.protocol.output_events import AnyEvent, Approval

E = TypeVar("E", bound=AnyEvent)


def of(record: Record, kind: type[E]) -> list[E]:
    """Return the events of one kind."""
    return [event for event in record.events if isinstance(event, kind)]


async def offer(backend: ScriptedBackend, name: str, **fields: Any) -> Record:
    """Offer a turn once the device is connected."""
    await backend.connected()
    return await backend.offer(name, "do it", shell="ClaudeCode", **fields)


async def approval(record: Record, count: int = 1) -> Approval:
    """Wait for the question number ``count``."""
    await record.until(lambda record: len(of(record, Approval)) >= count, 40)
    return of(record, Approval)[count - 1]


async def answer(backend: ScriptedBackend, record: Record, asked: Approval, choice: str, **more: str) -> None:
    """Answer a question, as ann."""
    given = {"type": "approval", "id": asked.id, "choice": choice, "by": "ann"} | more
    await backend.give(record, f"input-{asked.id}", given)
