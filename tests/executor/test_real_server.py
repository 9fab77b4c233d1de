"""The executor with the real server: what only both together can show."""

import platform
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import msgspec
import pytest
from support.marked import marked
from support.model_endpoint import claude_env, model_endpoint, text, tool
from support.notebooks import code_cells, executed, notebook, printed
from support.processes import eventually
from support.stack import Stack, StackUser

from api.store import tokens
from api.store.database import Database

FOR_EVER = "trap '' INT TERM; setsid sleep 100 & while true; do sleep 1; done"


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[StackUser]:
    yield await stack.user()


async def send(stack: Stack, user: StackUser, prompt: str, **fields: Any) -> str:
    sent = await stack.send(user, prompt, **({"device_id": "executor", "shell": "Command"} | fields))
    return str(sent["subtask_id"])


async def stdout(stack: Stack, user: StackUser, subtask: str) -> str:
    events = await stack.events(user, subtask)
    return "".join(event["text"] for event in events if event["type"] == "stream")


async def says(stack: Stack, user: StackUser, subtask: str, words: str) -> None:
    async def look() -> bool:
        return words in await stdout(stack, user, subtask)

    await eventually(look, 20, f"{subtask} says {words!r}")


async def test_claude_asks_and_the_answer_over_rest_lets_it_go_on(
    stack: Stack, user: StackUser, tmp_path: Path
) -> None:
    replies = [[tool("Bash", command="touch made; pwd", description="x")], [text("It is made.")]]
    async with model_endpoint(*replies) as endpoint:
        await stack.start_executor(user, **claude_env(tmp_path, endpoint))
        subtask = await send(stack, user, "make it", shell="ClaudeCode")

        async def approval() -> Any:
            events = await stack.events(user, subtask)
            return next((event for event in events if event["type"] == "approval"), None)

        asked = await eventually(approval, 40)
        given = {"type": "approval", "id": asked["id"], "choice": "allow"}
        status, _ = await stack.call(user, "POST", f"/subtasks/{subtask}/input", json={"input": given})
        assert status < 300
        settled = await stack.settled(user, subtask, 60)
    assert (settled["state"], settled["result"]["text"]) == ("completed", "It is made.")
    events = await stack.events(user, subtask)
    (done,) = [event for event in events if event["type"] == "approval_done"]
    assert (done["id"], done["choice"]) == (asked["id"], "allow")
    (result,) = [event for event in events if event["type"] == "tool_result"]
    assert (Path(result["content"].strip()) / "made").exists()


async def test_a_device_shows_how_busy_its_computer_is(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user)

    async def load() -> Any:
        return (await stack.get(user, "/devices/executor"))["load"]

    assert (await eventually(load)).keys() == {"cpu", "memory"}


async def test_what_is_sent_to_a_paused_device_waits_until_it_is_resumed(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user)
    home = stack.programs.root / "executors/executor"
    environment = {**stack.executor_environment(user, home), "LANG": "C.UTF-8", "WEGENT_SHELLS": "Command"}

    async def command(*words: str, code: int = 0, **env: str) -> str:
        program = stack.programs.module("executor.main", *words, name=words[0], env={**environment, **env})
        assert await program.ended() == code, program.text
        return program.text

    running = await send(stack, user, "echo up; while [ ! -e go ]; do sleep 0.05; done; rm go")
    await says(stack, user, running, "up")
    await command("pause")
    assert (await stack.get(user, "/devices/executor"))["paused"] is True
    waiting = await send(stack, user, "echo later")
    listed = stack.programs.module("wegent.cli", "devices", name="wegent", env=environment)
    assert await listed.ended() == 0 and "paused" in listed.text
    (task,) = (home / "workspace").iterdir()
    (task / "go").touch()
    assert (await stack.settled(user, running))["state"] == "completed"
    assert (await stack.subtask(user, waiting))["state"] == "queued"
    await command("resume")
    assert (await stack.settled(user, waiting))["state"] == "completed"
    assert (await stack.get(user, "/devices/executor"))["paused"] is False


async def test_the_doctor_finds_what_the_server_says_to_a_login(stack: Stack, user: StackUser) -> None:
    home = stack.programs.root / "executors/patient"
    environment = {**stack.executor_environment(user, home), "LANG": "C.UTF-8", "WEGENT_SHELLS": "Command"}

    async def examined(code: int, **env: str) -> str:
        program = stack.programs.module("executor.main", "doctor", name="doctor", env={**environment, **env})
        assert await program.ended() == code, program.text
        return program.text

    assert "✓ WebSocket: gets through" in await examined(0)
    refused = await examined(1, WEGENT_TOKEN="not.a.token")
    assert "✗ Token: the server does not take it" in refused and "! WebSocket: gets through" in refused
    claims = jwt.decode(user.token, options={"verify_signature": False})
    async with Database.open(stack.database_url) as database:
        await tokens.revoke(database, user.id, claims["jti"])
    assert "✗ Token: it was revoked" in await examined(1)


