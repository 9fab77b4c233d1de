"""One connection to the server: what is asked and answered on it, and its three loops.

A reader hands messages to :mod:`executor.dispatch`; heartbeats go on a path of their own; a pump sends output
and reports. Whichever fails ends the session, and :mod:`executor.link` makes the next one.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import TypeVar

import aiohttp

from executor.device import Device
from executor.dispatch import Dispatch
from executor.endings import ConnectionLostError
from executor.processes.reaper import Reaper
from executor.pump import Pump
from executor.requests import Done, Refused, RefusedError
from wegent.protocol.codec import Frame, decode_data, decode_frame, encode, encode_error
from wegent.protocol.device_messages import Heartbeat, HeartbeatAnswer, Leave, Register, Registered
from wegent.protocol.errors import ProtocolError
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

MOST_RECEIVED = 2 << 20
"""Bytes of a frame that is read: more than a frame may have, so that an offer that is too long can be declined."""
UNREAD_WITHIN = 1.0
"""Seconds in which the close frame is found that came before a send failed."""
_LAST = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

T = TypeVar("T")


class Session:
    """Talks on ``socket`` for ``device``; ``batch`` bounds what one frame of output holds."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, device: Device, reaper: Reaper, batch: int
    ) -> None:
        self._socket = socket
        self._device = device
        self._reaper = reaper
        self._answers: dict[int, asyncio.Future[Frame]] = {}
        self._last_ref = 0
        self.registered: Registered | None = None
        self.pump = Pump(self, device, batch)
        self._dropped = asyncio.Event()
        self._drop_reason = ""
        self._is_send_failed = False

    async def register(self, message: Register, deadline: float) -> Registered:
        """Say who we are and return the answer; raise RefusedError or ConnectionLostError."""
        ref = self._next_ref()
        try:
            async with time_limit(deadline):
                await self.send(encode("device:register", message, ref))
                while (frame := await self._next_frame()).ref != ref:
                    log.debug("Ignoring %s, which came before the answer to register.", frame.event)
        except TimeoutError:
            raise ConnectionLostError(f"the server did not answer within {deadline:g} s") from None
        except ConnectionLostError as lost:
            raise await self._explained(lost) from None
        if frame.event == "error":
            raise RefusedError(_decoded(frame, Refused))
        self.registered = _decoded(frame, Registered)
        return self.registered

    async def run(self) -> None:
        """Work until the connection ends; always raises ConnectionLostError."""
        assert self.registered is not None
        try:
            async with asyncio.TaskGroup() as group:
                dispatch = Dispatch(self, self._device, group)
                dispatch.resume(self.registered.resume)
                group.create_task(self._read(dispatch))
                group.create_task(self._beat(dispatch, self.registered.heartbeat_seconds))
                group.create_task(self.pump.run(group))
                group.create_task(self._wait_dropped())
        except BaseExceptionGroup as failed:
            lost, unexpected = failed.split(ConnectionLostError)
            if lost is None or unexpected is not None:
                raise unexpected or failed from None
            raise await self._explained(_first(lost)) from None
        finally:
            for subtask in self._device:
                subtask.disconnect()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionLostError("the connection was closed"))

    async def _explained(self, lost: ConnectionLostError) -> ConnectionLostError:
        """Add the close code that came unread: a send that fails may be noticed before it is taken."""
        if lost.code is not None or not self._is_send_failed:
            return lost
        try:
            async with time_limit(UNREAD_WITHIN):
                while (message := await self._socket.receive()).type not in _LAST:
                    pass  # the server repeats what still counts
        except TimeoutError:
            return lost
        code = message.data if message.type is aiohttp.WSMsgType.CLOSE else self._socket.close_code
        return ConnectionLostError(str(lost), code)

    def drop(self, reason: str) -> None:
        """End this session from outside."""
        self._drop_reason = reason
        self._dropped.set()

    async def request(self, event: str, data: object, kind: type[T], deadline: float) -> T:
        """Send a question and return its answer; raise RefusedError, TimeoutError or ConnectionLostError."""
        ref = self._next_ref()
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[ref] = answer
        try:
            async with time_limit(deadline):
                await self.send(encode(event, data, ref))
                frame = await answer
        finally:
            del self._answers[ref]
        if frame.event == "error":
            raise RefusedError(_decoded(frame, Refused))
        return _decoded(frame, kind)

    def _next_ref(self) -> int:
        self._last_ref += 1
        return self._last_ref

    async def say(self, event: str, reason: str, deadline: float) -> bool:
        """Tell the server that we take nothing new, or leave; return whether it has heard it."""
        try:
            await self.request(event, Leave(reason), Done, deadline)
        except (RefusedError, TimeoutError, ConnectionLostError) as error:
            log.debug("%s was not answered: %s", event, error)
            return False
        return True

    async def send(self, frame: bytes) -> None:
        """Send one frame; raise ConnectionLostError if the connection is gone."""
        try:
            await self._socket.send_str(frame.decode())
        except (ConnectionError, aiohttp.ClientError, RuntimeError) as error:
            self._is_send_failed = True
            raise self._lost(str(error)) from None

    def _lost(self, message: str) -> ConnectionLostError:
        return ConnectionLostError(message or "the connection was closed", self._socket.close_code)

    async def _next_frame(self) -> Frame:
        """Return the next usable frame; one that is not is answered with an error."""
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT or message.type is aiohttp.WSMsgType.BINARY:
                try:
                    return decode_frame(message.data, MOST_RECEIVED)
                except ProtocolError as error:
                    await self.send(encode_error(error))
            elif message.type is aiohttp.WSMsgType.CLOSE:
                # The socket's own close_code is 1006 where the server was gone before it was answered.
                raise ConnectionLostError(str(message.extra or "the connection was closed"), message.data)
            elif message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}:
                raise self._lost("")
            elif message.type is aiohttp.WSMsgType.ERROR:
                raise self._lost(str(message.data))

    async def _read(self, dispatch: Dispatch) -> None:
        while True:
            frame = await self._next_frame()
            if not self._settle(frame):
                await dispatch.handle(frame)

    def _settle(self, frame: Frame) -> bool:
        """Hand an answer to whoever waits for it; return whether the frame was one."""
        if frame.event not in {"ack", "error"}:
            return False
        answer = self._answers.get(frame.ref) if frame.ref is not None else None
        if answer is not None and not answer.done():
            answer.set_result(frame)
        elif frame.event == "error" and frame.ref is None:
            log.warning("The server could not use a message: %s", bytes(frame.data)[:500].decode(errors="replace"))
        return True

    async def _beat(self, dispatch: Dispatch, every: float) -> None:
        """Send heartbeats; one that stays unanswered means that the connection is dead, whatever TCP thinks.

        The first one goes at once: it tells how busy the computer is, which register does not.
        """
        deadline = min(15.0, max(2.0, every / 3))
        while True:
            await asyncio.to_thread(self._reaper.look)
            running = [subtask.subtask_id for subtask in self._device.listed()]
            beat = Heartbeat(self._device.device_id, running, self._device.load.measure())
            try:
                answer = await self.request("device:heartbeat", beat, HeartbeatAnswer, deadline)
            except TimeoutError:
                raise ConnectionLostError(f"a heartbeat was not answered within {deadline:g} s") from None
            except RefusedError as error:
                log.warning("A heartbeat was refused: %s", error)
            else:
                dispatch.stop(answer.stop)
            await asyncio.sleep(every)

    async def _wait_dropped(self) -> None:
        await self._dropped.wait()
        raise ConnectionLostError(self._drop_reason)


def _decoded(frame: Frame, kind: type[T]) -> T:
    try:
        return decode_data(frame.data, kind)
    except ProtocolError as error:
        raise ConnectionLostError(f"the server's answer cannot be used: {error.message}") from None


def _first(failed: BaseExceptionGroup[ConnectionLostError]) -> ConnectionLostError:
    """Return the first error in a group of groups, one with a close code before others."""
    found = list(_flat(failed))
    return next((lost for lost in found if lost.code is not None), found[0])


def _flat(failed: BaseExceptionGroup[ConnectionLostError]) -> Iterator[ConnectionLostError]:
    for error in failed.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _flat(error)
        else:
            yield error
