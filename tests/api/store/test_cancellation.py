"""Who is cancelled ends, also in the middle of a command to Redis or to SQL."""

import asyncio
import random

from support.store_work import Work

from api.store.store import Store

TRIES = 400


async def ask_for_ever(store: Store) -> None:
    while True:
        await store.presence.read([1])


async def listen_for_ever(store: Store) -> None:
    while True:
        async with store.pubsub.listen("a channel", lambda data: None):
            pass


async def test_a_cancellation_is_never_lost(work: Work) -> None:
    """At whatever moment it comes; how many turns of the loop that is from the start is left to chance."""
    receiving = asyncio.create_task(work.store.pubsub.run())
    chance = random.Random(3)
    for work_for_ever in (ask_for_ever, listen_for_ever):
        for _ in range(TRIES):
            task = asyncio.create_task(work_for_ever(work.store))
            for _ in range(chance.randrange(2, 40)):
                await asyncio.sleep(0)
            task.cancel()
            _, pending = await asyncio.wait([task], timeout=5)
            assert not pending, f"{work_for_ever.__name__} goes on"
            assert task.cancelled()
    # What was cut off left no answer behind for others.
    await work.store.redis.set("key", "value")
    assert await work.store.redis.get("key") == b"value"
    receiving.cancel()
    await asyncio.wait([receiving])
