"""Any of one's devices by label, from Python and the terminal; and a map that meets the limit of the queue."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.processes import Programs
from support.redis import RedisServer
from support.scripted_api import ScriptedApi, device
from support.scripted_turns import Turn
from support.stack import Stack, running_stack
from support.terminal import Terminal
from support.terminal import wegent as command

import wegent
from wegent import AsyncClient, Client
from wegent.protocol.output_events import Text
from wegent.protocol.states import State

GPU = {"gpu": "yes"}
LIMIT = 20


@pytest.fixture
def environ(api: ScriptedApi, tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **api.environ}


@pytest.fixture
async def stack(programs: Programs, redis_server: RedisServer, sqlite_url: str) -> AsyncIterator[Stack]:
    """One whose users may have few subtasks waiting."""
    environ = {"WEGENT_QUEUE_LIMIT": str(LIMIT)}
    async with running_stack(programs, redis_server, sqlite_url, environ=environ) as running:
        yield running


def test_labels_go_with_whatever_is_sent(api: ScriptedApi, blocking: Client) -> None:
    first = blocking.run("a", device=GPU)
    first.ask("b", device={})
    blocking.run_command(["ls"], device=GPU)
    blocking.map(["c", "d"], device=GPU, shell="Command", dir="/data")
    blocking.map(["e", "f"], devices=["workstation", GPU])
    blocking.run("g", device="*")
    sent = [(turn.body["prompt"], turn.body["device_id"], turn.body.get("labels")) for turn in api.turns.values()]
    known = device().device_id
    assert sent[:3] == [("a", "*", GPU), ("b", "*", {}), ("ls", "*", GPU)]
    assert sorted(sent[3:7]) == [("c", "*", GPU), ("d", "*", GPU), ("e", known, None), ("f", "*", GPU)]
    assert sent[7:] == [("g", "*", None)]
    assert [turn.body["options"] for turn in api.turns.values() if turn.body["prompt"] in "cd"] == [
        {"workdir": "/data"}
    ] * 2
    with pytest.raises(TypeError, match="not both"):
        blocking.map(["h"], device=GPU, devices=["workstation"])


async def test_a_map_that_fills_the_queue_stops_and_can_go_on_with_the_rest(stack: Stack) -> None:
    user = await stack.user()
    async with (
        stack.device(user) as device,
        AsyncClient(stack.url, user.token) as client,
        asyncio.timeout(60),
    ):
        await device.register(slots=1, paused=True)
        prompts = [f"do {number}" for number in range(3000)]
        with pytest.raises(wegent.RefusedError, match="waiting already") as caught:
            await client.map(prompts, device={})
        full = caught.value
        assert (full.code, len(full.sent)) == ("queue_full", LIMIT)
        assert f"Sent before that, {LIMIT} of 3000: {full.sent[0].id}" in full.__notes__[0]
        done = [subtask.prompt for subtask in await wegent.AsyncTaskList(full.sent).subtasks()]
        assert sorted([*done, *full.unsent]) == sorted(prompts)
        assert list(full.unsent) == [prompt for prompt in prompts if prompt in set(full.unsent)]
        await wegent.AsyncTaskList(full.sent).cancel()
        assert len(await client.map(full.unsent[:LIMIT], device={})) == LIMIT


async def test_the_terminal_says_that_it_waits_for_any_and_then_where_it_runs(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    async def wait(turn: Turn) -> None:
        turn.queue_position = 3

    api.script = wait
    api.devices = [device(status="offline", labels={**GPU, "os": "linux"}), device("d2", "laptop")]
    flags = ["--label", "gpu=yes", "--label", "os=linux"]
    async with Terminal(command("run", *flags, "hi"), environ) as terminal:
        await terminal.shows(
            "3rd in the queue for any of your devices with gpu=yes, os=linux, and those are all offline…$"
        )
        (turn,) = api.turns.values()
        assert (turn.body["device_id"], turn.body["labels"]) == ("*", {"gpu": "yes", "os": "linux"})
        api.do(turn.set(State.RUNNING))
        await terminal.shows(r"Running on workstation…$")
        api.do(turn.say(Text("Hello.")))
        api.do(turn.end(State.COMPLETED))
        assert await terminal.ends() == 0
    async with Terminal(command("run", "-d", "any", "hi"), environ | {"LANG": "zh_CN.UTF-8"}) as terminal:
        await terminal.shows("在您的任意设备的队列中排第 3 位……$")
        turn = list(api.turns.values())[-1]
        assert (turn.body["device_id"], turn.body["labels"]) == ("*", {})
        api.do(turn.end(State.COMPLETED))
        assert await terminal.ends() == 0


def test_labels_that_cannot_be_meant_are_usage_errors(api: ScriptedApi, environ: dict[str, str]) -> None:
    for arguments, said in (
        (["run", "--label", "gpu", "hi"], "NAME=VALUE, not gpu"),
        (["run", "-d", "workstation", "--label", "gpu=yes", "hi"], "Leave it out"),
        (["move", "t-1"], "--label NAME=VALUE"),
    ):
        done = subprocess.run(command(*arguments), env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert said in done.stderr
    assert api.turns == {}
