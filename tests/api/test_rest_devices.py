"""REST: a user's devices."""

import pytest
import yaml
from support.http import ask
from support.processes import eventually
from support.stack import Stack, StackUser

from wegent.protocol.device_messages import Register
from wegent.protocol.resources import Device

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_device_is_shown_as_it_said_and_as_it_stands(shared: Stack, user: StackUser) -> None:
    about = {"platform": "Linux 6.1", "folders": ["/data"], "kernels": ["python3"], "labels": {"gpu": "a100"}}
    async with shared.device(user) as device:
        await device.register(slots=2, **about)
        shown = await shared.get(user, "/devices/raw-device")
        assert set(shown) == set(Device.__struct_fields__)
        assert {name: shown[name] for name in about} == about
        assert (shown["name"], shown["status"], shown["kind"]) == ("Test - raw-device", "online", "local")
        assert (shown["slots"], shown["queued"], shown["running"]) == ({"used": 0, "total": 2}, 0, [])
        heartbeat = {"device_id": "raw-device", "running_task_ids": [], "load": {"cpu": 0.5}}
        await device.request("device:heartbeat", heartbeat, dict)
        assert (await shared.get(user, "/devices/raw-device"))["load"] == {"cpu": 0.5}
        for _ in range(3):
            await shared.send(user, "x", device_id="raw-device")
        first, second = await device.start(), await device.offer()
        shown = await shared.get(user, "/devices/raw-device")
        assert (shown["status"], shown["slots"], shown["queued"]) == ("busy", {"used": 2, "total": 2}, 1)
        assert shown["running"] == [first.subtask_id]
        assert second.subtask_id != first.subtask_id


async def test_a_closed_socket_is_reconnecting_and_then_offline(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()

    async def stands(status: str, reconnecting: bool) -> bool:
        shown = await shared.get(user, "/devices/raw-device")
        return (shown["status"], shown["reconnecting"]) == (status, reconnecting)

    await eventually(lambda: stands("online", True))
    await eventually(lambda: stands("offline", False))
    assert (await shared.get(user, "/devices/raw-device"))["last_seen"]


async def test_the_list_is_in_pages(shared: Stack, user: StackUser) -> None:
    ids = [f"d-{n}" for n in range(5)]
    for device_id in ids:
        async with shared.device(user) as device:
            await device.register(device_id)
            await device.request("device:goodbye", {}, dict)
    found, after = [], ""
    while after is not None:
        page = await shared.get(user, f"/devices?limit=2&after={after}")
        assert len(page["items"]) <= 2
        found += [device["device_id"] for device in page["items"]]
        after = page["next"]
    assert found == ids
    assert [device["device_id"] for device in (await shared.get(user, "/devices"))["items"]] == ids


async def test_a_device_is_also_a_resource_in_yaml(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register(labels={"gpu": "a100"})
        address = f"{shared.url}/devices/raw-device"
        answer = await ask("GET", address, token=user.token, headers={"Accept": "application/yaml"})
        assert answer.headers["Content-Type"].startswith("application/yaml")
        assert answer.headers["Vary"] == "Accept"
        document = yaml.safe_load(answer.body)
        assert list(document) == ["apiVersion", "kind", "metadata", "spec", "status"]
        assert (document["apiVersion"], document["kind"]) == ("agent.wecode.io/v1", "Device")
        assert document["metadata"]["name"] == "raw-device"
        assert document["metadata"]["labels"] == {"gpu": "a100"}
        assert document["spec"]["slots"] == 5
        assert document["status"]["status"] == "online"
        for accept in ("*/*", "application/json", "text/html", "application/json, application/yaml;q=0.5"):
            answer = await ask("GET", address, token=user.token, headers={"Accept": accept})
            assert answer.headers["Content-Type"] == "application/json", accept


async def test_a_given_name_is_kept_across_registers(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register()
        status, shown = await shared.call(user, "PATCH", "/devices/raw-device", json={"name": "Büro 🖥"})
        assert (status, shown["name"]) == (200, "Büro 🖥")
        await eventually(lambda: any("Büro" in bytes(frame.data).decode() for frame in viewer.inbox))
        registered = await device.register()
        assert registered.device.name == "Büro 🖥"
    for body in ({}, {"name": ""}, {"name": 5}, {"name": None}, {"name": "x" * 201}, {"name": "a\0b"}):
        status, problem = await shared.call(user, "PATCH", "/devices/raw-device", json=body)
        assert (status, problem["code"]) == (400, "bad_message")
        assert "name" in problem["detail"]
    assert (await shared.get(user, "/devices/raw-device"))["name"] == "Büro 🖥"


async def test_the_default_is_set_and_unset(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as one, shared.device(user) as other:
        await one.register("d-1")
        await other.register("d-2")

        async def defaults() -> list[str]:
            return [
                device["device_id"]
                for device in (await shared.get(user, "/devices"))["items"]
                if device["is_default"]
            ]

        status, shown = await shared.call(user, "PUT", "/devices/d-1/default")
        assert (status, shown["is_default"]) == (200, True)
        await shared.call(user, "PUT", "/devices/d-2/default")
        assert await defaults() == ["d-2"]
        assert (await shared.call(user, "DELETE", "/devices/d-1/default"))[0] == 200
        assert await defaults() == ["d-2"]
        status, shown = await shared.call(user, "DELETE", "/devices/d-2/default")
        assert (status, shown["is_default"]) == (200, False)
        assert await defaults() == []


async def test_a_deleted_device_is_gone(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        await device.register()
        assert await shared.call(user, "DELETE", "/devices/raw-device") == (204, None)
        assert await device.closed() == 4404
    for method in ("GET", "DELETE"):
        status, problem = await shared.call(user, method, "/devices/raw-device")
        assert (status, problem["code"]) == (404, "not_found")
    assert (await shared.get(user, "/devices"))["items"] == []


@pytest.mark.parametrize("device_id", ["none", "cloud", "x" * 1000, "%00", "a%00b", "%ff", "%2e%2e%2fetc", "ü"])
async def test_a_device_that_is_not_there_is_not_found(shared: Stack, user: StackUser, device_id: str) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "n"}),
        ("DELETE", "", None),
        ("PUT", "/default", None),
        ("DELETE", "/default", None),
    ):
        status, problem = await shared.call(user, method, f"/devices/{device_id}{path}", json=body)
        assert (status, problem["code"]) in [(404, "not_found"), (405, "bad_message")], (method, path)


async def test_register_answers_with_the_device_as_rest_gives_it(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device:
        message = Register(device_id="raw-device", name="n", shells=["Command"])
        answer = await device.request("device:register", message, dict)
        assert answer["device"] == await shared.get(user, "/devices/raw-device")
