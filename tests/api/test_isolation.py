"""Two users: whatever one aims at the other's ids is answered as if there were nothing, and changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from support.http import form, session_of
from support.raw_device import RawDevice
from support.raw_socket import RawSocket, RefusedError
from support.stack import Stack, StackUser
from support.store_work import dump

from api.app import create_app
from api.auth import PUBLIC
from api.config import Settings
from api.store.database import Database
from wegent.protocol.chat_messages import FROM_VIEWER
from wegent.protocol.device_messages import FROM_DEVICE, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"
ENVIRON = {"WEGENT_HEARTBEAT_SECONDS": "20", "WEGENT_ONLINE_TTL_SECONDS": "60", "WEGENT_OFFER_SECONDS": "60"}

ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/devices/{device}", None),
    ("PATCH", "/devices/{device}", {"name": "stolen"}),
    ("DELETE", "/devices/{device}", None),
    ("PUT", "/devices/{device}/default", None),
    ("DELETE", "/devices/{device}/default", None),
    ("GET", "/tasks/{task}", None),
    ("PATCH", "/tasks/{task}", {"title": "stolen"}),
    ("DELETE", "/tasks/{task}", None),
    ("PUT", "/tasks/{task}/seen", None),
    ("GET", "/tasks/{task}/subtasks", None),
    ("POST", "/tasks/{task}/subtasks", {"prompt": "x", "wait": True}),
    ("POST", "/tasks/{task}/subtasks", {"prompt": "x", "wait": True, "device_id": "cloud"}),
    ("GET", "/subtasks/{subtask}", None),
    ("PATCH", "/subtasks/{queued}", {"device_id": "bobs"}),
    ("PATCH", "/subtasks/{queued}", {"device_id": "cloud"}),
    ("POST", "/subtasks/{subtask}/cancel", None),
    ("POST", "/subtasks/{queued}/cancel", None),
    ("POST", "/subtasks/{settled}/retry", None),
    ("POST", "/subtasks/{subtask}/input", {"input": {"type": "approval", "id": "a", "choice": "allow"}}),
    ("POST", "/subtasks/{subtask}/input", {"input": {"type": "text", "text": "go"}}),
    ("GET", "/subtasks/{subtask}/events", None),
    ("GET", "/subtasks/{settled}/events?late=1", None),
    ("GET", "/files/{file}", None),
    ("DELETE", "/tokens/{token}", None),
    ("GET", "/auth/device-code/{user_code}", None),
    ("POST", "/tasks", {"prompt": "x", "wait": True, "device_id": "adas"}),
]


class Victim(msgspec.Struct, frozen=True):
    """What Ada has: a device at work, and an id of each kind."""

    user: StackUser
    device: RawDevice
    offer: Any
    ids: dict[str, str]


@pytest_asyncio.fixture(loop_scope="module")
async def ada(shared: Stack) -> AsyncIterator[Victim]:
    """Somebody with one of everything."""
    user = await shared.user()
    async with shared.device(user) as device:
        await device.register("adas", slots=2)
        await shared.send(user, "done", device_id="adas")
        settled = await device.start()
        await device.text(settled, 1, "secret")
        await device.complete(settled, 1)
        await device.text(settled, 2, "late secret")
        await device.acked(2)
        await shared.send(user, "run", device_id="adas")
        running = await device.start()
        question = {"type": "approval", "id": "a", "tool": "Bash", "input": {}, "choices": ["allow"]}
        await device.progress(running, 1, question, {"type": "text", "text": "secret"})
        await device.acked(2)
        await shared.send(user, "offered", device_id="adas")
        offered = await device.offer()
        queued = await shared.send(user, "wait", device_id="adas")
        _, file = await shared.call(user, "POST", "/files", data=form("file", b"secret", "f", "text/plain"))
        session = await session_of(shared, user)
        _, token = await shared.call(session, "POST", "/tokens", json={"name": "ci"})
        _, codes = await shared.call(session, "POST", "/auth/device-code", json={"name": "laptop"})
        approval = {"user_code": codes["user_code"]}
        assert (await shared.call(session, "POST", "/auth/device-code/approve", json=approval))[0] == 204
        ids = {
            "user_code": codes["user_code"],
            "device": "adas",
            "task": running.task_id,
            "subtask": running.subtask_id,
            "offered": offered.subtask_id,
            "queued": queued["subtask_id"],
            "settled": settled.subtask_id,
            "file": file["id"],
            "token": token["id"],
        }
        yield Victim(user, device, running, ids)


async def everything(shared: Stack) -> dict[str, list[Any]]:
    """Return all that SQL holds."""
    async with Database.open(shared.database_url) as database:
        return await dump(database)


async def output(shared: Stack, ada: Victim) -> list[Any]:
    """Return what Ada's subtasks said so far."""
    return [await shared.events(ada.user, ada.ids[name]) for name in ("subtask", "settled")]


