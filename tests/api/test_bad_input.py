"""Bad frames on both sockets: a clear error each time; the socket lives unless the contract says otherwise."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from support.raw_device import RawDevice
from support.raw_socket import RawSocket, RefusedError
from support.stack import Stack, StackUser

from wegent.protocol.codec import MAX_FRAME

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"  # which refuses more than SQLite does

HUGE = 2**53 - 1


@pytest_asyncio.fixture(loop_scope="module")
async def device(shared: Stack, user: StackUser) -> AsyncIterator[RawDevice]:
    """A registered device of the user's."""
    async with shared.device(user) as opened:
        await opened.register()
        yield opened


@pytest_asyncio.fixture(loop_scope="module", params=["/ws/device", "/ws/chat"])
async def socket(
    request: pytest.FixtureRequest, shared: Stack, user: StackUser, device: RawDevice, bystander: None
) -> AsyncIterator[RawSocket]:
    """A device's socket and a viewer's."""
    if request.param == "/ws/device":
        yield device
    else:
        async with shared.viewer(user) as viewer:
            yield viewer


async def code_of(socket: RawSocket, event: str, data: object) -> str:
    """Send a frame and return the code that it is refused with; the message must say something."""
    with pytest.raises(RefusedError) as refused:
        await socket.request(event, data, dict)
    assert refused.value.message
    assert refused.value.hint
    return refused.value.code


NO_FRAMES: dict[str, str] = {
    "nothing": "",
    "words": "hello",
    "half": '{"event":"ping"',
    "a list": "[]",
    "a number": "1e400",
    "no event": '{"data":{}}',
    "an event that is a number": '{"event":7}',
    "a ref that is a string": '{"event":"ping","ref":"1"}',
    "a ref that is negative": '{"event":"ping","ref":-1}',
    "a ref that is huge": '{"event":"ping","ref":1e300}',
    "a ref that JavaScript cannot count": f'{{"event":"ping","ref":{HUGE + 1}}}',
    "too deep": '{"event":"ping","data":' + "[" * 50_000 + "]" * 50_000 + "}",
    "a lone surrogate": '{"event":"\\ud800"}',
}


async def test_what_is_no_frame_is_answered_with_an_error(socket: RawSocket) -> None:
    for name, text in NO_FRAMES.items():
        await socket.send_text(text)
        error = await socket.error()
        assert (error.code, bool(error.message), bool(error.hint)) == ("bad_message", True, True), name
        await socket.ping()
    for data in (b"", b"\x00\xff", b'{"event":"ping","ref":1}'):
        await socket.send_bytes(data)
        assert (await socket.error()).code == "bad_message"
        await socket.ping()


async def test_an_unknown_event_is_refused_and_does_not_count_against_the_socket(socket: RawSocket) -> None:
    for event in ("", "chat:dance", "task:execute", "x" * 5000, "ping ", "device:registers", "ü", "\x00"):
        assert await code_of(socket, event, {}) == "bad_message"
        await socket.send(event, {})
        assert (await socket.error()).code == "bad_message"
    await socket.ping()


async def test_answers_to_questions_that_nobody_asked_are_ignored(socket: RawSocket) -> None:
    for event in ("ack", "error"):
        for ref in (None, 0, 1, HUGE):
            await socket.send(event, {"code": "x"}, ref)
    await socket.ping()
    assert not [frame for frame in socket.inbox if frame.event == "error"]


async def test_four_bad_frames_in_a_row_are_forgiven_and_the_fifth_is_not(socket: RawSocket) -> None:
    for _ in range(2):
        for _ in range(4):
            await socket.send_text("x")
        await socket.ping()
    for _ in range(5):
        await socket.send_text("x")
    assert await socket.closed() == 4400
    assert len([frame for frame in socket.inbox if frame.event == "error"]) == 13


async def test_a_frame_of_two_megabytes_closes_with_1009(socket: RawSocket) -> None:
    await socket.send_text('{"event":"ping","data":"' + "x" * (2 << 20) + '"}')
    assert await socket.closed() == 1009


