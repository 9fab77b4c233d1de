"""Tokens and their scopes: who makes them, what they open, and how they end."""

import asyncio

import pytest
from support.http import ask, session_of
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
        problem = (await shared.call(device, "POST", "/tasks", json={"prompt": "x"}))[1]
        assert "scope send" in problem["detail"] and "wegent login" in problem["hint"]
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


@pytest.mark.parametrize("scope", ["device", "send", "read", "cloud"])
async def test_a_token_of_any_scope_gets_a_successor_and_both_open_the_same_doors(
    shared: Stack, user: StackUser, scope: str
) -> None:
    token = await shared.token(user, scope)
    answer = await ask("POST", f"{shared.url}/auth/renew", token=token)
    assert (answer.status, answer.json["user"]["name"]) == (200, user.name)
    assert "Set-Cookie" not in answer.headers
    for live in (token, answer.json["token"]):
        assert (await ask("GET", f"{shared.url}/auth/me", token=live)).status == 200
        sent = await ask("POST", f"{shared.url}/tasks", token=live, json={"prompt": "x", "wait": True})
        assert sent.status == (201 if scope == "send" else 403)


async def test_renewing_cuts_no_socket_and_revoking_any_of_a_chain_closes_all_of_its(
    shared: Stack, user: StackUser
) -> None:
    session = await session_of(shared, user)
    _, made = await shared.call(session, "POST", "/tokens", json={"name": "laptop"})
    first = StackUser(user.id, user.name, user.password, made["token"])
    async with shared.device(first) as device, shared.viewer(first) as viewer:
        await device.register()
        answers = await asyncio.gather(*(shared.call(first, "POST", "/auth/renew") for _ in range(4)))
        assert {status for status, _ in answers} == {200}
        (token,) = {body["token"] for _, body in answers}
        second = StackUser(user.id, user.name, user.password, token)
        assert (await shared.call(second, "POST", "/auth/renew"))[0] == 200  # now the first is no good any more
        assert (await shared.call(first, "GET", "/auth/me"))[1]["code"] == "token_expired"
        async with shared.viewer(second) as newer:
            await asyncio.sleep(1.2)  # a recheck of the sockets' logins
            await device.heartbeat()
            await viewer.ping()
            listed = [each for each in (await shared.get(session, "/tokens"))["items"] if each["name"] == "laptop"]
            assert [each["id"] for each in listed] == [made["id"]]
            assert listed[0]["expires_at"] > made["expires_at"]
            assert (await shared.call(second, "POST", "/auth/logout"))[0] == 200
            assert [await device.closed(5), await viewer.closed(5), await newer.closed(5)] == [4401] * 3
    status, problem = await shared.call(second, "POST", "/auth/renew")
    assert (status, problem["code"]) == (401, "token_revoked")
    assert [each["name"] for each in (await shared.get(session, "/tokens"))["items"]] == ["test"]


async def test_a_browsers_cookie_is_renewed_on_its_own_page_only(shared: Stack, user: StackUser) -> None:
    cookie = {"Cookie": f"wegent_session={(await session_of(shared, user)).token}"}
    (await ask("POST", f"{shared.url}/auth/renew", headers=cookie)).problem(403, "forbidden")
    answer = await ask("POST", f"{shared.url}/auth/renew", headers=cookie | {"Origin": shared.url})
    assert answer.headers["Set-Cookie"].startswith(f"wegent_session={answer.json['token']};")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    renewed = StackUser(user.id, user.name, user.password, answer.json["token"])
    assert (await shared.call(renewed, "GET", "/tokens"))[0] == 200


async def test_a_new_password_ends_the_chains_of_all_other_sessions_and_keeps_its_own(
    shared: Stack, user: StackUser
) -> None:
    mine, other = [await session_of(shared, user) for _ in range(2)]
    renewed = [
        StackUser(user.id, user.name, user.password, (await shared.call(each, "POST", "/auth/renew"))[1]["token"])
        for each in (mine, other)
    ]
    body = {"old": user.password, "new": "another password"}
    assert (await shared.call(mine, "POST", "/auth/password", json=body))[0] == 204
    assert [(await shared.call(each, "GET", "/auth/me"))[0] for each in (mine, renewed[0])] == [200, 200]
    for each in (other, renewed[1]):
        assert (await shared.call(each, "POST", "/auth/renew"))[1]["code"] == "token_revoked"
