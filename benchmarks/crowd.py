"""The life of a crowd's process: connect everybody, say so, act when told, leave when told, report."""

import asyncio
import selectors
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec

from benchmarks.orders import Member, Orders

CONNECTING = 32
"""How many connect at once."""
PRECISE_MEMBERS = 64
"""Up to so many, select(2) serves: it keeps time to the microsecond, epoll_wait(2) rounds up to milliseconds."""


class Actor(Protocol):
    """One of the crowd."""

    async def run(self, session: aiohttp.ClientSession, ready: asyncio.Event, ending: asyncio.Event) -> None:
        """Connect, say ``ready``, and stay until ``ending``."""

    async def act(self) -> None:
        """Do what the orders say."""


def run_crowd(make: Callable[[Member, Orders], Actor], report: msgspec.Struct) -> None:
    """Run the crowd whose orders the first argument names; the last line printed is its report."""
    orders = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Orders)
    actors = [make(member, orders) for member in orders.members]
    selector = selectors.SelectSelector if len(actors) <= PRECISE_MEMBERS else selectors.DefaultSelector
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector())) as runner:
        runner.run(_live(actors))
    _say(msgspec.json.encode(report).decode())


def _say(line: str) -> None:
    print(line, flush=True)


async def _live(actors: list[Actor]) -> None:
    told = await _standard_input()
    ending = asyncio.Event()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        began = time.monotonic()
        gate = asyncio.Semaphore(CONNECTING)

        async def connect(actor: Actor) -> None:
            ready = asyncio.Event()
            async with gate:
                group.create_task(actor.run(session, ready, ending))
                await ready.wait()

        async with asyncio.TaskGroup() as connecting:
            for actor in actors:
                connecting.create_task(connect(actor))
        _say(f"{time.monotonic() - began:.6f}")
        # What the parent says does not matter: a line means act, the next one (or its end) means leave.
        await told.readline()
        async with asyncio.TaskGroup() as acting:
            for actor in actors:
                acting.create_task(actor.act())
        _say("acted")
        await told.readline()
        ending.set()


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
