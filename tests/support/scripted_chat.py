"""The ``/ws/chat`` of the scripted API."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec
from aiohttp import WSMsgType, web
from support.scripted_turns import Turn, pieces

from wegent.protocol.chat_messages import FROM_VIEWER, DeviceState, Subscribe, Unsubscribe
from wegent.protocol.codec import chunk_frame, decode_data, decode_frame, encode, encode_error
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import TERMINAL

if TYPE_CHECKING:
    from support.scripted_api import ScriptedApi


async def serve_chat(api: "ScriptedApi", request: web.Request) -> web.StreamResponse:
    """Serve one viewer's socket."""
    if api.faults.happens(api.faults.refuse):
        raise ProtocolError(Code.UNAVAILABLE)
    socket = web.WebSocketResponse(max_msg_size=1 << 20)
    await socket.prepare(request)
    api.connections += 1
    for each in api.devices:
        state = DeviceState(**msgspec.structs.asdict(each), rev=1)
        await socket.send_str(encode("device:state", state).decode())
    for turn in api.turns.values():
        if turn.state not in TERMINAL:
            await socket.send_str(encode("task:state", turn.standing()).decode())
    api.sockets.add(socket)
    pushers: dict[str, asyncio.Task[None]] = {}
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT and not api.faults.is_deaf:
                await _asked(api, socket, message.data, pushers)
    finally:
        api.sockets.discard(socket)
        for pusher in pushers.values():
            pusher.cancel()
        await asyncio.gather(*pushers.values(), return_exceptions=True)
    return socket


async def _asked(
    api: "ScriptedApi", socket: web.WebSocketResponse, text: str, pushers: dict[str, asyncio.Task[None]]
) -> None:
    frame = decode_frame(text)
    api.frames.append((frame.event, msgspec.json.decode(frame.data)))
    if frame.event == "ping":
        return await socket.send_str(encode("ack", {}, frame.ref).decode())
    asked = decode_data(frame.data, FROM_VIEWER[frame.event])
    assert isinstance(asked, Subscribe | Unsubscribe)
    if (pusher := pushers.pop(asked.subtask_id, None)) is not None:
        pusher.cancel()
    turn = api.turns.get(asked.subtask_id)
    if turn is None:
        await socket.send_str(encode_error(ProtocolError(Code.NOT_FOUND), frame.ref).decode())
        return
    if not api.faults.happens(api.faults.lose_answer):
        await socket.send_str(encode("ack", {"state": turn.state}, frame.ref).decode())
    if isinstance(asked, Subscribe):
        pushers[turn.id] = asyncio.create_task(_push(api, socket, turn, asked.seq))


async def _push(api: "ScriptedApi", socket: web.WebSocketResponse, turn: Turn, cursor: int) -> None:
    """Send what follows ``cursor``, as badly as the faults say."""
    with contextlib.suppress(ConnectionError):
        async for first, events in pieces(turn, cursor, api.faults):
            frame = chunk_frame(turn.id, first, b"[" + b",".join(events) + b"]").decode()
            if api.faults.happens(api.faults.cut):
                return await cut(api, socket)
            if api.faults.happens(api.faults.drop):
                continue
            for _ in range(2 if api.faults.happens(api.faults.double) else 1):
                await socket.send_str(frame)
                api.sent_bytes += len(frame)
        if not api.faults.happens(api.faults.drop):
            await socket.send_str(encode("chat:done", turn.done()).decode())


async def cut(api: "ScriptedApi", socket: web.WebSocketResponse, code: int = 0) -> None:
    """End a socket, with a close code or without a word."""
    api.sockets.discard(socket)
    if code:
        await socket.close(code=code)
    elif (transport := socket._req.transport if socket._req else None) is not None:
        transport.abort()