async def test_a_stop_is_cancelling_until_nothing_runs(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user)
    subtask = await send(stack, user, f"echo up; {FOR_EVER}")
    await says(stack, user, subtask, "up")
    await stack.call(user, "POST", f"/subtasks/{subtask}/cancel")
    state = (await stack.subtask(user, subtask))["state"]
    assert (state, bool(marked(subtask))) == ("cancelling", True)
    assert (await stack.settled(user, subtask, 10))["state"] == "cancelled"
    assert not marked(subtask)


async def test_killed_with_others_queued_they_run_after_the_restart(stack: Stack, user: StackUser) -> None:
    executor = await stack.start_executor(user, "executor", "--slots", "1")
    first = await send(stack, user, f"seq 1 500; {FOR_EVER}")
    await says(stack, user, first, "500\n")
    others = [await send(stack, user, f"echo {number}") for number in range(3)]
    executor.kill()
    await stack.start_executor(user, "executor", "--slots", "1")
    settled = await stack.settled(user, first)
    assert (settled["state"], settled["error"]["code"]) == ("failed", "executor_restarted")
    assert await stdout(stack, user, first) == "".join(f"{n}\n" for n in range(1, 501))
    assert not marked(first)
    for number, other in enumerate(others):
        assert (await stack.settled(user, other))["state"] == "completed"
        assert await stdout(stack, user, other) == f"{number}\n"


@pytest.mark.parametrize(
    ("fault", "state", "runs"),
    [("executor-after-accept", "failed", 0), ("executor-before-report", "completed", 1)],
)
async def test_killed_exactly_there_it_ends_right(
    stack: Stack, user: StackUser, tmp_path: Path, fault: str, state: str, runs: int
) -> None:
    made = tmp_path / "made"
    executor = await stack.start_executor(user, WEGENT_FAULT=fault)
    subtask = await send(stack, user, f"echo x >> {made}")
    assert await executor.ended() == -9
    await stack.start_executor(user)
    assert (await stack.settled(user, subtask))["state"] == state
    assert (made.read_text() if made.exists() else "").count("x") == runs


async def test_a_computer_logs_in_by_a_code_and_becomes_a_device(stack: Stack) -> None:
    user = await stack.user("ann")
    home = stack.programs.root / "executors/laptop"
    env = stack.executor_environment(user, home, WEGENT_TOKEN="", LANG="C.UTF-8")
    login = stack.programs.module("executor.main", "login", "--url", stack.url, name="login", env=env)
    code = (await login.line(r"^ {4}(\S{4}-\S{4})$"))[1]
    body = {"username": user.name, "password": user.password}
    _, opened = await stack.call(user, "POST", "/auth/login", json=body)
    person = msgspec.structs.replace(user, token=opened["token"])
    _, asking = await stack.call(person, "GET", f"/auth/device-code/{code}")
    assert asking["name"] == f"{platform.system()} - {platform.node()}"
    status, _ = await stack.call(person, "POST", "/auth/device-code/approve", json={"user_code": code})
    assert status == 204
    assert await login.ended(20) == 0
    assert "as ann." in login.text
    await stack.start_executor(user, "laptop", WEGENT_TOKEN="", WEGENT_BACKEND_URL="")
    files = [await stored(stack, user, "a.txt", b"good")]
    subtask = await send(stack, user, SHOW, device_id="laptop", options={"files": files})
    assert (await stack.settled(user, subtask))["state"] == "completed", "being a device is enough"


async def test_a_computer_is_let_in_by_the_servers_own_command(stack: Stack) -> None:
    user = await stack.user("ann")
    home = stack.programs.root / "executors/laptop"
    env = stack.executor_environment(user, home, WEGENT_TOKEN="", LANG="C.UTF-8")
    login = stack.programs.module("executor.main", "login", "--url", stack.url, name="login", env=env)
    code = (await login.line(r"wegent-server approve (\S{4}-\S{4})"))[1]
    flags = ("approve", code, "--user", "ann", "--yes")
    approving = stack.programs.module("api.cli", *flags, name="approving", env=stack.environ)
    assert await approving.ended() == 0, approving.text
    assert f"{platform.system()} - {platform.node()} is let in as ann." in approving.text
    assert "device\n" in approving.text, "what it may do is all that it asked for"
    assert await login.ended(20) == 0
    await stack.start_executor(user, "laptop", WEGENT_TOKEN="", WEGENT_BACKEND_URL="")


SHOW = 'cd "$WEGENT_ATTACHMENTS" && for file in *; do echo "$file: $(cat "$file")"; done'


async def stored(stack: Stack, user: StackUser, name: str, body: bytes) -> str:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", body, filename=name, content_type="text/plain")
    status, file = await stack.call(user, "POST", "/files", data=form)
    assert status == 201
    return str(file["id"])


