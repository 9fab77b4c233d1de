"""The messages of both sockets: they survive the wire, and their limits hold."""

from typing import Any

import msgspec
import pytest

from wegent.protocol import chat_messages, device_messages, output_events
from wegent.protocol.codec import decode_data
from wegent.protocol.errors import ProtocolError
from wegent.protocol.inputs import AnyInput, ApprovalInput, TextInput
from wegent.protocol.output_events import Unknown, decode_event, encode_event
from wegent.protocol.resources import Device, Slots, TaskError
from wegent.protocol.types import MAX_INTEGER, DeviceId

RAW = msgspec.Raw(b'{"type":"text","text":"a"}')
DEVICE: dict[str, Any] = {
    "device_id": "d",
    "name": "n",
    "status": "online",
    "slots": Slots(2, 5),
    "queued": 1,
    "running": ["s"],
    "is_default": True,
    "kind": "local",
    "shells": ["Command"],
    "folders": [],
    "kernels": [],
    "labels": {"gpu": "a100"},
    "version": "1",
    "platform": "Linux",
    "last_seen": None,
    "created_at": "2030-01-01T00:00:00Z",
}
EXAMPLES: list[msgspec.Struct] = [
    device_messages.Register(
        device_id="d-1",
        name="Linux - box",
        running=[device_messages.Running("s", 1, 7)],
        instance="i",
        connection=2,
    ),
    device_messages.Heartbeat("d-1", ["s"], {"cpu": 0.5}),
    device_messages.Leave("update"),
    device_messages.Accept("s", 1),
    device_messages.Decline("s", 1, "no room", False),
    device_messages.Progress("s", 1, 1, [RAW]),
    device_messages.Complete("s", 1, 3, "failed", device_messages.ReportedError("shell_failed", "x"), {"n": 1}),
    device_messages.Execute(
        subtask_id="s",
        task_id="t",
        attempt=1,
        shell="Command",
        prompt="ls",
        options={"a": [1]},
        timeout_seconds=1.5,
    ),
    device_messages.Ack("s", 3, 2),
    device_messages.Replay("s", 1),
    device_messages.Cancel("s", 1, 10.0),
    device_messages.TaskInput("s", "i-1", {"type": "text", "text": "go on"}),
    chat_messages.Send("c", "hi", device_id="cloud", wait=True, options={"workdir": "/x"}),
    chat_messages.Subscribe("s", 7),
    chat_messages.Unsubscribe("s"),
    chat_messages.CancelSubtask("s"),
    chat_messages.SendInput("s", "c", ApprovalInput("a", "allow", "fine")),
    chat_messages.SendInput("s", "c", TextInput("and then?")),
    chat_messages.Chunk("s", 1, [RAW]),
    chat_messages.Done("s", 3, chat_messages.State.FAILED, TaskError("declined", "no", "yes")),
    chat_messages.SubtaskState("t", "s", chat_messages.State.QUEUED, "d", 1, queue_position=2),
    chat_messages.TaskChanged("t", removed=True),
    chat_messages.DeviceState(**DEVICE, rev=3, removed=True),
    Device(**DEVICE),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_survives_the_wire(message: msgspec.Struct) -> None:
    encoded = msgspec.json.encode(message)
    again = decode_data(encoded, type(message))
    assert msgspec.json.encode(again) == encoded
    with pytest.raises(AttributeError):
        setattr(again, message.__struct_fields__[0], "x")


def test_every_event_of_both_sockets_is_among_the_examples() -> None:
    tables = [*device_messages.FROM_DEVICE.values(), *device_messages.TO_DEVICE.values()]
    tables += [*chat_messages.FROM_VIEWER.values(), *chat_messages.TO_VIEWER.values()]
    assert set(tables) <= {type(message) for message in EXAMPLES}


@pytest.mark.parametrize("device_id", ["a", "A-z.0:9_", "x" * 128, "clouds", "cloud-1", "Cloud", "my.cloud"])
def test_a_device_id_may_be(device_id: str) -> None:
    assert msgspec.convert(device_id, DeviceId) == device_id


@pytest.mark.parametrize(
    "device_id", ["", "cloud", "x" * 129, "a b", "a/b", "a\n", "cloud\n", "\na", "ü", "a\0", "%2e", "²"]
)
def test_a_device_id_may_not_be(device_id: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(device_id, DeviceId)


REGISTER: dict[str, Any] = {"device_id": "d", "name": "n"}
WRONG: list[tuple[type[msgspec.Struct], dict[str, Any], str]] = [
    (device_messages.Register, {**REGISTER, "name": ""}, "name"),
    (device_messages.Register, {**REGISTER, "name": "x" * 201}, "name"),
    (device_messages.Register, {**REGISTER, "name": "a\0"}, "name"),
    (device_messages.Register, {**REGISTER, "instance": "a\0"}, "instance"),
    (device_messages.Register, {**REGISTER, "slots": 0}, "slots"),
    (device_messages.Register, {**REGISTER, "slots": 1001}, "slots"),
    (device_messages.Register, {**REGISTER, "slots": "5"}, "slots"),
    (device_messages.Register, {**REGISTER, "kind": "remote"}, "kind"),
    (device_messages.Register, {**REGISTER, "connection": -1}, "connection"),
    (device_messages.Register, {**REGISTER, "shells": ["x" * 65]}, "shells"),
    (device_messages.Register, {**REGISTER, "shells": ["s"] * 33}, "shells"),
    (device_messages.Register, {**REGISTER, "labels": {"k": 1}}, "labels"),
    (device_messages.Register, {**REGISTER, "running": [{"subtask_id": "s", "attempt": 0}]}, "running"),
    (device_messages.Register, {**REGISTER, "running": [{"subtask_id": "s", "attempt": 1, "seq": -1}]}, "running"),
    (device_messages.Heartbeat, {"device_id": "d", "running_task_ids": [1]}, "running_task_ids"),
    (device_messages.Heartbeat, {"device_id": "d"}, "running_task_ids"),
    (device_messages.Progress, {"subtask_id": "s", "attempt": 1, "seq": 0, "events": [{}]}, "seq"),
    (device_messages.Progress, {"subtask_id": "s", "attempt": 1, "seq": 1, "events": []}, "events"),
    (
        device_messages.Progress,
        {"subtask_id": "s", "attempt": 1, "seq": MAX_INTEGER + 1, "events": [{}]},
        "seq",
    ),
    (device_messages.Complete, {"subtask_id": "s", "attempt": 1, "seq": 0, "status": "lost"}, "status"),
    (device_messages.Complete, {"subtask_id": "s", "attempt": 1, "seq": -1, "status": "failed"}, "seq"),
    (chat_messages.Send, {"client_id": "", "prompt": "p"}, "client_id"),
    (chat_messages.Send, {"client_id": "c", "prompt": "x" * (512 * 1024 + 1)}, "prompt"),
    (chat_messages.Send, {"client_id": "c", "prompt": "p", "wait": 1}, "wait"),
    (chat_messages.Send, {"client_id": "c", "prompt": "p", "options": []}, "options"),
    (chat_messages.Subscribe, {"subtask_id": "s", "seq": -1}, "seq"),
    (chat_messages.Subscribe, {"subtask_id": "s" * 129}, "subtask_id"),
    (chat_messages.SendInput, {"subtask_id": "s", "client_id": "c", "input": {"type": "key"}}, "input"),
]


@pytest.mark.parametrize(("kind", "fields", "field"), WRONG, ids=lambda value: str(value)[-60:])
def test_a_message_beyond_its_limits_is_refused_naming_the_field(
    kind: type[msgspec.Struct], fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(ProtocolError, match=field):
        decode_data(msgspec.json.encode(fields), kind)


OUTPUT: list[output_events.AnyEvent] = [
    output_events.Text("a"),
    output_events.Thinking("hm"),
    output_events.ToolUse("1", "Bash", {"command": "ls"}),
    output_events.ToolResult("1", ["x"], True),
    output_events.Stream("stderr", "no\n"),
    output_events.Cell(1, 3, "x = 1"),
    output_events.CellOutput(1, {"output_type": "stream"}),
    output_events.Diff("a.py", "--- a\n+++ b\n"),
    output_events.Todo([output_events.TodoItem("do", "pending")]),
    output_events.Approval("a", "Bash", {"command": "rm"}, "why", ["allow", "deny"]),
    output_events.ApprovalDone("a", "allow", "ada"),
    output_events.Usage(1, 2, cost_usd=0.5),
    output_events.Notice("warning", "cut"),
    output_events.File("a.png", "image/png", 3, "f"),
    Unknown("hologram", {"type": "hologram", "beams": 3}),
    Unknown("text", {"type": "text", "words": ["of", "a", "later", "version"]}),
]


@pytest.mark.parametrize("event", OUTPUT, ids=lambda event: type(event).__name__)
def test_an_output_event_survives_the_wire_even_an_unknown_one(event: output_events.AnyEvent) -> None:
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "approval", "id": "a", "choice": "deny"}, ApprovalInput("a", "deny")),
        ({"type": "text", "text": "more"}, TextInput("more")),
    ],
)
def test_an_input_is_told_by_its_type(given: dict[str, str], expected: AnyInput) -> None:
    assert msgspec.convert(given, AnyInput) == expected
