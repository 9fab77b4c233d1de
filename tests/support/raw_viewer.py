"""A viewer with nothing clever in it: ``/ws/chat``, and Server-Sent Events read line by line."""

import uuid
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import msgspec
from support.raw_socket import PATIENCE, RawSocket

from wegent.protocol.chat_messages import (
    CancelSubtask,
    Chunk,
    DeviceState,
    Done,
    Send,
    SendInput,
    StateAnswer,
    Subscribe,
    SubtaskState,
)
from wegent.protocol.resources import Sent


class RawViewer(RawSocket):
    """A socket at ``/ws/chat``."""

    path = "/ws/chat"

    async def say(self, prompt: str, *, client_id: str = "", **fields: Any) -> Sent:
        """Send a prompt; ``fields`` go into the message."""
        message = Send(client_id=client_id or uuid.uuid4().hex, prompt=prompt, **fields)
        return await self.request("chat:send", message, Sent)

    async def subscribe(self, subtask_id: str, seq: int = 0) -> StateAnswer:
        """Follow a subtask's output after ``seq``."""
        return await self.request("chat:subscribe", Subscribe(subtask_id, seq), StateAnswer)

    async def cancel(self, subtask_id: str) -> StateAnswer:
        """Press stop."""
        return await self.request("chat:cancel", CancelSubtask(subtask_id), StateAnswer)

    async def input(self, subtask_id: str, answer: Any, client_id: str = "") -> None:
        """Send an approval's answer or a follow-up."""
        await self.request("chat:input", SendInput(subtask_id, client_id or uuid.uuid4().hex, answer), dict)

    async def chunk(self, timeout: float = PATIENCE) -> Chunk:
        """Return the next ``chat:chunk``."""
        return await self.next("chat:chunk", Chunk, timeout)

    async def done(self, timeout: float = PATIENCE) -> Done:
        """Return the next ``chat:done``."""
        return await self.next("chat:done", Done, timeout)

    async def subtask_state(self, subtask_id: str, state: str, timeout: float = PATIENCE) -> SubtaskState:
        """Return the first ``task:state`` that says that ``subtask_id`` is ``state``."""
        while True:
            told = await self.next("task:state", SubtaskState, timeout)
            if told.subtask_id == subtask_id and told.state == state:
                return told

    async def device_state(self, device_id: str, status: str, timeout: float = PATIENCE) -> DeviceState:
        """Return the first ``device:state`` that says that ``device_id`` is ``status``."""
        while True:
            told = await self.next("device:state", DeviceState, timeout)
            if told.device_id == device_id and told.status == status:
                return told

    async def output(self, subtask_id: str, after: int = 0, timeout: float = 60) -> tuple[list[Any], Done]:
        """Return every event after ``after`` and the end; fail where a number is missing, doubled or moved."""
        events: list[Any] = []
        while True:
            frame = await self.next_of({"chat:chunk", "chat:done"}, timeout)
            if frame.event == "chat:done":
                done = msgspec.json.decode(frame.data, type=Done)
                if done.subtask_id == subtask_id:
                    return events, done
                continue
            chunk = msgspec.json.decode(frame.data, type=Chunk)
            if chunk.subtask_id == subtask_id:
                assert chunk.seq == after + len(events) + 1, f"got {chunk.seq} after {after + len(events)}"
                events += [msgspec.json.decode(event) for event in chunk.events]


class ServerSentEvent(NamedTuple):
    """One event of a ``text/event-stream``."""

    event: str
    id: str
    data: Any


async def server_sent_events(
    url: str, token: str, subtask_id: str, *, after: int | None = None, last_event_id: int | None = None
) -> AsyncIterator[ServerSentEvent]:
    """Yield what ``GET /subtasks/{id}/events`` streams, to its end; comments are left out."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    query = {} if after is None else {"after": str(after)}
    address = f"{url}/subtasks/{subtask_id}/events"
    async with aiohttp.ClientSession() as session, session.get(address, params=query, headers=headers) as response:
        response.raise_for_status()
        assert response.content_type == "text/event-stream"
        fields: dict[str, str] = {}
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            else:
                # Without data (a bare `retry`, say) there is no event.
                if "data" in fields:
                    data = msgspec.json.decode(fields["data"])
                    yield ServerSentEvent(fields.get("event", "message"), fields.get("id", ""), data)
                fields = {}