async def test_the_largest_frame_is_served_and_one_with_more_bytes_than_characters_is_not(
    socket: RawSocket,
) -> None:
    head, tail = '{"event":"ping","ref":7,"data":"', '"}'
    room = MAX_FRAME - len(head + tail)
    await socket.send_text(head + "x" * room + tail)
    assert (await socket.next_of({"ack"})).ref == 7
    await socket.send_text(head + "ü" * (room // 2 + 1) + tail)
    assert (await socket.error()).code == "too_large"
    await socket.ping()


async def test_text_that_is_no_utf8_ends_that_connection_alone(socket: RawSocket) -> None:
    raw = socket.socket._writer  # aiohttp itself sends no such frame
    await raw.send_frame(b'{"event":"\xff\xfe"}', 1)
    assert await socket.closed() in (None, 1006, 1007)


WRONG_DATA: dict[str, list[tuple[str, dict[str, Any], str]]] = {
    "/ws/device": [
        ("device:heartbeat", {"device_id": "raw-device", "running_task_ids": "x"}, "running_task_ids"),
        ("device:heartbeat", {"device_id": "raw-device", "running_task_ids": [7]}, "running_task_ids"),
        ("device:heartbeat", {"device_id": "raw-device", "running_task_ids": [], "load": {"cpu": "x"}}, "load"),
        ("device:heartbeat", {"device_id": "raw-device", "running_task_ids": ["x"] * 10_001}, "running_task_ids"),
        ("device:register", {"device_id": "cloud", "name": "n"}, "device_id"),
        ("device:register", {"device_id": "raw-device\n", "name": "n"}, "device_id"),
        ("device:register", {"device_id": "raw-device", "name": "n\x00"}, "name"),
        ("device:register", {"device_id": "raw-device", "name": "n", "instance": "\x00"}, "instance"),
        ("device:register", {"device_id": "raw-device", "name": "n", "slots": -5}, "slots"),
        ("device:register", {"device_id": "raw-device", "name": "n", "slots": HUGE}, "slots"),
        ("device:register", {"device_id": "raw-device", "name": "n", "connection": 2**64}, "connection"),
        ("device:drain", {"reason": 7}, "reason"),
        ("device:goodbye", {"reason": "x" * 1001}, "reason"),
        ("task:accept", {"subtask_id": "s", "attempt": "1"}, "attempt"),
        ("task:accept", {"subtask_id": "s", "attempt": -1}, "attempt"),
        ("task:accept", {"subtask_id": "s", "attempt": 2**63}, "attempt"),
        ("task:accept", {"subtask_id": "s\x00", "attempt": 1}, "subtask_id"),
        ("task:accept", {"subtask_id": None, "attempt": 1}, "subtask_id"),
        ("task:accept", {}, "subtask_id"),
        ("task:decline", {"subtask_id": "s", "attempt": 1, "retry": "yes"}, "retry"),
        ("task:progress", {"subtask_id": "s", "attempt": 1, "seq": 0, "events": [{}]}, "seq"),
        ("task:progress", {"subtask_id": "s", "attempt": 1, "seq": -1, "events": [{}]}, "seq"),
        ("task:progress", {"subtask_id": "s", "attempt": 1, "seq": 1, "events": []}, "events"),
        ("task:progress", {"subtask_id": "s", "attempt": 1, "seq": 1, "events": {}}, "events"),
        ("task:complete", {"subtask_id": "s", "attempt": 1, "seq": 1.5, "status": "completed"}, "seq"),
        ("task:complete", {"subtask_id": "s", "attempt": 1, "seq": 0, "status": "running"}, "status"),
        ("task:complete", {"subtask_id": "s", "attempt": 1, "seq": 0, "status": "failed", "error": "x"}, "error"),
    ],
    "/ws/chat": [
        ("chat:send", {"prompt": "x"}, "client_id"),
        ("chat:send", {"client_id": "c", "prompt": 7}, "prompt"),
        ("chat:send", {"client_id": "c", "prompt": "a\x00"}, "NUL"),
        ("chat:send", {"client_id": "c\x00", "prompt": "x"}, "client_id"),
        ("chat:send", {"client_id": "c", "prompt": "x", "wait": "yes"}, "wait"),
        ("chat:send", {"client_id": "c", "prompt": "x", "options": [1]}, "options"),
        ("chat:send", {"client_id": "c", "prompt": "x", "options": {"timeout_seconds": -1}}, "timeout_seconds"),
        ("chat:send", {"client_id": "c", "prompt": "x", "title": "x" * 201}, "title"),
        ("chat:subscribe", {"subtask_id": 7}, "subtask_id"),
        ("chat:subscribe", {"subtask_id": "s", "seq": -1}, "seq"),
        ("chat:subscribe", {"subtask_id": "s", "seq": 2**53}, "seq"),
        ("chat:unsubscribe", {}, "subtask_id"),
        ("chat:cancel", {"subtask_id": ["s"]}, "subtask_id"),
        ("chat:input", {"subtask_id": "s", "client_id": "c"}, "input"),
        ("chat:input", {"subtask_id": "s", "client_id": "c", "input": {"type": "key"}}, "type"),
        ("chat:input", {"subtask_id": "s", "client_id": "c", "input": {"type": "text", "text": 7}}, "text"),
    ],
}


async def test_data_of_the_wrong_form_is_refused_with_the_name_of_the_field(socket: RawSocket) -> None:
    for event, data, field in WRONG_DATA[socket.path]:
        with pytest.raises(RefusedError) as refused:
            await socket.request(event, data, dict)
        assert refused.value.code == "bad_message", (event, data)
        assert field in refused.value.message, (event, data, refused.value.message)
        await socket.send(event, data)  # without a ref, the same
        assert (await socket.error()).code == "bad_message"
        for other in ([], "x", None, 7):
            assert await code_of(socket, event, other) == "bad_message", event
    await socket.ping()


async def test_numbers_without_end_are_refused(socket: RawSocket) -> None:
    for number in ("9" * 20_000, "1e99999", "-" + "9" * 400):
        event, field = ("task:accept", "attempt") if socket.path == "/ws/device" else ("chat:subscribe", "seq")
        await socket.send_text(f'{{"event":"{event}","ref":5,"data":{{"subtask_id":"s","{field}":{number}}}}}')
        assert (await socket.next_of({"error"})).ref == 5
    await socket.ping()
