"""Streams: each event once, in order, whatever the server and the wire do; bounded, whoever does not read."""

import asyncio
import gc
import random
from pathlib import Path

import pytest
from support.processes import eventually
from support.scripted_api import ScriptedApi
from support.scripted_turns import Faults, Turn

from wegent import AsyncClient, ForbiddenError, LoginError, NotFoundError
from wegent.client import credentials, subscriptions
from wegent.client.credentials import Login
from wegent.client.feed import FRAME_LIMIT, Feed
from wegent.client.watches import Link
from wegent.protocol.output_events import AnyEvent, Text
from wegent.protocol.states import State

WORST = {"cut": 0.05, "drop": 0.1, "double": 0.2, "swap": 0.2, "refuse": 0.3}


def numbered(first: int, last: int) -> list[Text]:
    return [Text(str(number)) for number in range(first, last + 1)]


def numbers(events: list[AnyEvent]) -> list[int]:
    return [int(event.text) for event in events if isinstance(event, Text)]


async def count_to(turn: Turn, last: int, at_once: int = 100) -> None:
    await turn.set(State.RUNNING)
    for first in range(1, last + 1, at_once):
        await turn.say(*numbered(first, min(first + at_once - 1, last)))
        await asyncio.sleep(0.001)
    await turn.end(State.COMPLETED, {"text": "counted"})


@pytest.fixture
def patient(api: ScriptedApi, client: AsyncClient) -> AsyncClient:
    """A client that loses patience with a silent server sooner."""
    client.feed = Feed(lambda: client.rest.open_socket("/ws/chat", FRAME_LIMIT), 0.1, patience=0.4)
    return client


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_is_lost_doubled_or_moved_whatever_goes_wrong(
    seed: int, api: ScriptedApi, patient: AsyncClient
) -> None:
    api.faults = Faults(**WORST, rng=random.Random(seed))
    api.script = lambda turn: count_to(turn, 800)
    async with asyncio.timeout(60):
        task = await patient.run("count")
        seen = [event async for event in task.stream()]
    assert numbers(seen) == list(range(1, 801))