async def code_of(socket: RawSocket, event: str, data: dict[str, Any]) -> str:
    """Send a frame, and return the code that it is refused with ('' if it is served)."""
    try:
        await socket.request(event, data, dict)
    except RefusedError as refused:
        return refused.code
    return ""


async def test_every_route_with_an_id_in_it_is_aimed_at_below(tmp_path: Path) -> None:
    app = create_app(Settings.from_env({"WEGENT_SECRET_KEY": "x" * 32, "WEGENT_DATA_DIR": str(tmp_path)}))
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.arguments and rule.endpoint not in PUBLIC
    }
    names = {"{queued}": "subtask", "{settled}": "subtask"}
    aimed = set()
    for method, path, _ in ROUTES:
        path = path.partition("?")[0]
        for name in ("device", "task", "subtask", "queued", "settled", "file", "token"):
            path = path.replace(f"{{{name}}}", f"<{names.get(f'{{{name}}}', name)}_id>")
        aimed.add((method, path.replace("{user_code}", "<user_code>")))
    assert routes - aimed == set()


async def test_every_route_answers_as_for_an_id_that_is_none(shared: Stack, ada: Victim) -> None:
    bob = await shared.user()
    session = await session_of(shared, bob)
    async with shared.device(bob) as device:
        await device.register("bobs")
        before = await everything(shared)
        for method, path, body in ROUTES:
            answers = []
            for ids in (ada.ids, dict.fromkeys(ada.ids, "none")):
                sent = {**body, "device_id": ids["device"]} if body and body.get("device_id") == "adas" else body
                address = path.format(**ids)
                answers.append(await shared.call(session, method, address, json=sent))
            assert answers[0][0] == 404, (method, path, answers[0])
            assert answers[0][1]["code"] == "not_found", (method, path)
            assert answers[0] == answers[1], (method, path)
        assert await everything(shared) == before
    assert len((await output(shared, ada))[0]) == 2
    for path in ("/devices", "/tasks", "/tokens"):
        listed = str((await shared.get(session, path))["items"])
        assert not [one for one in ada.ids.values() if one in listed]


async def test_every_event_of_a_viewer_is_not_found(shared: Stack, ada: Victim) -> None:
    bob = await shared.user()
    ids = ada.ids
    approval = {"type": "approval", "id": "a", "choice": "allow"}
    aimed = [
        ("chat:subscribe", {"subtask_id": ids["subtask"]}),
        ("chat:subscribe", {"subtask_id": ids["settled"], "seq": 1}),
        ("chat:unsubscribe", {"subtask_id": ids["subtask"]}),
        ("chat:cancel", {"subtask_id": ids["subtask"]}),
        ("chat:cancel", {"subtask_id": ids["queued"]}),
        ("chat:input", {"subtask_id": ids["subtask"], "client_id": "c", "input": approval}),
        ("chat:send", {"client_id": "c", "prompt": "x", "wait": True, "device_id": ids["device"]}),
        ("chat:send", {"client_id": "c", "prompt": "x", "wait": True, "task_id": ids["task"]}),
        (
            "chat:send",
            {"client_id": "c", "prompt": "x", "wait": True, "task_id": ids["task"], "device_id": "cloud"},
        ),
    ]
    assert {event for event, _ in aimed} == FROM_VIEWER.keys()
    before = await everything(shared)
    async with shared.viewer(bob) as viewer:
        for event, data in aimed:
            assert await code_of(viewer, event, data) == "not_found", (event, data)
        await ada.device.text(ada.offer, 3, "more secret")
        await ada.device.acked(3)
        await asyncio.sleep(0.3)
        assert [frame.event for frame in viewer.inbox] == []
    after = await everything(shared)
    assert after == before


