"""Wake-ups through Redis pub/sub. Nothing relies on a message arriving: it only says "look".

One connection per process serves all listeners. A listener is told ``None`` when messages may have been missed
(Redis was away), and then looks by itself.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from redis.asyncio import ConnectionPool, Redis, RedisCluster

from api.store.cancellation import to_its_end
from api.store.redis import Client, RedisError
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

Listener = Callable[[bytes | None], None]

RETRY_SECONDS = 0.2
SUBSCRIBE_SECONDS = 5
POLL_SECONDS = 1.0
_KEEPALIVE = "api:keepalive"


def device_channel(row: int) -> str:
    """Return the channel on which a device's session is poked: queue, cancel, input, replaced, deleted."""
    return f"device:{row}"


def devices_channel(user_id: str) -> str:
    """Return the channel on which the sessions of all of a user's own devices are poked."""
    return f"devices:{user_id}"


CLOUD_CHANNEL = "cloud"
"""The channel on which all cloud executors' sessions are poked."""

TOKENS_CHANNEL = "tokens"
"""The channel that names revoked tokens."""


def user_channel(user_id: str) -> str:
    """Return the channel that says that something of a user changed: which subtask or task, or just something."""
    return f"user:{user_id}"


def task_changed(task_id: str, *, removed: bool = False) -> str:
    """Return the message on a user's channel that a conversation itself changed, or was removed."""
    return f"{'removed' if removed else 'changed'} {task_id}"


class PubSub:
    """Publishes, and fans in to listeners."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._listening = _listening_client(client)
        self._connection = self._listening.pubsub()
        self._listeners: dict[str, list[Listener]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        # Two first commands at once would each open a connection, and one of them would be lost.
        self._command = asyncio.Lock()

    async def publish(self, channel: str, message: bytes | str = b"") -> None:
        """Send a wake-up; a failure is only logged, since whoever waits looks by itself soon."""
        try:
            await self._client.publish(channel, message)
        except (RedisError, OSError) as error:
            log.warning("could not publish to %s: %s", channel, error)

    async def publish_all(self, *messages: tuple[str, bytes | str]) -> None:
        """Send several wake-ups, each a channel and a message, in one round trip."""
        if isinstance(self._client, RedisCluster):  # whose pipeline does not publish
            await asyncio.gather(*(self.publish(channel, message) for channel, message in messages))
            return
        pipeline = self._client.pipeline(transaction=False)
        for channel, message in messages:
            pipeline.publish(channel, message)
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning("could not publish: %s", error)

    @asynccontextmanager
    async def listen(self, channel: str, listener: Listener) -> AsyncIterator[None]:
        """Call ``listener`` with each message until the block ends; it begins once Redis has confirmed."""
        listeners = self._listeners.setdefault(channel, [])
        listeners.append(listener)
        try:
            confirmed = self._confirmed.get(channel)
            if confirmed is None:
                confirmed = self._confirmed[channel] = asyncio.Event()
                with contextlib.suppress(RedisError, OSError):  # run() subscribes again when Redis is back
                    await self._subscribe(channel)
            with contextlib.suppress(TimeoutError):
                async with time_limit(SUBSCRIBE_SECONDS):
                    await confirmed.wait()
            yield
        finally:
            listeners.remove(listener)
            if not listeners and self._listeners.get(channel) is listeners:
                del self._listeners[channel]
                self._confirmed.pop(channel, None)
                with contextlib.suppress(RedisError, OSError):
                    await to_its_end(self._unsubscribe(channel))

    async def _subscribe(self, *channels: str) -> None:
        # A command that is cancelled half-way would close the connection on which all others listen.
        await to_its_end(self._subscribe_in_turn(channels))

    async def _subscribe_in_turn(self, channels: Sequence[str]) -> None:
        async with self._command:
            await self._connection.subscribe(*channels)

    async def _unsubscribe(self, channel: str) -> None:
        async with self._command:
            await self._connection.unsubscribe(channel)

    async def run(self) -> None:
        """Receive for ever; survives a Redis that goes away."""
        failed = False
        while True:
            try:
                # All together: a connection that only knew some of the channels would look sound.
                await self._subscribe(_KEEPALIVE, *self._confirmed)
                while True:
                    message = await self._connection.get_message(timeout=POLL_SECONDS)
                    if message is not None:
                        failed = False
                        self._dispatch(message)
            except (RedisError, OSError) as error:
                if not failed:
                    log.warning("lost the pub/sub connection to Redis: %s", error)
                failed = True
                await asyncio.sleep(RETRY_SECONDS)
                await self._renew()

    async def _renew(self) -> None:
        """Take a new connection, which has no subscription yet."""
        async with self._command:
            with contextlib.suppress(RedisError, OSError):
                await self._connection.aclose()
            await self._close_listening()
            self._listening = _listening_client(self._client)
            self._connection = self._listening.pubsub()
            for confirmed in self._confirmed.values():
                confirmed.clear()

    def _dispatch(self, message: dict[str, object]) -> None:
        raw = message["channel"]
        channel = raw.decode() if isinstance(raw, bytes) else str(raw)
        if message["type"] == "subscribe":
            confirmed = self._confirmed.get(channel)
            if confirmed is not None:
                confirmed.set()
                self._notify(channel, None)
        elif message["type"] == "message":
            data = message["data"]
            self._notify(channel, data if isinstance(data, bytes) else str(data).encode())

    def _notify(self, channel: str, data: bytes | None) -> None:
        for listener in tuple(self._listeners.get(channel, ())):
            listener(data)

    async def _close_listening(self) -> None:
        if self._listening is not self._client:
            with contextlib.suppress(RedisError, OSError):
                await self._listening.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.aclose()
        await self._close_listening()


def _listening_client(client: Client) -> Client:
    """Return the client to listen with: a cluster's messages reach every node, so any one of them serves."""
    if not isinstance(client, RedisCluster):
        return client
    # Before the first command a cluster's client knows only the nodes of its URL.
    node = random.choice(client.get_nodes() or list(client.nodes_manager.startup_nodes.values()))
    settings = {
        name: value
        for name, value in node.connection_kwargs.items()
        if name.startswith(("ssl_", "socket_")) or name in ("username", "password", "credential_provider")
    }
    pool = ConnectionPool(node.connection_class, host=node.host, port=int(node.port), **settings)
    return Redis.from_pool(pool)
