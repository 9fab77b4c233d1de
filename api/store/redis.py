"""The connection to Redis, one server or a cluster, and the scripts that run there.

What Redis holds may vanish at any moment; nothing that was accepted depends on it. Keys of one subtask or one
device share a hash tag (``{…}``), so that each script touches a single slot of a cluster.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection, Connection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError, ResponseError

from api.store.cancellation import cancellable
from wegent.protocol.time_limit import time_limit

CONNECT_SECONDS = 3
COMMAND_SECONDS = 10
CONNECTIONS = 64
RETRIES = 2

Client = Any  # Redis or RedisCluster: their shared methods are typed differently, though they behave alike

__all__ = ["Client", "RedisError", "Script", "ScriptLane", "connected"]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    """Connect to ``redis://…``, ``rediss://…``, ``unix://…`` or, for a cluster, ``redis+cluster://…``."""
    timeouts: Any = {"socket_timeout": COMMAND_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
    client: Client
    if url.startswith("redis+cluster://"):
        client = RedisCluster.from_url(url.replace("redis+cluster://", "redis://", 1), **timeouts)
        settings = client.connection_kwargs
        settings["connection_class"] = cancellable(settings.get("connection_class", Connection))
    else:
        # Who finds all connections in use waits; redis-py's own pool would refuse.
        # One that went stale while Redis was restarted is made anew before anybody is told.
        retry = Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.5), RETRIES)
        pool = BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, retry=retry, **timeouts)
        pool.connection_class = cancellable(pool.connection_class)
        client = Redis.from_pool(pool)
    try:
        yield client
    finally:
        await client.aclose()


class Script:
    """A Lua script, called by its hash so that a pipeline carries it cheaply."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, client: Client, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Run it once."""
        try:
            return await client.evalsha(self.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await client.eval(self.source, len(keys), *keys, *arguments)


Call = tuple[Script, Sequence[str], Sequence[Any]]
Command = tuple[Any, ...]


class ScriptLane:
    """A connection that runs scripts in batches, one batch at a time.

    It skips what a client's pipeline does for each batch (a pool, retries, a task per write), which costs more
    than the scripts themselves; ``benchmarks/`` measures it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._connection: AbstractConnection | None = None

    async def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run calls in one round trip; a result may be an exception. Scripts that Redis lost are loaded again.

        They may run twice, when the connection breaks in between.
        """
        if isinstance(self._client, RedisCluster):
            # A cluster's pipeline does not carry scripts; each call goes to the node of its slot.
            return [await _caught(script, self._client, keys, arguments) for script, keys, arguments in calls]
        results = await self._tried_twice([_evaluation(call) for call in calls])
        unknown = [index for index, result in enumerate(results) if isinstance(result, NoScriptError)]
        if unknown:
            sources = {calls[index][0].source for index in unknown}
            loads: list[Command] = [("SCRIPT", "LOAD", source) for source in sources]
            repeated = await self._tried_twice([*loads, *(_evaluation(calls[index]) for index in unknown)])
            for index, result in zip(unknown, repeated[len(loads) :], strict=True):
                results[index] = result
        return results

    async def _tried_twice(self, commands: Sequence[Command]) -> list[Any]:
        try:
            return await self._round_trip(commands)
        except RedisConnectionError:  # Redis was away since the batch before
            return await self._round_trip(commands)

    async def _round_trip(self, commands: Sequence[Command]) -> list[Any]:
        if self._connection is None:
            self._connection = self._client.connection_pool.make_connection()
            # One deadline for the batch, instead of redis-py's timer and task for each write and read.
            self._connection.socket_timeout = None
        connection = self._connection
        # What interrupts sending or reading also closes the connection, so that no answer is left for the next.
        async with time_limit(COMMAND_SECONDS):
            await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            return [await _answer(connection) for _ in commands]

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.disconnect()


def _evaluation(call: Call) -> Command:
    script, keys, arguments = call
    return ("EVALSHA", script.sha, len(keys), *keys, *arguments)


async def _answer(connection: AbstractConnection) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


async def _caught(script: Script, client: Client, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    try:
        return await script(client, keys, arguments)
    except RedisError as error:
        return error
