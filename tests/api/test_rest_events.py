"""REST: a subtask's output as Server-Sent Events and as JSON, and files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from support.http import ask, form
from support.processes import eventually
from support.raw_device import RawDevice
from support.raw_viewer import ServerSentEvent, server_sent_events
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def device(shared: Stack, user: StackUser) -> AsyncIterator[RawDevice]:
    """A registered device of the user's."""
    async with shared.device(user) as opened:
        await opened.register()
        yield opened


async def streamed(shared: Stack, user: StackUser, subtask_id: str, **options: Any) -> list[ServerSentEvent]:
    """Return a whole stream; fail where a number is missing, doubled or moved."""
    found = [event async for event in server_sent_events(shared.url, user.token, subtask_id, **options)]
    cursor = options.get("last_event_id") or options.get("after") or 0
    for event in found[:-1]:
        assert (event.event, event.data["seq"]) == ("chunk", cursor + 1)
        cursor += len(event.data["events"])
        assert event.id == str(cursor)
    assert (found[-1].event, found[-1].id) == ("done", str(cursor))
    return found


def texts(events: list[ServerSentEvent]) -> str:
    """Return the text in a stream."""
    return "".join(one["text"] for event in events[:-1] for one in event.data["events"])


async def test_a_stream_follows_a_running_subtask_to_its_end(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    await device.text(offer, 1, "a", "b")
    await device.acked(2)
    reading = asyncio.create_task(streamed(shared, user, offer.subtask_id))
    for n in range(3, 30):
        await device.text(offer, n, f"{n},")
    await device.complete(offer, 29, answer=42)
    events = await asyncio.wait_for(reading, 20)
    assert texts(events) == "ab" + "".join(f"{n}," for n in range(3, 30))
    done = events[-1].data
    assert (done["state"], done["seq"], done["result"]) == ("completed", 29, {"answer": 42})
    assert texts(await streamed(shared, user, offer.subtask_id)) == texts(events)


async def test_a_cut_stream_resumes_behind_the_last_event(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    for n in range(1, 11):
        await device.text(offer, n, f"{n},")
    async with aclosing(server_sent_events(shared.url, user.token, offer.subtask_id)) as stream:
        first = await anext(stream)
    assert first.data["seq"] == 1
    reading = asyncio.create_task(streamed(shared, user, offer.subtask_id, last_event_id=int(first.id)))
    await device.text(offer, 11, "end")
    await device.complete(offer, 11)
    rest = texts(await asyncio.wait_for(reading, 20))
    whole = "".join(f"{n}," for n in range(1, 11)) + "end"
    assert first.data["events"][0]["text"] + rest == whole or whole.endswith(rest)
    assert texts(await streamed(shared, user, offer.subtask_id, after=10)) == "end"
    assert texts(await streamed(shared, user, offer.subtask_id, after=3, last_event_id=9)) == "10,end"
    assert await streamed(shared, user, offer.subtask_id, after=11)
    beyond = [
        event async for event in server_sent_events(shared.url, user.token, offer.subtask_id, after=2**53 - 1)
    ]
    assert [event.event for event in beyond] == ["done"]


@pytest.mark.parametrize("header", ["²", "-1", "x", "9" * 40, "1.5", "", "٣"])
async def test_a_last_event_id_that_is_none_is_ignored(
    shared: Stack, user: StackUser, device: RawDevice, header: str
) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    await device.text(offer, 1, "a")
    await device.complete(offer, 1)
    path = f"{shared.url}/subtasks/{offer.subtask_id}/events"
    answer = await ask("GET", path, token=user.token, headers={"Last-Event-ID": header})
    assert answer.status == 200
    assert b"id: 1" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


async def test_json_gives_what_there_is_now(shared: Stack, user: StackUser, device: RawDevice) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    path = f"/subtasks/{offer.subtask_id}/events"
    accept = {"Accept": "application/json"}
    nothing = {"state": "running", "seq": 0, "items": [], "next": None}
    assert await shared.get(user, path, headers=accept) == nothing
    await device.text(offer, 1, "a", "b")
    await device.acked(2)
    answer = await shared.get(user, path, headers=accept)
    expected = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert answer == {"state": "running", "seq": 2, "items": [{"seq": 1, "events": expected}], "next": None}
    answer = await shared.get(user, path, headers=accept, params={"after": "1"})
    assert answer == {"state": "running", "seq": 2, "items": [{"seq": 2, "events": expected[1:]}], "next": None}
    await device.complete(offer, 2)
    assert (await shared.get(user, path, headers=accept))["state"] == "completed"


async def test_json_is_whole_once_it_says_that_it_ended(shared: Stack, user: StackUser, device: RawDevice) -> None:
    for _ in range(3):
        await shared.send(user, "x", device_id="raw-device")
        offer = await device.start()
        path = f"/subtasks/{offer.subtask_id}/events"
        ended = asyncio.Event()

        async def poll(path: str, ended: asyncio.Event) -> None:
            while not ended.is_set():
                answer = await shared.get(user, path, headers={"Accept": "application/json"})
                held = sum(len(item["events"]) for item in answer["items"])
                assert held == answer["seq"]
                if answer["state"] == "completed":
                    assert held == 40
                    ended.set()

        polling = [asyncio.create_task(poll(path, ended)) for _ in range(4)]
        for n in range(1, 41):
            await device.text(offer, n, "x" * 2000)
        await device.complete(offer, 40)
        await asyncio.wait_for(asyncio.gather(*polling), 20)


async def test_late_output_is_given_when_asked_for(shared: Stack, user: StackUser, device: RawDevice) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    await device.text(offer, 1, "a")
    await device.complete(offer, 1)
    await device.text(offer, 2, "b", "c")
    assert (await device.acked(3)).stored == 3
    path = f"/subtasks/{offer.subtask_id}/events"
    late = await shared.get(user, path, params={"late": "1"})
    assert [(item["seq"], [one["text"] for one in item["events"]]) for item in late["items"]] == [(2, ["b", "c"])]
    assert late["state"] == "completed"
    assert (await shared.get(user, path, params={"late": "1", "after": "2"}))["items"][0]["seq"] == 3
    assert len(await shared.events(user, offer.subtask_id)) == 1
    assert (await shared.subtask(user, offer.subtask_id))["seq"] == 1


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=1.5", "after=9007199254740992", "after=", "late=perhaps"]
)
async def test_a_query_that_cannot_be_is_a_bad_message(shared: Stack, user: StackUser, query: str) -> None:
    status, problem = await shared.call(user, "GET", f"/subtasks/none/events?{query}")
    assert (status, problem["code"]) == (400, "bad_message")
    assert query.split("=")[0] in problem["detail"]


async def test_a_stream_of_a_waiting_subtask_that_is_cancelled_ends_at_once(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    await device.request("device:drain", {}, dict)
    sent = await shared.send(user, "x", device_id="raw-device")
    reading = asyncio.create_task(streamed(shared, user, sent["subtask_id"]))
    await eventually(lambda: shared.proxy.connections >= 2)
    await shared.call(user, "POST", f"/subtasks/{sent['subtask_id']}/cancel")
    (done,) = await asyncio.wait_for(reading, 20)
    assert (done.data["state"], done.data["seq"]) == ("cancelled", 0)


async def test_a_long_output_comes_in_several_answers(shared: Stack, user: StackUser, device: RawDevice) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    long = "x" * 200_000
    for n in range(1, 51):
        await device.text(offer, n, f"{n} {long}")
        await device.acked(n)
    path, headers = f"/subtasks/{offer.subtask_id}/events", {"Accept": "application/json"}
    for state in ("running", "completed"):
        answers, after = [], 0
        while after is not None:
            answers.append(await shared.get(user, path, params={"after": str(after)}, headers=headers))
            after = answers[-1]["next"]
        assert [answer["state"] for answer in answers] == [state] * len(answers)
        assert len(answers) == 3
        assert answers[-1]["seq"] == 50
        items = [item for answer in answers for item in answer["items"]]
        numbers = [int(one["text"].split()[0]) for item in items for one in item["events"]]
        assert numbers == list(range(1, 51))
        if state == "running":
            await device.complete(offer, 50)


async def test_a_file_comes_back_as_it_was_and_always_as_a_download(shared: Stack, user: StackUser) -> None:
    body = bytes(range(256)) * 1000
    status, stored = await shared.call(user, "POST", "/files", data=form("file", body, 'Ü "x".html', "text/html"))
    assert (status, stored["size"], stored["media_type"]) == (201, len(body), "text/html")
    answer = await ask("GET", f"{shared.url}/files/{stored['id']}", token=user.token)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    other = await shared.user()
    assert (await shared.call(other, "GET", f"/files/{stored['id']}"))[0] == 404


async def test_a_file_keeps_its_name_in_any_language(shared: Stack, user: StackUser) -> None:
    # As browsers send it: UTF-8, and %22 for a quotation mark.
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="报告 %22x%22.pdf"\r\n'
    body = f"{head}Content-Type: application/pdf\r\n\r\nhello\r\n--x--\r\n".encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    _, stored = await shared.call(user, "POST", "/files", data=body, headers=headers)
    assert stored["name"].startswith("报告")
    answer = await ask("GET", f"{shared.url}/files/{stored['id']}", token=user.token)
    disposition = answer.headers["Content-Disposition"]
    kind, plain, encoded = disposition.split("; ")
    assert (kind, plain.isascii()) == ("attachment", True)
    assert unquote(encoded.removeprefix("filename*=UTF-8''")) == stored["name"]


async def test_what_is_no_file_is_refused(shared: Stack, user: StackUser) -> None:
    for options in (
        {"json": {"file": "x"}},
        {"data": form("attachment", b"x", "x", "text/plain")},
        {"data": b"--x\r\nnonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"", "headers": {"Content-Type": "multipart/form-data"}},
    ):
        status, problem = await shared.call(user, "POST", "/files", **options)
        assert (status, problem["code"]) == (400, "bad_message"), options
    for media_type in ("text/pläin", "x" * 500, "a/b; c=\x7f", "a/b\x0b"):
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\\r\\nb"\r\nContent-Type: '
            + media_type.encode()
            + b"\r\n\r\nhello\r\n--x--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        status, stored = await shared.call(user, "POST", "/files", data=body, headers=headers)
        assert status in (201, 400), media_type
        if status == 201:
            assert (await ask("GET", f"{shared.url}/files/{stored['id']}", token=user.token)).body == b"hello"


async def test_a_file_that_is_too_large_is_refused(shared: Stack, user: StackUser) -> None:
    body = BytesIO(b"x" * ((24 << 20) + 1))
    status, problem = await shared.call(user, "POST", "/files", data=form("file", body, "x", "text/plain"))
    assert (status, problem["code"]) == (413, "too_large")
