"""Two hundred commands over four devices, some failing, two devices killed: every one is accounted for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from support.processes import Programs, eventually
from support.redis import RedisServer
from support.stack import Stack, StackUser, running_stack

import wegent
from wegent.protocol.errors import Code
from wegent.protocol.resources import Subtask
from wegent.protocol.states import State

TASKS = 200
SLOTS = 5
DEVICES = ["one", "two", "three", "four"]
KILLED = DEVICES[:2]
KILLED_AFTER = 40
"""How many have ended when two devices die."""
SECONDS = 90.0


@pytest.fixture
async def stack(programs: Programs, redis_server: RedisServer, sqlite_url: str) -> AsyncIterator[Stack]:
    """A device that lives is never lost, however loaded the machine is."""
    async with running_stack(
        programs, redis_server, sqlite_url, environ={"WEGENT_ONLINE_TTL_SECONDS": "8"}
    ) as running:
        yield running


def exit_code(number: int) -> int:
    """Every fifth command fails, each with a code of its own."""
    return number % 100 + 1 if number % 5 == 0 else 0


def is_lost(subtask: Subtask) -> bool:
    return subtask.error is not None and subtask.error.code == Code.DEVICE_LOST


async def are_at_work(stack: Stack, user: StackUser) -> bool:
    shown = [await stack.get(user, f"/devices/{name}") for name in KILLED]
    return all(device["running"] for device in shown)


async def test_every_one_of_two_hundred_ends_as_it_did_although_two_devices_die(stack: Stack) -> None:
    user = await stack.user()
    flags = ("--slots", str(SLOTS), "--label", "pool=yes")
    starts = (stack.start_executor(user, name, *flags, device_id=name) for name in DEVICES)
    executors = dict(zip(DEVICES, await asyncio.gather(*starts), strict=True))
    codes = {f"sleep 0.2; exit {exit_code(number)} # {number}": exit_code(number) for number in range(TASKS)}
    ended: list[str] = []
    async with asyncio.timeout(SECONDS), wegent.AsyncClient(stack.url, user.token) as client:
        tasks = await client.map(list(codes), device={"pool": "yes"}, shell="Command")
        async for task in wegent.as_completed(tasks):
            ended.append(task.id)
            if len(ended) == KILLED_AFTER:
                await eventually(lambda: are_at_work(stack, user))
                for name in KILLED:
                    executors[name].kill()
        subtasks = await tasks.subtasks()
    assert Counter(ended) == Counter(task.id for task in tasks)
    lost = [subtask for subtask in subtasks if is_lost(subtask)]
    assert 0 < len(lost) <= len(KILLED) * SLOTS
    assert {subtask.device_id for subtask in lost} <= set(KILLED)
    for subtask in subtasks:
        if not is_lost(subtask):
            code = codes[subtask.prompt]
            assert subtask.state is (State.FAILED if code else State.COMPLETED)
            assert (subtask.result or {})["exit_code"] == code
    assert {subtask.device_id for subtask in subtasks} == set(DEVICES)
