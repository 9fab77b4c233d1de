"""AsyncClient: sending, choosing a device, waiting, stopping, and saying what went wrong."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from support.processes import free_port
from support.scripted_api import WORKSTATION, ScriptedApi, device, problem
from support.scripted_turns import Turn

import wegent
from wegent import AsyncClient
from wegent.client import credentials
from wegent.client.credentials import Login
from wegent.client.rest import retry_after
from wegent.protocol.chat_messages import SubtaskState
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.output_events import Stream, Text
from wegent.protocol.resources import TaskError
from wegent.protocol.states import State


async def greet(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.say(Text("Hello, "), Text("you."))
    await turn.end(State.COMPLETED, {"text": "Hello, you."})


async def until_stopped(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.is_stop_wanted.wait()
    await turn.end(State.CANCELLED)


async def test_a_task_is_sent_followed_and_gives_its_result(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = greet
    task = await client.run(
        "hi", device="workstation", shell="ClaudeCode", dir="/data", options={"model": "m"}, title="A greeting"
    )
    result = await task
    assert (result, result.text) == ({"text": "Hello, you."}, "Hello, you.")
    assert await task.status is State.COMPLETED
    assert await task.output() == "Hello, you."
    assert api.turns[task.id].body == {
        "prompt": "hi",
        "device_id": WORKSTATION,
        "shell": "ClaudeCode",
        "options": {"model": "m", "workdir": "/data"},
        "title": "A greeting",
    }


async def test_what_is_not_said_is_left_to_the_server(api: ScriptedApi, client: AsyncClient) -> None:
    task = await client.run("hi")
    assert api.turns[task.id].body == {"prompt": "hi"}


async def test_a_command_may_be_a_line_or_arguments(api: ScriptedApi, client: AsyncClient) -> None:
    line = await client.run_command("ls | wc", wait=True)
    assert api.turns[line.id].body == {"prompt": "ls | wc", "shell": "Command", "wait": True}
    program = await client.run_command(["echo", "a b"])
    assert api.turns[program.id].body["options"] == {"argv": ["echo", "a b"]}
    assert api.turns[program.id].body["prompt"] == "echo 'a b'"


async def test_a_conversation_goes_on(api: ScriptedApi, client: AsyncClient) -> None:
    first = await client.run("hi")
    second = await first.ask("and the median?", device="cloud")
    third = await client.run("and the mean?", task=first, title="not asked for")
    fourth = await client.run("and the rest?", task=first.task_id)
    assert {first.task_id} == {second.task_id, third.task_id, fourth.task_id}
    assert api.turns[second.id].body == {"prompt": "and the median?", "device_id": "cloud"}
    assert api.turns[third.id].body == {"prompt": "and the mean?"}
    assert (await client.task(first.task_id)).id == fourth.id
    assert (await client.task(first.id)).task_id == first.task_id
    with pytest.raises(wegent.NotFoundError):
        await client.task("../devices")


async def test_a_send_whose_answer_was_lost_arrives_once(api: ScriptedApi, client: AsyncClient) -> None:
    api.lost_answers = 2
    api.failures = [
        problem(ProtocolError(Code.UNAVAILABLE), **{"Retry-After": "0.1"}),
        problem(ProtocolError(Code.RATE_LIMITED)),
        web.Response(status=502, text="<html>bad gateway"),
    ]
    task = await client.run("hi")
    assert list(api.turns) == [task.id]
    assert api.requests.count(("POST", "/tasks")) == 6


async def test_what_cannot_be_served_is_not_asked_again(api: ScriptedApi, client: AsyncClient) -> None:
    api.failures = [problem(ProtocolError(Code.QUEUE_FULL))]
    with pytest.raises(wegent.RefusedError, match="Too many subtasks") as caught:
        await client.run("hi")
    assert (caught.value.code, caught.value.status) == ("queue_full", 429)
    assert api.requests == [("POST", "/tasks")]


async def test_a_wait_that_the_server_asks_for_is_not_begun_beyond_the_deadline(api: ScriptedApi) -> None:
    async with AsyncClient(environ=api.environ, retry_seconds=1) as client:
        api.failures = [problem(ProtocolError(Code.UNAVAILABLE), **{"Retry-After": "120"})]
        with pytest.raises(wegent.UnavailableError) as caught:
            await client.devices
    assert caught.value.retry_after == 120


def test_retry_after_may_be_seconds_or_a_date_by_the_servers_clock() -> None:
    assert retry_after({"Retry-After": "7"}) == 7
    date = {"Date": "Fri, 31 Dec 1999 23:59:50 GMT"}
    assert retry_after(date | {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}) == 9
    nothing = ("", "soon", "-3", "inf", "nan", "Fri, 31 Dec 1999 23:59:49 GMT")
    assert [retry_after(date | {"Retry-After": text}) for text in nothing] == [0] * 6
    assert retry_after({"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}) == 0


async def test_a_failure_carries_its_error_result_output_and_traceback(
    api: ScriptedApi, client: AsyncClient
) -> None:
    async def fail(turn: Turn) -> None:
        await turn.say(Stream("stdout", "working\n"))
        trace = 'Traceback (most recent call last):\n  File "x.py"\nValueError: no\n'
        await turn.say(Stream("stderr", trace))
        error = TaskError("shell_failed", "It ended with exit code 1.", "Read the end of the output.")
        await turn.end(State.FAILED, {"exit_code": 1}, error)

    api.script = fail
    task = await client.run_command("python3 x.py")
    with pytest.raises(wegent.TaskFailedError) as caught:
        await task.result(timeout=10)
    error = caught.value
    assert (error.code, error.message) == ("shell_failed", "It ended with exit code 1.")
    assert error.result == {"exit_code": 1}
    assert error.output.startswith("working\nTraceback")
    assert error.traceback is not None and error.traceback.endswith("ValueError: no")
    assert any("ValueError: no" in note for note in error.__notes__)
    assert "Read the end of the output." in str(error)


async def test_stopping(api: ScriptedApi, client: AsyncClient) -> None:
    queued = await client.run("hi")
    assert await queued.cancel() is State.CANCELLED
    api.script = until_stopped
    task = await client.run("hi")
    assert await task.cancel() in (State.CANCELLING, State.CANCELLED)
    with pytest.raises(wegent.TaskCancelledError):
        await task


async def test_a_wait_has_an_end_and_leaving_stops_nothing(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = until_stopped
    task = await client.run("hi")
    with pytest.raises(wegent.WaitTimeoutError, match=r"0\.1 s") as caught:
        await task.result(timeout=0.1)
    assert isinstance(caught.value, TimeoutError)
    waiting = asyncio.ensure_future(task.result())
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert await task.status is State.RUNNING


async def test_a_wait_survives_a_server_that_goes_and_comes(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = until_stopped
    task = await client.run("hi")
    waiting = asyncio.ensure_future(task.wait())
    for _ in range(3):
        await asyncio.sleep(0.05)
        api.cut_all()
    api.failures = [problem(ProtocolError(Code.UNAVAILABLE))]
    await task.cancel()
    assert (await asyncio.wait_for(waiting, 20)).state is State.CANCELLED


async def test_inputs_reach_the_subtask(api: ScriptedApi, client: AsyncClient) -> None:
    task = await client.run("hi")
    await task.answer("a1", "deny", "not that file")
    await task.send("use the other one")
    assert api.turns[task.id].inputs == [
        {"type": "approval", "id": "a1", "choice": "deny", "message": "not that file"},
        {"type": "text", "text": "use the other one"},
    ]
    await task.cancel()
    with pytest.raises(wegent.SettledError):
        await task.send("too late")


async def test_devices_are_chosen_by_name_id_or_the_beginning_of_an_id(
    api: ScriptedApi, client: AsyncClient
) -> None:
    twins = [device(f"twin{number}-{'x' * 9}{number}", "twin") for number in (1, 2)]
    api.devices = [*twins, device("workstation", "else"), device(), device("off", "off", status="offline")]
    assert len(await client.devices) == 5  # over several pages
    assert await client.device_id("workstation") == "workstation"  # an id goes before a name
    assert await client.device_id("else") == "workstation"
    assert await client.device_id("twin1") == twins[0].device_id
    assert await client.device_id(twins[1]) == twins[1].device_id
    assert await client.device_id("cloud") == "cloud"
    assert await client.device_id(None) is None
    with pytest.raises(wegent.DeviceChoiceError, match=r"2 devices .* twin1-xx .* twin2-xx"):
        await client.run("hi", device="twin")
    with pytest.raises(wegent.DeviceChoiceError, match="no device called “nowhere”"):
        await client.run("hi", device="nowhere")
    with pytest.raises(wegent.DeviceOfflineError, match="offline"):
        await client.run("hi", device="off")


async def test_devices_are_a_table(api: ScriptedApi, client: AsyncClient) -> None:
    api.devices = [device(name="<b>workstation", is_default=True), device("d2", "gpu-box", status="busy")]
    devices = await client.devices
    assert "🟢 online  <b>workstation ⭐  0/5" in repr(devices)
    assert "&lt;b&gt;workstation ⭐" in devices._repr_html_()
    assert "<b>" not in devices._repr_html_()
    api.devices = []
    assert repr(await client.devices) == "no devices"


async def test_the_default_device_is_set_and_unset(api: ScriptedApi, client: AsyncClient) -> None:
    await client.set_default("workstation")
    assert [each.is_default for each in await client.devices] == [True]
    await client.unset_default()
    assert [each.is_default for each in await client.devices] == [False]


async def test_many_are_sent_and_come_back_as_they_end(api: ScriptedApi, client: AsyncClient) -> None:
    async def scripted(turn: Turn) -> None:
        if turn.body["prompt"] == "never":
            return
        await asyncio.sleep(0.2 if turn.body["prompt"] == "slow" else 0)
        await turn.end(State.COMPLETED, {"text": turn.body["prompt"]})

    api.script = scripted
    api.devices = [device("d1", "a"), device("d2", "b")]
    tasks = await client.map(["slow", "quick", "quick"], devices=["a", "b"])
    assert [api.turns[task.id].body["device_id"] for task in tasks] == ["d1", "d2", "d1"]
    ended = [task async for task in wegent.as_completed(tasks)]
    assert ended[-1] is tasks[0]
    assert {task.id for task in ended} == {task.id for task in tasks}
    endless = await client.map(["never"])
    with pytest.raises(wegent.WaitTimeoutError):
        async for _ in wegent.as_completed(endless, timeout=0.1):
            pass
    with pytest.raises(TypeError, match="async for"):
        next(iter(wegent.as_completed(endless)))


async def test_a_batch_that_cannot_be_sent_whole_says_what_was_sent(api: ScriptedApi, client: AsyncClient) -> None:
    api.devices = [device("d1", "a"), device("d2", "b", status="offline")]
    with pytest.raises(wegent.DeviceOfflineError) as caught:
        await client.map(["one", "two"], devices=["a", "b"])
    (sent,) = api.turns
    assert caught.value.__notes__ == [f"Sent before that, 1 of 2: {sent}"]
    assert ([task.id for task in caught.value.sent], caught.value.unsent) == ([sent], ["two"])


async def test_changes_are_told_from_how_things_stand_on(api: ScriptedApi, client: AsyncClient) -> None:
    task = await client.run("hi")
    async with asyncio.timeout(10), task.watch() as watch:
        states = []
        while len(states) < 2:
            change = await watch.next()
            if isinstance(change, SubtaskState):
                states.append((change.state, change.queue_position))
                async with task.watch() as later:  # the socket told it long ago
                    assert isinstance(await later.next(), SubtaskState)
                api.do(api.turns[task.id].set(State.RUNNING))
    assert states == [(State.QUEUED, 1), (State.RUNNING, None)]


async def test_without_a_login_it_says_how_to_get_one(tmp_path: Path, api: ScriptedApi) -> None:
    environ = {"WEGENT_HOME": str(tmp_path)}
    with pytest.raises(wegent.LoginError, match="wegent login"):
        AsyncClient(environ=environ)
    credentials.save(Login(api.url, "stale"), environ=environ)
    async with AsyncClient(environ=environ) as client:
        with pytest.raises(wegent.LoginError) as caught:
            await client.devices
    assert caught.value.code == "token_revoked"
    assert "stale" not in repr(client)


async def test_where_nothing_listens_it_says_so(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with AsyncClient(url, "token", environ={"WEGENT_HOME": str(tmp_path)}, retry_seconds=0.1) as client:
        with pytest.raises(wegent.ConnectionFailedError, match="Connection refused") as caught:
            await client.devices
    assert url in caught.value.message and "wegent-server up" in caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(text="<html>hello"),
        web.Response(status=404, text="<html>nothing here"),
        web.Response(status=302, headers={"Location": "https://else.example"}),
        web.Response(body=msgspec.json.encode({"items": 3})),
    ],
    ids=["a page", "another 404", "a redirect", "another form"],
)
async def test_what_is_no_wegent_is_recognised_at_once(
    answer: web.Response, api: ScriptedApi, client: AsyncClient
) -> None:
    api.failures = [answer]
    with pytest.raises(wegent.ConnectionFailedError) as caught:
        await client.devices
    assert caught.value.is_lasting
    assert len(api.requests) == 1
