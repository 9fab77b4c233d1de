"""REST: what is no good request is refused with problem+json that names the field, and nothing happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from support.http import Answer, ask
from support.processes import eventually
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"  # which refuses more than SQLite does

JSON = {"Content-Type": "application/json"}


async def post(shared: Stack, user: StackUser, body: Any, path: str = "/tasks", **headers: str) -> Answer:
    """Send a body as it is."""
    return await ask("POST", f"{shared.url}{path}", token=user.token, headers=JSON | headers, data=body)


async def unharmed(shared: Stack, user: StackUser) -> None:
    """See that nothing was written and that the server serves."""
    assert (await shared.get(user, "/tasks"))["items"] == []


WRONG_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "a number for a prompt": ({"prompt": 7}, "prompt"),
    "null for a prompt": ({"prompt": None}, "prompt"),
    "no prompt": ({}, "prompt"),
    "an empty prompt": ({"prompt": ""}, "prompt"),
    "a prompt with NUL": ({"prompt": "a\0b"}, "prompt"),
    "a prompt that is too long": ({"prompt": "x" * (512 * 1024 + 1)}, "prompt"),
    "a string for a boolean": ({"prompt": "p", "wait": "true"}, "wait"),
    "a number for a boolean": ({"prompt": "p", "wait": 1}, "wait"),
    "a list for an object": ({"prompt": "p", "options": []}, "options"),
    "a device id with NUL": ({"prompt": "p", "device_id": "a\0"}, "device_id"),
    "a device id that is too long": ({"prompt": "p", "device_id": "x" * 129}, "device_id"),
    "an empty shell": ({"prompt": "p", "shell": ""}, "shell"),
    "a shell that is too long": ({"prompt": "p", "shell": "x" * 65}, "shell"),
    "a title that is too long": ({"prompt": "p", "title": "x" * 201}, "title"),
    "a title with NUL": ({"prompt": "p", "title": "a\0"}, ""),
    "a timeout in words": ({"prompt": "p", "options": {"timeout_seconds": "7"}}, "timeout_seconds"),
    "a timeout below nothing": ({"prompt": "p", "options": {"timeout_seconds": -1}}, "timeout_seconds"),
    "a timeout beyond the years": ({"prompt": "p", "options": {"timeout_seconds": 1e300}}, "timeout_seconds"),
    "an environment of numbers": ({"prompt": "p", "options": {"env": {"A": 1}}}, "env"),
}


@pytest.mark.parametrize(("body", "field"), WRONG_FIELDS.values(), ids=WRONG_FIELDS)
async def test_a_wrong_field_is_named(shared: Stack, user: StackUser, body: dict[str, Any], field: str) -> None:
    problem = (await post(shared, user, json.dumps(body))).problem(400, "bad_message")
    assert field in problem["detail"] + problem.get("field", "")
    await unharmed(shared, user)


NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "words": b"prompt=hello",
    "half": b'{"prompt":"a"',
    "two": b'{"prompt":"a"}{"prompt":"b"}',
    "a list": b"[]",
    "a string": b'"prompt"',
    "a number": b"7",
    "null": b"null",
    "NaN": b'{"prompt":"a","options":{"n":NaN}}',
    "bad UTF-8": b'{"prompt":"\xff\xfe"}',
    "UTF-16": '{"prompt":"a"}'.encode("utf-16"),
    "a lone surrogate": b'{"prompt":"\\ud800"}',
    "too deep": b'{"prompt":"a","options":{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "a number without end": b'{"prompt":"a","options":{"n":' + b"9" * 50_000 + b"}}",
    "an exponent without end": b'{"prompt":"a","options":{"n":1e99999}}',
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
async def test_what_is_not_the_json_that_is_wanted_is_a_bad_message(
    shared: Stack, user: StackUser, body: bytes
) -> None:
    (await post(shared, user, body)).problem(400, "bad_message")
    for path in ("/auth/login", "/tasks/x/subtasks", "/subtasks/x/input"):
        (await post(shared, user, body, path)).problem(400, "bad_message")
    await unharmed(shared, user)


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", "x"]
)
async def test_a_body_that_is_not_called_json_is_refused(shared: Stack, user: StackUser, media_type: str) -> None:
    body = b'{"prompt":"a","device_id":"raw-device"}'
    problem = (await post(shared, user, body, **{"Content-Type": media_type})).problem(400, "bad_message")
    assert "application/json" in problem["hint"]
    fine = await post(shared, user, body, **{"Content-Type": "application/json; charset=utf-8"})
    fine.problem(404, "not_found")  # it was read: there is no such device


async def chunked(size: int) -> AsyncIterator[bytes]:
    """Give a JSON body piece by piece, whose length nobody knows beforehand."""
    yield b'{"prompt":"'
    for _ in range(size >> 14):
        yield b"x" * (1 << 14)
    yield b'"}'


@pytest.mark.parametrize("path", ["/tasks", "/auth/login"])
async def test_two_megabytes_are_too_large_however_they_come(shared: Stack, user: StackUser, path: str) -> None:
    whole = b'{"prompt":"' + b"x" * (2 << 20) + b'"}'
    for body in (BytesIO(whole), chunked(2 << 20)):
        (await post(shared, user, body, path)).problem(413, "too_large")
    await unharmed(shared, user)


async def test_a_body_that_stops_half_way_changes_nothing(shared: Stack, user: StackUser) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", shared.apis[0].port)
    head = (
        f"POST /tasks HTTP/1.1\r\nHost: 127.0.0.1:{shared.apis[0].port}\r\nAuthorization: Bearer {user.token}\r\n"
    )
    writer.write(head.encode() + b'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"prompt"')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await reader.read() in (b"",)
    await unharmed(shared, user)


QUERIES = [
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=99999999999999999999999",
    "limit=x",
    "limit=1.5",
    "limit=",
    "limit=٣",
    "after=x",
    "after=-1",
    "after=1-",
    "after=²-1",
    "after=1-²",
    "after=99999999999999999999-1",
    "after=%00",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_a_page_that_cannot_be_is_a_bad_message(shared: Stack, user: StackUser, query: str) -> None:
    async with shared.device(user) as device:
        await device.register()
        sent = await shared.send(user, "x", device_id="raw-device")
    for path in ("/tasks", "/devices", f"/tasks/{sent['task_id']}/subtasks"):
        if query == "after=1-1" and path == "/tasks":
            continue
        problem = (await ask("GET", f"{shared.url}{path}?{query}", token=user.token)).problem(400, "bad_message")
        assert query.split("=")[0] in problem["detail"] + problem.get("field", "")
    await shared.call(user, "POST", f"/subtasks/{sent['subtask_id']}/cancel")


async def test_a_search_for_anything_is_harmless(shared: Stack, user: StackUser) -> None:
    for text in ("%", "_", "\\", "'", '"', "\0", "%00", "🖥", "x" * 5000, "; DROP TABLE users"):
        page = await shared.get(user, "/tasks", params={"q": text})
        assert page["items"] == []


async def test_unknown_ways_are_not_found_and_wrong_methods_say_which_are_right(
    shared: Stack, user: StackUser
) -> None:
    for path in ("/nothing", "/tasks/x/y/z", "/devices/", "/%00", "/openapi.yaml", "/.env"):
        (await ask("GET", f"{shared.url}{path}", token=user.token)).problem(404, "not_found")
    answer = await ask("PUT", f"{shared.url}/tasks", token=user.token)
    answer.problem(405, "bad_message")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["tasks", "subtasks", "files", "tokens"])
@pytest.mark.parametrize("name", ["none", "%00", "a%00b", "%ff", "x" * 2000, "..%2f", "-1", "🖥"])
async def test_an_id_that_is_none_is_not_found(shared: Stack, user: StackUser, path: str, name: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"title": "x", "device_id": "x"}), ("DELETE", None)):
        answer = await ask(method, f"{shared.url}/{path}/{name}", token=user.token, json=body)
        assert answer.status in (403, 404, 405), answer.body  # tokens are for login sessions only
        assert answer.json["code"] in ("forbidden", "not_found", "bad_message")


async def test_the_server_still_serves_after_all_that(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        await shared.send(user, "x", device_id="raw-device")
        offer = await device.start()
        await device.complete(offer)
        await shared.settled(user, offer.subtask_id)
    await eventually(lambda: shared.apis[0].running.returncode is None)


@pytest.mark.parametrize("subtask_id", ["%00", "a%00b", "x" * 129])
async def test_a_file_of_what_can_be_no_subtask_is_refused(
    shared: Stack, user: StackUser, subtask_id: str
) -> None:
    answer = await post(shared, user, b"{}", f"/files?subtask_id={subtask_id}")
    answer.problem(400, "bad_message")
