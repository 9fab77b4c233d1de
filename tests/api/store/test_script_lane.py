"""Batches of scripts on one connection: right answers, whatever became of Redis or of the batch before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.redis import RedisServer

from api.store.redis import Client, RedisError, Script, ScriptLane, connected

ECHO = Script("return ARGV[1]")
BROKEN = Script("return redis.call('HGET', KEYS[1])")
SLOW = Script("for _ = 1, 30000000 do end return ARGV[1]")


@asynccontextmanager
async def lane_to(url: str) -> AsyncIterator[tuple[ScriptLane, Client]]:
    async with connected(url) as client:
        lane = ScriptLane(client)
        try:
            yield lane, client
        finally:
            await lane.aclose()


def echo(word: str, script: Script = ECHO) -> tuple[Script, list[str], list[str]]:
    return script, ["key"], [word]


async def test_answers_come_in_order_and_an_error_stands_alone(redis_url: str) -> None:
    async with lane_to(redis_url) as (lane, _):
        first, error, last = await lane.run([echo("a"), echo("", BROKEN), echo("b")])
        assert (first, last) == (b"a", b"b")
        assert isinstance(error, RedisError)


async def test_scripts_that_redis_forgot_are_loaded_again(redis_url: str) -> None:
    async with lane_to(redis_url) as (lane, client):
        assert await lane.run([echo("a")]) == [b"a"]
        await client.script_flush()
        assert await lane.run([echo("b"), echo("c")]) == [b"b", b"c"]


async def test_a_redis_that_was_restarted_is_reached_at_once(redis_server: RedisServer) -> None:
    async with lane_to(redis_server.url) as (lane, _):
        assert await lane.run([echo("a")]) == [b"a"]
        redis_server.stop()
        redis_server.start()
        assert await lane.run([echo("b")]) == [b"b"]


async def test_a_batch_that_was_interrupted_leaves_no_answers_behind(redis_url: str) -> None:
    async with lane_to(redis_url) as (lane, _):
        assert await lane.run([echo("a")]) == [b"a"]
        interrupted = asyncio.create_task(lane.run([echo("slow", SLOW), echo("b")]))
        await asyncio.sleep(0.05)
        interrupted.cancel()
        await asyncio.wait([interrupted])
        assert interrupted.cancelled()
        assert await lane.run([echo("c")]) == [b"c"]
