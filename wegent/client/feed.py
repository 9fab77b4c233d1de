"""The one ``/ws/chat`` socket of a client: it reconnects, and whoever follows a subtask notices nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from wegent.client.errors import ConnectionFailedError, ForbiddenError, LoginError, WegentError, refusal
from wegent.client.subscriptions import Reader, Subscription
from wegent.client.watches import Link, Watch, Watches
from wegent.protocol.backoff import full_jitter
from wegent.protocol.chat_messages import Chunk, DeviceState, Done, Subscribe, SubtaskState, Unsubscribe
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.codec import ErrorData, Frame, decode_data, decode_frame, encode
from wegent.protocol.errors import ProtocolError

FRAME_LIMIT = 4 << 20
"""Bytes a frame may have here: more than the server ever sends, so that this side never cuts the line for size."""
PING_SECONDS = 15.0
"""Silence after which the server is asked for a sign of life, and again after which the line counts as dead."""

Connect = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]


class _LinkLostError(Exception):
    """The socket is gone; ``code`` is why it was closed, if it was."""

    def __init__(self, reason: str, code: int = 0) -> None:
        super().__init__(reason)
        self.code = code


class Feed:
    """Subscriptions and watches of one client, kept alive over any number of sockets."""

    def __init__(self, connect: Connect, longest_wait: float, patience: float = PING_SECONDS) -> None:
        self._connect = connect
        self._longest_wait = longest_wait
        self._patience = patience
        self._subscriptions: dict[str, Subscription] = {}
        self._watches = Watches()
        self._runner: asyncio.Task[None] | None = None
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._questions: dict[int, Callable[[WegentError | None], None]] = {}
        self._ref = 0
        self._heard = 0.0
        self._pinged: float | None = None
        self._is_healthy = False
        self._is_connected = False
        self._is_closed = False

    def follow(self, subtask_id: str, after: int) -> Reader:
        """Begin to read a subtask's output; :meth:`leave` ends it."""
        reader = Reader(after)
        subscription = self._subscriptions.get(subtask_id)
        if subscription is None:
            subscription = Subscription(subtask_id, self._subscribe)
            self._subscriptions[subtask_id] = subscription
            if self._is_connected:
                subscription.connect()
        subscription.attach(reader)
        self._run_on()
        return reader

    def leave(self, subtask_id: str, reader: Reader) -> None:
        """Read no more."""
        subscription = self._subscriptions.get(subtask_id)
        if subscription is not None:
            subscription.detach(reader)
            if not subscription.readers:
                subscription.close()
                del self._subscriptions[subtask_id]

    def watch(self, subtask_id: str | None = None) -> Watch:
        """Begin to be told of changes."""
        watch = self._watches.open(subtask_id)
        if self._is_connected:
            watch.put(Link(True))
        self._run_on()
        return watch

    async def close(self) -> None:
        """Close the socket. Nothing that runs is stopped by that."""
        self._is_closed = True
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait([runner])
        self._fail(_closed())

    def _run_on(self) -> None:
        if self._is_closed:
            raise _closed()
        if self._runner is None or self._runner.done():
            self._runner = asyncio.get_running_loop().create_task(self._run(), name="wegent feed")
            self._runner.add_done_callback(self._ended)

    def _ended(self, runner: asyncio.Task[None]) -> None:
        """A broken feed must not leave anybody waiting."""
        if not runner.cancelled() and (error := runner.exception()) is not None:
            self._fail(WegentError(f"Following the server failed: {error!r}.", hint="Please report this."))

    async def _run(self) -> None:
        """Keep a socket open until nothing can come of it.

        A login that ended (close code 4401) shows at the next try, which says why, or has a renewed one.
        """
        waits = full_jitter(0.5, self._longest_wait)
        while True:
            self._is_healthy = False
            try:
                await self._serve(await self._connect())
                reason = "closed"
            except (LoginError, ForbiddenError) as error:
                return self._fail(error)
            except ConnectionFailedError as error:
                if error.is_lasting:
                    return self._fail(error)
                reason = error.message
            except WegentError as error:
                reason = error.message
            except _LinkLostError as error:
                if error.code == CloseCode.FORBIDDEN:
                    return self._fail(ForbiddenError())
                reason = str(error)
            if self._is_closed:  # a task group that fails while it is cancelled forgets that it was
                return None
            self._watches.link(Link(False, reason))
            if self._is_healthy:
                waits = full_jitter(0.5, self._longest_wait)
            await asyncio.sleep(next(waits))

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Use one socket until it ends; always raises :class:`_LinkLostError`."""
        self._open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(socket))
                group.create_task(self._tend())
                group.create_task(self._read(socket))
        except BaseExceptionGroup as group:
            lost, others = group.split(_LinkLostError)
            if lost is None or others is not None:
                raise
            raise lost.exceptions[0] from None
        finally:
            self._shut()
            await socket.close()

    def _open(self) -> None:
        self._outgoing = asyncio.Queue()
        self._questions.clear()
        self._heard, self._pinged = time.monotonic(), None
        self._is_connected = True
        self._watches.link(Link(True))
        for subscription in self._subscriptions.values():
            subscription.connect()

    def _shut(self) -> None:
        self._is_connected = False
        for subscription in self._subscriptions.values():
            subscription.disconnect()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise _LinkLostError(
                    f"the server closed the connection ({socket.close_code})", socket.close_code or 0
                )
            self._heard, self._pinged = time.monotonic(), None
            try:
                self._dispatch(decode_frame(message.data, FRAME_LIMIT))
            except ProtocolError as error:
                raise _LinkLostError(f"the server sent something unreadable: {error.message}") from error
            self._is_healthy = True

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            frame = await self._outgoing.get()
            try:
                await socket.send_str(frame.decode())
            except (aiohttp.ClientError, ConnectionError) as error:
                raise _LinkLostError("the connection broke") from error

    async def _tend(self) -> None:
        """Notice a dead line, and ask again where nothing has come for a while: no message is relied upon."""
        while True:
            await asyncio.sleep(self._patience / 8)
            now = time.monotonic()
            if now - (self._pinged or self._heard) > self._patience:
                if self._pinged is not None:
                    raise _LinkLostError("the server no longer answers")
                self._pinged = now
                self._ask("ping", {}, lambda error: None)
            for subscription in self._subscriptions.values():
                if now - subscription.heard > 2 * self._patience:
                    if subscription.is_waiting:
                        raise _LinkLostError("the server left a question unanswered")
                    subscription.ask_again()

    def _dispatch(self, frame: Frame) -> None:
        match frame.event:
            case "chat:chunk":
                chunk = decode_data(frame.data, Chunk)
                if (subscription := self._subscriptions.get(chunk.subtask_id)) is not None:
                    subscription.chunk(chunk)
            case "chat:done":
                done = decode_data(frame.data, Done)
                if (subscription := self._subscriptions.get(done.subtask_id)) is not None:
                    subscription.done(done)
            case "task:state":
                self._watches.subtask(decode_data(frame.data, SubtaskState))
            case "device:state":
                self._watches.device(decode_data(frame.data, DeviceState))
            case "ack":
                self._answer(frame.ref, None)
            case "error":
                error = decode_data(frame.data, ErrorData)
                self._answer(frame.ref, refusal(error.code, error.message, error.hint))
            case "ping" if frame.ref is not None:
                self._outgoing.put_nowait(encode("ack", {}, frame.ref))

    def _answer(self, ref: int | None, error: WegentError | None) -> None:
        question = self._questions.pop(ref, None) if ref is not None else None
        if question is not None:
            question(error)

    def _subscribe(self, wanted: Subscribe | Unsubscribe) -> None:
        def answered(error: WegentError | None) -> None:
            subscription = self._subscriptions.get(wanted.subtask_id)
            if subscription is not asker or subscription is None:
                return
            if error is None:
                subscription.answered()
            else:
                subscription.refused(error)

        asker = self._subscriptions.get(wanted.subtask_id)
        event = "chat:subscribe" if isinstance(wanted, Subscribe) else "chat:unsubscribe"
        self._ask(event, wanted, answered)

    def _ask(self, event: str, data: object, answered: Callable[[WegentError | None], None]) -> None:
        self._ref += 1
        self._questions[self._ref] = answered
        self._outgoing.put_nowait(encode(event, msgspec.to_builtins(data), self._ref))

    def _fail(self, error: WegentError) -> None:
        for subscription in self._subscriptions.values():
            subscription.fail(error)
        self._watches.fail(error)


def _closed() -> WegentError:
    return ConnectionFailedError("This client was closed.", hint="Make a new one.", is_lasting=True)