async def test_a_stream_goes_on_from_any_number(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = lambda turn: count_to(turn, 30)
    task = await client.run("count")
    first = task.stream()
    seen = [await anext(first) for _ in range(7)]
    assert first.seq == 7
    rest = [event async for event in task.stream(after=first.seq)]
    assert numbers(seen + rest) == list(range(1, 31))
    assert [event async for event in task.stream(after=30)] == []
    assert [event async for event in task.stream(after=99)] == []


async def test_the_end_tells_how_it_ended(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = lambda turn: count_to(turn, 3)
    stream = (await client.run("count")).stream()
    assert stream.outcome is None
    while await stream.read():
        pass
    assert stream.outcome is not None
    assert (stream.outcome.state, stream.outcome.seq) == (State.COMPLETED, 3)
    assert stream.outcome.result == {"text": "counted"}


async def test_many_streams_share_one_socket(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = lambda turn: count_to(turn, 300)
    tasks = [await client.run("count") for _ in range(5)]

    async def follow(number: int) -> list[int]:
        return numbers([event async for event in tasks[number].stream()])

    followed = await asyncio.gather(*[follow(number % 5) for number in range(15)])
    assert all(seen == list(range(1, 301)) for seen in followed)
    assert api.connections == 1


async def test_a_stream_survives_a_server_that_goes_and_comes(api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    stream = (await client.task(turn.id)).stream()
    seen: list[int] = []
    for round in range(10):
        api.do(turn.say(*numbered(round * 10 + 1, round * 10 + 10)))
        if round % 2:
            api.cut_all(code=1012 if round % 4 == 1 else 0)
        async with asyncio.timeout(20):
            while len(seen) < round * 10 + 10:
                seen += numbers(await stream.read())
    assert seen == list(range(1, 101))
    assert api.connections >= 5


async def test_a_silent_line_is_noticed_and_replaced(api: ScriptedApi, patient: AsyncClient) -> None:
    api.faults = Faults(lose_answer=1)
    turn = api.new_turn()
    stream = (await patient.task(turn.id)).stream()
    reading = asyncio.create_task(stream.read())
    api.do(turn.say(Text("1")))
    await eventually(lambda: api.connections >= 2)
    api.faults.lose_answer = 0
    async with asyncio.timeout(20):
        assert numbers(await reading) == [1]
    stream.leave()


async def test_a_dead_line_is_noticed_by_who_only_listens(api: ScriptedApi, patient: AsyncClient) -> None:
    async with asyncio.timeout(20), patient.watch() as watch:
        while await watch.next() != Link(True):
            pass
        await asyncio.sleep(1)
        assert api.connections == 1  # silence alone is none: pings are answered
        api.faults.is_deaf = True
        change: object = None
        while not isinstance(change, Link):
            change = await watch.next()
        assert change == Link(False, "the server no longer answers")


async def test_who_does_not_read_is_not_buffered_for_and_still_gets_everything(
    api: ScriptedApi, client: AsyncClient
) -> None:
    turn = api.new_turn()
    size, full, count = 8192, 400, 4000
    api.do(turn.say(*[Text(f"{number:<{size}}") for number in range(1, full + 1)]))
    stream = (await client.task(turn.id)).stream()
    await eventually(lambda: any(event == "chat:unsubscribe" for event, _ in api.frames))
    api.do(turn.say(*[Text(f"{number:<{size}}") for number in range(full + 1, count + 1)]))
    api.do(turn.end(State.COMPLETED))
    await asyncio.sleep(0.2)
    assert stream._reader._buffered < subscriptions.FULL + (2 << 20)
    assert api.sent_bytes < 2 * full * size
    other = api.new_turn()  # the socket serves others meanwhile
    api.do(other.say(Text("1")))
    async with asyncio.timeout(60):
        assert numbers(await (await client.task(other.id)).stream().read()) == [1]
        seen: list[int] = []
        while events := await stream.read():
            seen += numbers(events)
            await asyncio.sleep(0)
    assert seen == list(range(1, count + 1))


async def test_a_slow_reader_does_not_hold_up_a_quick_one(api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    size, count = 8192, 2000
    api.do(turn.say(*[Text(f"{number:<{size}}") for number in range(1, count + 1)]))
    task = await client.task(turn.id)
    slow, quick = task.stream(), task.stream()
    seen: list[int] = []
    async with asyncio.timeout(60):
        while len(seen) < count:
            seen += numbers(await quick.read())
        api.do(turn.end(State.COMPLETED))
        assert await quick.read() == []
        late = numbers([event async for event in slow])
    assert seen == late == list(range(1, count + 1))


async def test_a_forgotten_stream_is_unsubscribed(api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    api.do(turn.say(*numbered(1, 3)))
    task = await client.task(turn.id)
    async for _ in task.stream():
        break
    gc.collect()
    await eventually(lambda: [event for event, _ in api.frames][-1] == "chat:unsubscribe")
    with_block = task.stream()
    async with with_block:
        await anext(with_block)
    await eventually(lambda: [event for event, _ in api.frames].count("chat:unsubscribe") == 2)


async def test_an_unknown_subtask_ends_its_stream_only(api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    stream = (await client.task(turn.id)).stream()
    api.turns["elsewhere"] = turn
    elsewhere = await client.task("elsewhere")
    elsewhere.id = "unknown"
    with pytest.raises(NotFoundError):
        await elsewhere.stream().read()
    api.do(turn.say(Text("1")))
    assert numbers(await stream.read()) == [1]


@pytest.mark.parametrize("code", [4401, 4403])
async def test_a_login_that_ends_ends_the_stream(code: int, api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    stream = (await client.task(turn.id)).stream()
    reading = asyncio.create_task(stream.read())
    await eventually(lambda: api.sockets)
    api.valid_tokens.clear()
    api.cut_all(code=code)
    with pytest.raises(LoginError if code == 4401 else ForbiddenError):
        async with asyncio.timeout(10):
            await reading


async def test_a_refused_socket_says_why(api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    task = await client.task(turn.id)
    api.valid_tokens.clear()
    with pytest.raises(LoginError) as caught:
        async with asyncio.timeout(10):
            await task.stream().read()
    assert caught.value.code == "token_revoked"


async def test_a_renewed_login_is_taken_up(api: ScriptedApi, tmp_path: Path) -> None:
    environ = {"WEGENT_HOME": str(tmp_path), "WEGENT_RECONNECT_MAX_SECONDS": "0.2"}
    credentials.save(Login(api.url, "old"), environ=environ)
    api.valid_tokens = {"old"}
    turn = api.new_turn()
    async with asyncio.timeout(20), AsyncClient(environ=environ) as client:
        task = await client.task(turn.id)
        stream = task.stream()
        api.do(turn.say(Text("1")))
        seen = numbers(await stream.read())
        credentials.save(Login(api.url, "new"), environ=environ)
        api.valid_tokens = {"new"}
        api.cut_all(code=4401)
        api.do(turn.say(Text("2")))
        seen += numbers(await stream.read())
        assert await task.status is State.QUEUED
    assert seen == [1, 2]


async def test_closing_the_client_ends_its_streams_and_nothing_else(api: ScriptedApi, client: AsyncClient) -> None:
    turn = api.new_turn()
    api.do(turn.set(State.RUNNING))
    stream = (await client.task(turn.id)).stream()
    reading = asyncio.create_task(stream.read())
    await asyncio.sleep(0.05)
    await client.close()
    with pytest.raises(Exception, match="closed"):
        await reading
    assert turn.state is State.RUNNING