async def test_every_event_of_a_device_changes_nothing_of_anothers(shared: Stack, ada: Victim) -> None:
    bob = await shared.user()
    ids = ada.ids
    events = [{"type": "text", "text": "forged"}]
    everybody = [ids["subtask"], ids["offered"], ids["queued"], ids["settled"]]
    async with shared.device(bob) as device:
        # The very same name of the device, too.
        registered = await device.register("adas", running=[Running(one, 1, 9) for one in everybody])
        assert [(one.verdict, one.seq) for one in registered.resume] == [("stop", 0)] * 4
        before = await everything(shared)
        spoken = {"device:register", "device:drain", "device:goodbye"}
        for one in everybody:
            attempt = {"subtask_id": one, "attempt": 1}
            unknown = {"subtask_id": "unknown", "attempt": 1}
            for event, fields in (
                ("task:accept", {}),
                ("task:decline", {"retry": False}),
                ("task:progress", {"seq": 1, "events": events}),
                ("task:progress", {"seq": 3, "events": events}),
                ("task:complete", {"seq": 0, "status": "completed"}),
                ("task:complete", {"seq": 2, "status": "failed"}),
            ):
                spoken.add(event)
                code = await code_of(device, event, attempt | fields)
                assert code in {"not_found", "not_current"}, event
                assert code == await code_of(device, event, unknown | fields), "whether it exists must not show"
        heartbeat = {"device_id": "adas", "running_task_ids": everybody}
        answer = await device.request("device:heartbeat", heartbeat, dict)
        assert answer["stop"] == everybody
        assert await code_of(device, "device:heartbeat", heartbeat | {"device_id": "bobs"}) == "not_found"
        assert spoken | {"device:heartbeat"} == FROM_DEVICE.keys()
        after = await everything(shared)
        assert after == before
        assert await output(shared, ada) == [
            [
                {"type": "approval", "id": "a", "tool": "Bash", "input": {}, "choices": ["allow"]},
                {"type": "text", "text": "secret"},
            ],
            [{"type": "text", "text": "secret"}],
        ]
        assert not [frame for frame in device.inbox if frame.event.startswith("task:")]
        await device.request("device:goodbye", {}, dict)
    assert (await shared.get(ada.user, "/devices/adas"))["status"] == "busy"
    await ada.device.complete(ada.offer, 2)


async def test_a_second_device_of_the_same_user_is_not_the_first(shared: Stack, ada: Victim) -> None:
    async with shared.device(ada.user) as second:
        await second.register("second")
        before = await everything(shared)
        attempt = {"subtask_id": ada.offer.subtask_id, "attempt": 1}
        events = [{"type": "text", "text": "forged"}]
        for event, fields in (
            ("task:accept", {}),
            ("task:decline", {}),
            ("task:progress", {"seq": 3, "events": events}),
            ("task:complete", {"seq": 2, "status": "completed"}),
        ):
            assert await code_of(second, event, attempt | fields) in {"not_found", "not_current"}
        assert await everything(shared) == before


async def test_each_users_sockets_are_told_of_their_own_things_only(shared: Stack, ada: Victim) -> None:
    bob = await shared.user()
    async with shared.viewer(bob) as viewer, shared.viewer(ada.user) as hers, shared.device(bob) as device:
        await device.register("bobs")
        await viewer.device_state("bobs", "online")
        await ada.device.complete(ada.offer, 2)
        await hers.subtask_state(ada.ids["subtask"], "completed")
        assert await hers.device_state("adas", "busy")
        seen = " ".join(bytes(frame.data).decode() for frame in viewer.inbox)
        assert not [one for one in ada.ids.values() if one in seen]
        assert "bobs" not in " ".join(bytes(frame.data).decode() for frame in hers.inbox)


async def test_renewing_ones_own_token_changes_no_other_row(shared: Stack, ada: Victim) -> None:
    bob = await shared.user()
    before = (await everything(shared))["tokens"]
    assert (await shared.call(bob, "POST", "/auth/renew", json={"token_id": ada.ids["token"]}))[0] == 200
    after = (await everything(shared))["tokens"]
    changed = [now for was, now in zip(before, after, strict=True) if was != now]
    assert [bob.id in str(row) for row in changed] == [True]
