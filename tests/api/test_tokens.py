"""Tokens and their scopes: who makes them, what they open, and how they end."""

import pytest
from support.http import session_of
from support.raw_device import RawDevice
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_revoked_token_closes_its_sockets_soon_and_no_others(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    status, made = await shared.call(session, "POST", "/tokens", json={"name": "laptop"})
    assert status == 201
    holder = StackUser(user.id, user.name, user.password, made["token"])
    async with shared.device(holder) as device, shared.viewer(holder) as viewer, shared.viewer(user) as other:
        await device.register()
        await viewer.ping()
        assert (await shared.call(session, "DELETE", f"/tokens/{made['id']}"))[0] == 204
        assert [await device.closed(5), await viewer.closed(5)] == [4401, 4401]
        await other.ping()
    status, problem = await shared.call(holder, "GET", "/auth/me")
    assert (status, problem["code"]) == (401, "token_revoked")


async def test_tokens_are_made_listed_and_revoked_by_people_who_logged_in(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    asked = {"name": "ci", "scopes": ["send", "read"], "device_id": "d-1"}
    status, made = await shared.call(session, "POST", "/tokens", json=asked)
    assert (status, made["name"], made["scopes"]) == (201, "ci", ["send", "read"])
    listed = (await shared.get(session, "/tokens"))["items"]
    mine = next(token for token in listed if token["id"] == made["id"])
    assert (mine["device_id"], mine["expires_at"]) == ("d-1", made["expires_at"])
    assert made["token"] not in str(listed)
    for holder in (user, StackUser(user.id, user.name, user.password, made["token"])):
        for method, path, body in (("POST", "/tokens", {"name": "x"}), ("GET", "/tokens", None)):
            status, problem = await shared.call(holder, method, path, json=body)
            assert (status, problem["code"]) == (403, "forbidden")
        assert (await shared.call(holder, "DELETE", f"/tokens/{made['id']}"))[0] == 403
    assert (await shared.call(session, "DELETE", f"/tokens/{made['id']}"))[0] == 204
    assert (await shared.call(session, "DELETE", "/tokens/none"))[0] == 404
    pages: list[str] = []
    for _ in range(3):
        await shared.call(session, "POST", "/tokens", json={"name": "page"})
    after = ""
    while after is not None:
        page = await shared.get(session, f"/tokens?limit=2&after={after}")
        pages += [token["id"] for token in page["items"]]
        after = page["next"]
    assert len(pages) == len(set(pages)) == 4  # three, and the stack's own


@pytest.mark.parametrize("scopes", [["cloud"], ["admin"], [], ["read", "READ"]])
async def test_nobody_gives_a_token_what_is_not_to_give(shared: Stack, user: StackUser, scopes: list[str]) -> None:
    session = await session_of(shared, user)
    status, problem = await shared.call(session, "POST", "/tokens", json={"name": "x", "scopes": scopes})
    assert (status, problem["code"]) == (400, "bad_message")
    assert "scopes" in str(problem)


async def test_scopes_open_only_their_own_doors(shared: Stack, user: StackUser) -> None:
    read, send, device = [
        StackUser(user.id, user.name, user.password, await shared.token(user, scope))
        for scope in ("read", "send", "device")
    ]
    async with shared.device(device) as socket:
        await socket.register()
        allowed = {"read": (200, 403), "send": (200, 201), "device": (403, 403)}
        for name, holder in (("read", read), ("send", send), ("device", device)):
            got = (await shared.call(holder, "GET", "/devices"))[0]
            sent = (await shared.call(holder, "POST", "/tasks", json={"prompt": "x", "device_id": "raw-device"}))[
                0
            ]
            assert (got, sent) == allowed[name], name
            assert (await shared.call(holder, "GET", "/auth/me"))[0] == 200
        assert (await shared.call(read, "DELETE", "/devices/raw-device"))[0] == 403
        offer = await socket.start()
        async with shared.viewer(read) as viewer:
            assert (await viewer.subscribe(offer.subtask_id)).state == "running"
            for event, data in (
                ("chat:send", {"client_id": "c", "prompt": "x"}),
                ("chat:cancel", {"subtask_id": offer.subtask_id}),
                (
                    "chat:input",
                    {"subtask_id": offer.subtask_id, "client_id": "c", "input": {"type": "text", "text": ""}},
                ),
            ):
                with pytest.raises(Exception, match="forbidden"):
                    await viewer.request(event, data, dict)
        assert (await shared.subtask(user, offer.subtask_id))["state"] == "running"


async def test_a_token_for_one_device_is_for_that_one(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    _, made = await shared.call(session, "POST", "/tokens", json={"name": "x", "device_id": "mine"})
    async with RawDevice.open(shared.url, made["token"]) as device:
        await device.send("device:register", {"device_id": "other", "name": "n"}, 1)
        assert await device.closed() == 4403
    async with RawDevice.open(shared.url, made["token"]) as device:
        assert (await device.register("mine")).device.device_id == "mine"


@pytest.mark.parametrize(("scope", "kind"), [("device", "cloud"), ("cloud", "local")])
async def test_a_kind_of_device_needs_its_scope(shared: Stack, user: StackUser, scope: str, kind: str) -> None:
    async with RawDevice.open(shared.url, await shared.token(user, scope)) as device:
        await device.send("device:register", {"device_id": "d", "name": "n", "kind": kind}, 1)
        assert await device.closed() == 4403
    assert (await shared.get(user, "/devices"))["items"] == []
