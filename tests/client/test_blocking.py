"""Client: the same without `await`, from scripts, threads and inside a running loop."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.scripted_api import ScriptedApi
from support.scripted_turns import Turn

import wegent
from wegent import Client
from wegent.protocol.output_events import Approval, Text
from wegent.protocol.states import State


async def count(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    for number in range(1, 501):
        await turn.say(Text(str(number)))
    await turn.end(State.COMPLETED, {"text": "counted"})


async def run_on(turn: Turn) -> None:
    await turn.set(State.RUNNING)


NUMBERS = list(range(1, 501))


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "wegent client"]


def test_everything_works_without_await(api: ScriptedApi, blocking: Client) -> None:
    api.script = count
    assert blocking.devices[0].name == "workstation"
    task = blocking.run("count", device="workstation")
    stream = task.stream()
    seen = [int(next(stream).text) for _ in range(9)]  # type: ignore[union-attr]
    assert stream.seq == 9 and stream.outcome is None
    seen += [int(event.text) for event in task.stream(after=stream.seq)]  # type: ignore[union-attr]
    assert seen == NUMBERS
    assert task.result(timeout=10).text == "counted"
    assert task.status is State.COMPLETED
    assert blocking.task(task.id).id == task.id
    assert task.output() == "".join(map(str, NUMBERS))
    assert task.ask("again").task_id == task.task_id
    assert blocking.run("again", task=task).task_id == task.task_id
    assert blocking.run_command("ls").wait(timeout=10).state is State.COMPLETED
    assert {each.title for each in blocking.tasks()} == {"count", "ls"}
    blocking.set_default("workstation")
    assert blocking.devices[0].is_default
    blocking.unset_default()
    assert not blocking.devices[0].is_default


def test_stopping_answering_and_telling(api: ScriptedApi, blocking: Client) -> None:
    task = blocking.run("hi")
    turn = api.turns[task.id]
    question = Approval("a1", "Bash", {"command": "ls"})
    api.do(turn.set(State.RUNNING))
    api.do(turn.say(question))
    ((asking, title, asked),) = blocking.approvals()
    assert (asking.id, title, asked) == (task.id, "hi", question)
    asking.approve(asked)
    task.approve("a2", for_task=True)
    task.deny("a3", "not there")
    task.answer("a4", "allow")
    task.send("go on")
    assert [each.get("choice", each["type"]) for each in turn.inputs] == [
        "allow",
        "allow_task",
        "deny",
        "allow",
        "text",
    ]
    assert turn.inputs[2]["message"] == "not there"
    assert task.cancel() is State.CANCELLING
    api.do(turn.end(State.CANCELLED))
    with pytest.raises(wegent.TaskCancelledError):
        task.result()


async def test_it_works_inside_a_running_loop(api: ScriptedApi, blocking: Client) -> None:
    api.script = count
    task = blocking.run("count")  # blocks this loop, as a notebook's cell does
    assert len(list(task.stream())) == 500
    is_free = threading.Event()

    async def count_later(turn: Turn) -> None:
        """End only when the loop that awaits the turn has done something else meanwhile."""
        await asyncio.to_thread(is_free.wait, 20)
        await (count(turn) if is_free.is_set() else turn.end(State.FAILED))

    api.script = count_later
    task = blocking.run("count")
    asyncio.get_running_loop().call_later(0.1, is_free.set)
    assert (await task).text == "counted"
    is_free.clear()
    task = blocking.run("count")
    asyncio.get_running_loop().call_later(0.1, is_free.set)
    assert [each async for each in wegent.as_completed([task])] == [task]
    assert task.status is State.COMPLETED


def test_it_works_from_many_threads(api: ScriptedApi, blocking: Client) -> None:
    api.script = count

    def send_and_follow(number: int) -> list[int]:
        return [int(event.text) for event in blocking.run(str(number)).stream()]  # type: ignore[union-attr]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(send_and_follow, range(12))) == [NUMBERS] * 12
    assert api.connections == 1
    assert threads() == ["wegent client"]


def test_many_are_sent_and_come_back_as_they_end(api: ScriptedApi, blocking: Client) -> None:
    async def scripted(turn: Turn) -> None:
        if turn.body["prompt"] == "never":
            return
        await asyncio.sleep(0.2 if turn.body["prompt"] == "slow" else 0)
        await turn.end(State.COMPLETED)

    api.script = scripted
    tasks = blocking.map(["slow", "quick"], devices=["workstation"])
    assert list(wegent.as_completed(tasks)) == [tasks[1], tasks[0]]
    with pytest.raises(wegent.WaitTimeoutError):
        list(wegent.as_completed(blocking.map(["never"]), timeout=0.1))


def test_a_broken_off_stream_can_be_left(api: ScriptedApi, blocking: Client) -> None:
    api.script = count
    task = blocking.run("count")
    with task.stream() as stream:
        next(stream)
    for _ in task.stream():
        break
    gc.collect()
    assert len(list(task.stream())) == 500


def test_closing_ends_the_thread_and_nothing_else(api: ScriptedApi) -> None:
    api.script = run_on
    client = Client(environ=api.environ)
    task = client.run("hi")
    assert threads() == ["wegent client"]
    client.close()
    client.close()
    assert threads() == []
    with pytest.raises(wegent.ConnectionFailedError, match="closed"):
        task.result()
    assert api.turns[task.id].state is State.RUNNING


def test_a_forgotten_client_is_closed_but_not_while_a_handle_lives(api: ScriptedApi) -> None:
    api.script = run_on
    task = Client(environ=api.environ).run("hi")
    gc.collect()
    assert task.status is State.RUNNING
    del task
    gc.collect()
    deadline = time.monotonic() + 5
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == []


def test_an_interrupt_ends_the_wait_and_not_the_task(api: ScriptedApi, blocking: Client) -> None:
    api.script = run_on
    task = blocking.run("hi")
    interrupt = threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.SIGINT)))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        task.result()
    interrupt.join()
    assert task.status is State.RUNNING
    assert not blocking.core.feed._watches  # nothing waits on in the thread


def test_a_script_that_just_ends_leaves_quietly(api: ScriptedApi) -> None:
    api.script = run_on
    script = "import wegent; t = wegent.Client().run('hi'); s = iter(t.stream()); print(t.status)"
    environ = {**os.environ, **api.environ, "PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"running\n", b"")
    assert [turn.state for turn in api.turns.values()] == [State.RUNNING]


def test_a_forked_child_is_told_to_make_its_own(api: ScriptedApi, blocking: Client) -> None:
    assert blocking.devices
    child = os.fork()
    if child == 0:
        try:
            blocking.devices  # noqa: B018
        except wegent.ConnectionFailedError as error:
            os._exit(7 if "fork" in error.hint else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