async def test_attached_files_reach_the_device(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user)
    files = [await stored(stack, user, "年度报告.txt", b"good"), await stored(stack, user, "b.txt", b"bad")]
    subtask = await send(stack, user, SHOW, options={"files": files})
    assert (await stack.settled(user, subtask))["state"] == "completed"
    assert await stdout(stack, user, subtask) == "b.txt: bad\n年度报告.txt: good\n"
    other = await stack.user()
    await stack.start_executor(other, "other")
    subtask = await send(stack, other, SHOW, device_id="other", options={"files": files[:1]})
    settled = await stack.settled(other, subtask)
    assert (settled["state"], settled["error"]["code"]) == ("failed", "shell_failed")
    assert files[0] in settled["error"]["message"]


async def test_attached_files_reach_the_cloud_and_no_others_do(stack: Stack, user: StackUser) -> None:
    operator = await stack.user()
    token = await stack.token(operator, "cloud")
    await stack.start_executor(operator, "cloud-1", "--mode", "cloud", WEGENT_TOKEN=token)
    file, private = [await stored(stack, user, name, b"good") for name in ("a.txt", "private.txt")]
    subtask = await send(stack, user, SHOW + "; sleep 3", device_id="cloud", options={"files": [file]})
    await says(stack, user, subtask, "a.txt: good")
    executor = msgspec.structs.replace(operator, token=token)
    assert (await stack.call(executor, "GET", f"/files/{file}"))[0] == 200
    assert (await stack.call(executor, "GET", f"/files/{private}"))[0] == 403
    assert (await stack.settled(user, subtask))["state"] == "completed"
    assert (await stack.call(executor, "GET", f"/files/{file}"))[0] == 403, "it is over"


async def test_files_come_back_to_whoever_sent_the_task(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user, "executor", "--allow-results")
    operator = await stack.user()
    token = await stack.token(operator, "cloud")
    await stack.start_executor(operator, "cloud-1", "--mode", "cloud", "--allow-results", WEGENT_TOKEN=token)
    for device in ("executor", "cloud"):
        subtask = await send(
            stack, user, "echo 42 > '结果 100%.txt'", device_id=device, options={"results": ["*.txt"]}
        )
        assert (await stack.settled(user, subtask))["state"] == "completed"
        (file,) = [event for event in await stack.events(user, subtask) if event["type"] == "file"]
        assert (file["name"], file["size"]) == ("结果 100%.txt", 3)
        assert (await stack.call(user, "GET", f"/files/{file['id']}")) == (200, 42)
        assert (await stack.call(operator, "GET", f"/files/{file['id']}"))[0] == 404


async def test_a_device_sends_files_only_for_what_it_runs_itself(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user)
    subtask = await send(stack, user, "sleep 2")
    await eventually(lambda: marked(subtask))
    operator = msgspec.structs.replace(user, token=await stack.token(user, "cloud"))
    strangers = await stack.user()
    no_device = msgspec.structs.replace(user, token=await stack.token(user, "send"))

    async def post(who: StackUser, **params: str) -> int:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", b"x", filename="x.txt", content_type="text/plain")
        return (await stack.call(who, "POST", "/files", data=form, params=params))[0]

    assert await post(user, subtask_id=subtask) == 201
    assert await post(strangers, subtask_id=subtask) == 404
    assert await post(no_device, subtask_id=subtask) == 403
    assert await post(operator) == 403, "a cloud executor has no files of its own"
    await stack.settled(user, subtask)
    assert await post(user, subtask_id=subtask) == 404, "it is over"


async def test_a_notebook_is_sent_from_a_client_and_read_back_executed(stack: Stack, user: StackUser) -> None:
    await stack.start_executor(user, "executor", "--shell", "Notebook", "--shell", "Python")
    form = aiohttp.FormData(quote_fields=False)
    content = notebook(
        "total = n * 2\nprint('total', total)", "total", "raise SystemError('enough')", parameters="n = 1"
    )
    form.add_field("file", content, filename="模型 one.ipynb", content_type="application/x-ipynb+json")
    _, file = await stack.call(user, "POST", "/files", data=form)
    options = {"notebook": file["id"], "parameters": {"n": 21}, "kernel": "python3"}
    subtask = await send(stack, user, "", shell="Notebook", options=options)
    settled = await stack.settled(user, subtask, 60)
    assert (settled["state"], settled["error"]["code"]) == ("failed", "shell_failed")
    assert settled["error"]["message"] == "Cell 5 failed: SystemError: enough"
    told = [event for event in await stack.events(user, subtask) if event["type"] == "file"]
    assert [(event["name"], event["id"]) for event in told] == [
        ("模型 one.executed.ipynb", settled["result"]["notebook"])
    ]
    headers = {"Authorization": f"Bearer {user.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.url}/files/{settled['result']['notebook']}", headers=headers) as answer,
    ):
        assert answer.status == 200
        cells = code_cells(executed(await answer.read()))
    assert printed(cells[2]) == "total 42\n"
    assert cells[3].outputs[0].data["text/plain"] == "42"
    assert cells[4].outputs[0].ename == "SystemError"
    device = await stack.get(user, "/devices/executor")
    assert (device["kernels"], device["shells"]) == (["python3"], ["Notebook", "Python"])
