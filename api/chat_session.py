"""One viewer's socket: sends, subscriptions, cancels and inputs; output and states come back."""

import asyncio
from collections.abc import Awaitable, Callable

from api import auth
from api.errors import CloseError
from api.feed import Feeds, Mailbox
from api.follow import Follower
from api.socket_login import recheck
from api.store import inputs, sending, settle, subtasks
from api.store.live_log import Entry
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tokens import Login
from api.websocket import Wire
from wegent.protocol.chat_messages import (
    FROM_VIEWER,
    CancelSubtask,
    Done,
    Send,
    SendInput,
    StateAnswer,
    Subscribe,
    Unsubscribe,
)
from wegent.protocol.codec import Frame, decode_data
from wegent.protocol.errors import Code, ProtocolError

SUBSCRIPTIONS = 1000
"""Subscriptions that one socket may hold."""


class ChatSession:
    """The life of one chat socket after the upgrade."""

    def __init__(self, store: Store, feeds: Feeds, login: Login, wire: Wire) -> None:
        self._store = store
        self._feeds = feeds
        self._login = login
        self._wire = wire
        self._followers: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handlers: dict[str, Callable[[Frame], Awaitable[None]]] = {
            "chat:send": self._on_send,
            "chat:subscribe": self._on_subscribe,
            "chat:unsubscribe": self._on_unsubscribe,
            "chat:cancel": self._on_cancel,
            "chat:input": self._on_input,
        }
        assert self._handlers.keys() == FROM_VIEWER.keys()

    async def run(self) -> None:
        """Serve the socket until it closes; raises CloseError to close it."""
        try:
            async with self._feeds.joined(self._login.user.id) as mailbox, asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._read())
                group.create_task(self._tell(mailbox))
                group.create_task(recheck(self._store, self._login, self.close))
                group.create_task(self._until_closed())
        finally:
            self._group = None

    @property
    def token_id(self) -> str:
        """The token that opened the socket."""
        return self._login.token_id

    def close(self, error: CloseError) -> None:
        """Make the session end with ``error``."""
        if self._group is not None and not self._closing.done():
            self._closing.set_exception(error)

    async def _until_closed(self) -> None:
        await self._closing

    async def _tell(self, mailbox: Mailbox) -> None:
        while True:
            for frame in await mailbox.take():
                await self._wire.send(frame)

    async def _read(self) -> None:
        while True:
            await self._wire.serve(await self._wire.receive(), self._dispatch)

    async def _dispatch(self, frame: Frame) -> None:
        if frame.event == "ping":
            await self._wire.answer(frame, {})
        elif (handler := self._handlers.get(frame.event)) is not None:
            await handler(frame)
        elif frame.event not in ("ack", "error"):
            raise ProtocolError(Code.BAD_MESSAGE, f"Unknown event {frame.event[:64]!r}.")

    async def _on_send(self, frame: Frame) -> None:
        auth.check_scope(self._login, "send")
        sent = await sending.send(self._store, self._login.user.id, decode_data(frame.data, Send))
        await self._wire.answer(frame, sent)
        if sent.subtask_id not in self._followers:
            self._follow(sent.subtask_id, 0)

    async def _on_subscribe(self, frame: Frame) -> None:
        auth.check_scope(self._login, "read", "send")
        message = decode_data(frame.data, Subscribe)
        row = await self._subtask(message.subtask_id)
        await self._unfollow(message.subtask_id)
        if len(self._followers) >= SUBSCRIPTIONS:
            raise ProtocolError(Code.RATE_LIMITED, f"A socket may hold {SUBSCRIPTIONS} subscriptions.")
        await self._wire.answer(frame, StateAnswer(row.state))
        self._follow(message.subtask_id, message.seq)

    async def _on_unsubscribe(self, frame: Frame) -> None:
        message = decode_data(frame.data, Unsubscribe)
        row = await self._subtask(message.subtask_id)
        await self._unfollow(message.subtask_id)
        await self._wire.answer(frame, StateAnswer(row.state))

    async def _on_cancel(self, frame: Frame) -> None:
        auth.check_scope(self._login, "send")
        row = await self._subtask(decode_data(frame.data, CancelSubtask).subtask_id)
        row = await settle.cancel(self._store, row)
        await self._wire.answer(frame, StateAnswer(row.state))

    async def _on_input(self, frame: Frame) -> None:
        auth.check_scope(self._login, "send")
        message = decode_data(frame.data, SendInput)
        row = await self._subtask(message.subtask_id)
        await inputs.give(self._store, row, self._login.user.name, message.client_id, message.input)
        await self._wire.answer(frame, {})

    async def _subtask(self, subtask_id: str) -> SubtaskRow:
        async with self._store.database.read() as connection:
            return await subtasks.get(connection, subtask_id, self._login.user.id)

    def _follow(self, subtask_id: str, cursor: int) -> None:
        if self._group is None:
            return
        follower = Follower(self._store, subtask_id, cursor, _Subscription(self._wire))
        task = self._followers[subtask_id] = self._group.create_task(follower.run())
        task.add_done_callback(lambda ended: self._forget(subtask_id, ended))

    def _forget(self, subtask_id: str, ended: "asyncio.Task[None]") -> None:
        if self._followers.get(subtask_id) is ended:
            del self._followers[subtask_id]

    async def _unfollow(self, subtask_id: str) -> None:
        task = self._followers.pop(subtask_id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])


class _Subscription:
    """A chat socket as a viewer of one subtask."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def chunk(self, entry: Entry) -> None:
        """Send a piece of output."""
        await self._wire.send(entry.frame)

    async def done(self, row: SubtaskRow) -> None:
        """Send the end."""
        assert row.seq is not None  # settled rows have one
        await self._wire.send_event("chat:done", Done(row.id, row.seq, row.state, row.error, row.result))
