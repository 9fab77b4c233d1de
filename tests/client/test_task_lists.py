"""Many tasks at once: lists of handles, and waiting for all."""

import pytest
from support.scripted_api import ScriptedApi, problem
from support.scripted_turns import Turn

import wegent
from wegent import AsyncClient, Client
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.output_events import Stream
from wegent.protocol.resources import TaskError
from wegent.protocol.states import State


async def scripted(turn: Turn) -> None:
    """End as the prompt says."""
    await turn.set(State.RUNNING)
    prompt = turn.body["prompt"]
    if prompt.startswith("fail"):
        await turn.say(Stream("stdout", f"{prompt} printed this\n"))
        await turn.end(State.FAILED, error=TaskError("shell_failed", f"{prompt} went wrong.", "Look."))
    elif prompt != "never":
        await turn.end(State.COMPLETED, {"text": prompt})


def test_a_list_is_waited_for_shown_and_stopped(api: ScriptedApi, blocking: Client) -> None:
    api.script = scripted
    tasks = blocking.map(["one", "never", "two"], devices=["workstation"])
    done, pending = wegent.wait(tasks[:1] + tasks[2:], timeout=20)
    assert (done, pending) == ([tasks[0], tasks[2]], [])
    assert wegent.wait(tasks, timeout=2) == ([tasks[0], tasks[2]], [tasks[1]])
    with pytest.raises(wegent.WaitTimeoutError):
        tasks.results(timeout=0.1)
    tasks.cancel()
    api.do(api.turns[tasks[1].id].end(State.CANCELLED))
    assert tasks.wait(timeout=20).pending == []
    first, stopped, last = tasks.results(timeout=20, return_exceptions=True)
    assert isinstance(first, wegent.Result) and isinstance(last, wegent.Result)
    assert (first.text, last.text) == ("one", "two")
    assert isinstance(stopped, wegent.TaskCancelledError)
    with pytest.raises(wegent.TaskCancelledError):
        tasks.results(timeout=20)
    shown = tasks._repr_mimebundle_()
    assert [line.split()[:2] for line in shown["text/plain"].splitlines()] == [
        ["completed", "one"],
        ["cancelled", "never"],
        ["completed", "two"],
    ]
    assert all(f"<td>{prompt}</td>" in shown["text/html"] for prompt in ("one", "never", "two"))
    asked = len(api.requests)
    assert [each.state for each in tasks.subtasks()] == [State.COMPLETED, State.CANCELLED, State.COMPLETED]
    assert len(api.requests) == asked, "what has ended is not asked for again"


def test_a_list_is_shown_also_while_the_server_is_away(api: ScriptedApi) -> None:
    with Client(environ=api.environ, retry_seconds=0) as client:
        tasks = client.map(["<b>"])
        api.failures.append(problem(ProtocolError(Code.UNAVAILABLE)))
        shown = tasks._repr_mimebundle_()
        assert shown["text/plain"].splitlines()[0].startswith("sent")
        assert "This may be old" in shown["text/plain"]
        assert "&lt;b&gt;" in tasks._repr_mimebundle_()["text/html"]
        assert repr(wegent.TaskList()) == "no tasks"


async def test_lists_of_an_async_client_are_awaited(api: ScriptedApi, client: AsyncClient) -> None:
    api.script = scripted
    tasks = await client.map(["one", "fail 2", "fail 3"])
    assert await tasks.wait(20) == (tasks, [])
    outcomes = await tasks.results(20, return_exceptions=True)
    assert [str(each) for each in outcomes[1:]] == ["fail 2 went wrong. Look.", "fail 3 went wrong. Look."]
    with pytest.raises(wegent.TaskFailedError, match="fail 2") as caught:
        await tasks.results()
    assert caught.value.output == "fail 2 printed this"
    never = await client.map(["never"])
    assert await wegent.wait([*tasks, *never], timeout=2) == (tasks, never)
    with pytest.raises(wegent.WaitTimeoutError):
        await never.results(timeout=0.1)
    await never.cancel()
    assert [each.state for each in await never.subtasks()] == [State.CANCELLING]
    assert "cancelling" in repr(never)
    assert await wegent.AsyncTaskList().wait() == ([], [])
    assert not client.feed._watches, "nothing goes on waiting"
