"""Canary secrets never leave the device: not to the server's database, not to Redis, not in any frame."""

import asyncio
import base64
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
from support.model_endpoint import ModelEndpoint, claude_env, model_endpoint, refuse, text, thinking, tool
from support.processes import eventually
from support.recorded import payload
from support.stack import Stack, StackUser

from executor.redaction.secret_forms import needles

IN_ENVIRONMENT = 'cAnary-0f-the/env+"q" = 7c1d'
IN_URL = "cAnary0fTheDatabase9a8b"
IN_DOTENV = "cAnary0fTheDotEnvFile55ee"
IN_OWN_FILE = "cAnary0fTheOwnersFile31f7"
BY_PATTERN = "CUST-918273"
MARKER = "harmless-marker-4711"
"""Is to be found in every place: the search works."""

ECHO = """
import base64, json, sys, time, urllib.parse
for secret in sys.argv[1:]:
    data = secret.encode()
    for form in (
        secret, json.dumps({"a": secret}), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret),
        *(base64.b64encode(b"xyz"[:n] + data + b"!").decode() for n in range(3)), data.hex(),
        base64.encodebytes(data * 4).decode(), "\\x1b[1m".join(secret),
        "".join(f"\\\\u{ord(each):04x}" for each in secret),
    ):
        print("the form", form, ".")
        for stream in (sys.stdout, sys.stderr):
            middle = len(form) // 2
            stream.write(form[:middle])
            stream.flush()
            stream.write(form[middle:] + "\\n")
    sys.stdout.flush()
    for each in (secret[:3], secret[3:10], secret[10:]):
        sys.stdout.write(each)
        sys.stdout.flush()
        time.sleep(0.4 if secret in sys.argv[1:3] else 0)
print("harmless-marker", "4711", sep="-")
"""


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[StackUser]:
    stack.proxy.recorded = []
    yield await stack.user()


async def start(stack: Stack, user: StackUser, endpoint: ModelEndpoint, folder: Path) -> None:
    """Start an executor with all canaries in its environment and in files; what echoes them, in ``folder``."""
    (folder / "work").mkdir()
    (folder / "work/.env").write_text(f"export SOME_TOKEN={IN_DOTENV}\n")
    (folder / "own.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{IN_OWN_FILE}\n-----END PRIVATE KEY-----\n")
    (folder / "work/way-out").symlink_to(folder / IN_OWN_FILE)
    (folder / "echo.py").write_text(ECHO)
    secrets = [IN_ENVIRONMENT, IN_URL, IN_DOTENV, IN_OWN_FILE, BY_PATTERN, user.token]
    (folder / "secrets.json").write_text(json.dumps(secrets))
    await stack.start_executor(
        user,
        "executor",
        *("--workspace", str(folder / "work"), "--redact-file", str(folder / "*.pem"), "--redact", r"CUST-\d{6}"),
        **claude_env(folder, endpoint),
        CLAUDE_CODE_MAX_RETRIES="1",
        CANARY_API_KEY=IN_ENVIRONMENT,
        DATABASE_URL=f"postgres://me:{IN_URL}@127.0.0.1/db",
    )


def echoing(folder: Path) -> str:
    """Return the command line that says every secret in every form."""
    program = "import json, runpy, sys; sys.argv[1:] = json.load(open(sys.argv[1])); runpy.run_path(sys.argv[0])"
    program = program.replace("sys.argv[0]", f"{str(folder / 'echo.py')!r}")
    return f'{sys.executable} -c "{program}" {folder / "secrets.json"}'


