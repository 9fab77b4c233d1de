"""What both sockets share: bounded receiving, sending under a deadline, reading frames, closing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope
from quart import Quart
from quart.asgi import ASGIWebsocketConnection
from quart.wrappers import Websocket

from api.errors import CloseError
from api.store.outages import OUTAGES
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.codec import Frame, decode_frame, encode, encode_error
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

RECEIVE_QUEUE = 16
"""Frames that wait to be handled; when they are too many, TCP makes the sender wait."""
BAD_FRAMES = 5
"""Frames in a row that are not this protocol, before the socket is closed with 4400."""


class BoundedWebsocketConnection(ASGIWebsocketConnection):
    """Quart's connection with a bounded receive queue and without compression.

    Quart's own queue grows without end when a handler is slow, and permessage-deflate costs memory per socket and
    lets a small frame unpack into a huge one.
    """

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.queue = asyncio.Queue(RECEIVE_QUEUE)

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve the socket."""
        handshake = getattr(getattr(send, "__self__", None), "handshake", None)
        if handshake is not None:
            handshake.extensions = None
        await super().__call__(receive, send)


class Wire:
    """One socket's frames, in and out; any number of tasks may send."""

    def __init__(self, websocket: Websocket, send_deadline: float) -> None:
        self._websocket = websocket
        self._deadline = send_deadline
        self._turn = asyncio.Lock()
        self._bad_frames = 0

    async def send(self, frame: bytes) -> None:
        """Send one frame; a peer that does not read in time is cut off."""
        async with self._turn:
            try:
                async with time_limit(self._deadline):
                    await self._websocket.send(frame.decode())
            except TimeoutError:
                raise CloseError(CloseCode.RESTARTING, "you do not read what is sent") from None

    async def send_event(self, event: str, data: object, ref: int | None = None) -> None:
        """Encode and send one frame."""
        await self.send(encode(event, data, ref))

    async def answer(self, frame: Frame, data: object) -> None:
        """Answer a frame that wants an answer."""
        if frame.ref is not None:
            await self.send(encode("ack", data, frame.ref))

    async def refuse(self, error: ProtocolError, ref: int | None) -> None:
        """Answer a frame that could not be served."""
        await self.send(encode_error(error, ref))

    async def receive(self) -> Frame:
        """Return the next frame that is one; refuse the others, and close after five of those in a row."""
        while True:
            text = await self._websocket.receive()
            try:
                frame = decode_frame(text)
            except ProtocolError as error:
                self._bad_frames += 1
                await self.refuse(error, None)
                if self._bad_frames >= BAD_FRAMES:
                    raise CloseError(CloseCode.BAD_PROTOCOL, "these frames are not this protocol") from None
            else:
                self._bad_frames = 0
                return frame

    async def serve(self, frame: Frame, handler: Callable[[Frame], Awaitable[None]]) -> None:
        """Run a handler, and refuse the frame with what it raises."""
        try:
            await handler(frame)
        except ProtocolError as error:
            await self.refuse(error, frame.ref)
        except OUTAGES as error:
            log.warning("%s failed: %s", frame.event, error)
            await self.refuse(ProtocolError(Code.UNAVAILABLE), frame.ref)

    async def close(self, error: CloseError) -> None:
        """Close the socket, waiting no longer than the deadline."""
        try:
            async with time_limit(self._deadline):
                await self._websocket.close(int(error.code), error.reason)
        except (TimeoutError, RuntimeError) as failure:
            log.debug("closing failed: %s", failure)


def close_reason(error: BaseException) -> CloseError | None:
    """Return the CloseError in ``error`` or in the group that it is, None if there is none."""
    if isinstance(error, CloseError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [reason for inner in error.exceptions if (reason := close_reason(inner)) is not None]
        return found[0] if found else None
    return None


async def run_session(wire: Wire, session: Callable[[], Awaitable[Any]]) -> None:
    """Run a session to its end and close its socket with the reason; an unexpected error closes with 1011."""
    try:
        await session()
    except BaseException as error:
        reason = close_reason(error)
        if reason is None:
            if isinstance(error, asyncio.CancelledError):
                raise
            log.exception("a session failed")
            reason = CloseError(CloseCode.INTERNAL_ERROR, "something went wrong here; it is in the log")
        await wire.close(reason)
