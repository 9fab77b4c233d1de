"""The connection to Redis, one server or a cluster, and the scripts that run there.

What Redis holds may vanish at any moment; nothing that was accepted depends on it. Keys of one subtask or one
device share a hash tag (``{…}``), so that each script touches a single slot of a cluster.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError, RedisError

CONNECT_SECONDS = 3
COMMAND_SECONDS = 10

Client = Any  # Redis or RedisCluster: their shared methods are typed differently, though they behave alike

__all__ = ["Client", "RedisError", "Script", "connected", "run_scripts"]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    """Connect to ``redis://…``, ``rediss://…``, ``unix://…`` or, for a cluster, ``redis+cluster://…``."""
    timeouts: Any = {"socket_timeout": COMMAND_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
    client: Client
    if url.startswith("redis+cluster://"):
        client = RedisCluster.from_url(url.replace("redis+cluster://", "redis://", 1), **timeouts)
    else:
        client = Redis.from_url(url, **timeouts)
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


async def run_scripts(client: Client, calls: Sequence[Call]) -> list[Any]:
    """Run many calls in one round trip; a result may be an exception. Scripts that Redis lost are loaded again."""
    results = await _pipelined(client, calls)
    unknown = [index for index, result in enumerate(results) if isinstance(result, NoScriptError)]
    if unknown:
        for source in {calls[index][0].source for index in unknown}:
            await client.script_load(source)
        repeated = await _pipelined(client, [calls[index] for index in unknown])
        for index, result in zip(unknown, repeated, strict=True):
            results[index] = result
    return results


async def _pipelined(client: Client, calls: Sequence[Call]) -> list[Any]:
    if isinstance(client, RedisCluster):
        # A cluster's pipeline does not carry scripts; each call goes to the node of its slot.
        return [await _caught(script, client, keys, arguments) for script, keys, arguments in calls]
    pipeline = client.pipeline(transaction=False)
    for script, keys, arguments in calls:
        pipeline.evalsha(script.sha, len(keys), *keys, *arguments)
    results: list[Any] = await pipeline.execute(raise_on_error=False)
    return results


async def _caught(script: Script, client: Client, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    try:
        return await script(client, keys, arguments)
    except RedisError as error:
        return error