async def test_no_canary_leaves_the_device_in_any_form(stack: Stack, user: StackUser, tmp_path: Path) -> None:
    said = (
        f"Your key is {IN_ENVIRONMENT}, or {quote(IN_ENVIRONMENT)}; {base64.b64encode(IN_URL.encode()).decode()}"
    )
    replies = [
        [
            thinking(f"So {IN_DOTENV} it is."),
            text(said, pause=0.01),
            tool("Bash", command=f"echo {IN_OWN_FILE}", description=IN_DOTENV),
        ],
        [tool("Read", file_path=str(tmp_path / "work/.env"))],
        [tool("Bash", command=f"false; cat {tmp_path}/own.pem; exit 3", description=MARKER)],
        [tool("Write", file_path=str(tmp_path / "work/new.txt"), content=f"a\n{IN_URL}\n{BY_PATTERN}\n")],
        [text(f"{MARKER} At last: {IN_ENVIRONMENT}")],
        *[[refuse(401, f"bad key {IN_ENVIRONMENT}")]] * 20,
    ]
    async with model_endpoint(*replies) as endpoint:
        await start(stack, user, endpoint, tmp_path)
        async with stack.viewer(user) as viewer:
            ended = []
            fields: dict[str, Any] = {"device_id": "executor", "options": {"workdir": str(tmp_path / "work")}}
            command = await stack.send(user, echoing(tmp_path), shell="Command", **fields)
            await viewer.subscribe(command["subtask_id"])
            ended.append(await stack.settled(user, command["subtask_id"], 60))
            claude = await stack.send(user, "say it", shell="ClaudeCode", **fields)
            await viewer.subscribe(claude["subtask_id"])
            ended.append(await _answered(stack, user, claude["subtask_id"]))
            failing = await stack.send(user, "say it", shell="ClaudeCode", **fields)
            ended.append(await stack.settled(user, failing["subtask_id"], 60))
            fields["options"]["workdir"] = str(tmp_path / "work/way-out")
            declined = await stack.send(user, "true", shell="Command", **fields)
            ended.append(await stack.settled(user, declined["subtask_id"]))
            await viewer.done()
        assert [each["state"] for each in ended] == ["completed", "completed", "failed", "failed"]
        assert "[redacted]" in ended[1]["result"]["text"]
        assert "[redacted]" in ended[2]["error"]["message"]
        assert "[redacted]" in ended[3]["error"]["message"]
        await _are_told_how_many(stack, user, command["subtask_id"])
        frames = b"".join(payload(bytes(each)) for each in stack.proxy.recorded or ())
        outboxes = _outboxes(tmp_path)
    places = {"frames": frames, "redis": _redis(stack), "database": _database(stack), "outboxes": outboxes}
    for place, content in places.items():
        if place != "outboxes":
            assert MARKER.encode() in content, f"{place}: the search would find nothing"
        for secret in (IN_ENVIRONMENT, IN_URL, IN_DOTENV, IN_OWN_FILE, user.token):
            _is_in_no_form(secret, content, place)
        assert BY_PATTERN.encode() not in content, place


async def _answered(stack: Stack, user: StackUser, subtask_id: str) -> Any:
    """Allow whatever is asked until the subtask has ended."""
    answered: set[str] = set()
    for _ in range(600):
        for event in await stack.events(user, subtask_id):
            if event["type"] == "approval" and event["id"] not in answered:
                answered.add(event["id"])
                given = {"type": "approval", "id": event["id"], "choice": "allow"}
                await stack.call(user, "POST", f"/subtasks/{subtask_id}/input", json={"input": given})
        subtask = await stack.subtask(user, subtask_id)
        if subtask["state"] in {"completed", "failed"}:
            assert answered
            return subtask
        await asyncio.sleep(0.1)
    raise AssertionError("it does not end")


async def _are_told_how_many(stack: Stack, user: StackUser, subtask_id: str) -> None:
    async def notices() -> list[str]:
        events = await stack.events(user, subtask_id)
        return [event["text"] for event in events if event["type"] == "notice"]

    (told,) = await eventually(notices, 20, "it is told")
    assert "secrets of this device were replaced by [redacted]" in told
    assert "CANARY_API_KEY" in told


def _is_in_no_form(secret: str, content: bytes, place: str) -> None:
    for form in (*needles(secret), secret):
        for written in (form, json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]):
            at = content.find(written.encode())
            assert at < 0, f"{place}: {written!r} in {content[max(at - 200, 0) : at + 200]!r}"


def _outboxes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("executors/*/outbox/**/*.*"))


def _database(stack: Stack) -> bytes:
    path = Path(stack.database_url.removeprefix("sqlite:///"))
    raw = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    values = []
    with sqlite3.connect(path) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                values += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return raw + b"\n".join(values)


def _redis(stack: Stack) -> bytes:
    found = []
    with redis.Redis.from_url(stack.redis.url) as client:
        reads = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"list": lambda key: client.lrange(key, 0, -1),
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
            b"stream": client.xrange,
        }
        for key in client.scan_iter():
            found += [key, _joined(reads[client.type(key)](key))]
    return b"\n".join(found)


def _joined(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\n".join(map(_joined, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple | set):
        return b"\n".join(map(_joined, value))
    return str(value).encode()
