"""Pub/sub through a Redis that goes away: listeners are told to look, and hear again what is published."""

import asyncio
from collections.abc import Sequence

import pytest
from support.processes import eventually
from support.redis import RedisServer

from api.store.pubsub import PubSub
from api.store.redis import RedisError, connected


async def test_a_redis_that_comes_back_in_the_middle_of_subscribing_serves_every_listener(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes | None] = []
    async with connected(redis_server.url) as client:
        pubsub = PubSub(client)
        running = asyncio.create_task(pubsub.run())
        try:
            async with pubsub.listen("news", heard.append):
                redis_server.stop()
                subscribe = pubsub._subscribe_in_turn
                refused = 0

                async def refuse_once(channels: Sequence[str]) -> None:
                    """Redis is not back yet when the first one asks, and is when the second does."""
                    nonlocal refused
                    if not refused:
                        refused += 1
                        heard.clear()  # a confirmation of before may have been on its way until here
                        redis_server.start()
                        raise RedisError("not yet")
                    await subscribe(channels)

                monkeypatch.setattr(pubsub, "_subscribe_in_turn", refuse_once)
                await eventually(lambda: refused == 1)
                await eventually(lambda: None in heard)
                await pubsub.publish("news", b"again")
                await eventually(lambda: b"again" in heard)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await pubsub.aclose()
