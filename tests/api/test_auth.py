"""Logging in, tokens, scopes, the cookie's rules, and sockets that close when their token ends."""

import re
import time
from pathlib import Path

import aiohttp
import jwt
import pytest
import sqlalchemy as sa
from support.http import Answer, ask, log_in, session_of
from support.processes import eventually
from support.raw_viewer import RawViewer
from support.stack import SECRET_KEY, Stack, StackUser

from api.store import tables, tokens
from api.store.database import Database

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def refused_upgrade(stack: Stack, path: str, **headers: str) -> Answer:
    """Ask for a socket that is not given, and return the HTTP answer."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    return await ask("GET", f"{stack.url}{path}", headers=upgrade | headers)


async def test_the_right_password_gives_a_token_and_a_cookie(shared: Stack, user: StackUser) -> None:
    answer = await log_in(shared, user.name, user.password)
    assert answer.status == 200
    assert answer.json["user"] == {"id": user.id, "name": user.name, "is_admin": False}
    cookie = answer.headers["Set-Cookie"]
    assert answer.json["token"] in cookie
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"):
        assert attribute in cookie
    assert "Secure" not in cookie  # the public URL is http here
    me = await ask("GET", f"{shared.url}/auth/me", token=answer.json["token"])
    assert me.json["name"] == user.name


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(shared: Stack, user: StackUser) -> None:
    wrong = (await log_in(shared, user.name, "wrong")).problem(401, "unauthenticated")
    unknown = (await log_in(shared, "nobody", "wrong")).problem(401, "unauthenticated")
    assert wrong == unknown


async def test_passwords_cannot_be_tried_at_will(shared: Stack, user: StackUser) -> None:
    for _ in range(10):
        (await log_in(shared, user.name, "wrong")).problem(401, "unauthenticated")
    answer = await log_in(shared, user.name, user.password)
    answer.problem(429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 300
    other = await shared.user()
    assert (await log_in(shared, other.name, other.password)).status == 200


async def test_who_knows_the_password_has_tries_again(shared: Stack, user: StackUser) -> None:
    for _ in range(2):
        for _ in range(8):
            (await log_in(shared, user.name, "wrong")).problem(401, "unauthenticated")
        assert (await log_in(shared, user.name, user.password)).status == 200


async def test_logging_out_ends_the_session_and_its_sockets(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    async with shared.viewer(session) as viewer:
        await viewer.ping()
        answer = await ask("POST", f"{shared.url}/auth/logout", token=session.token)
        assert answer.status == 200
        assert 'wegent_session=""' in answer.headers["Set-Cookie"].replace("=;", '="";')
        assert await viewer.closed() == 4401
    (await ask("GET", f"{shared.url}/auth/me", token=session.token)).problem(401, "token_revoked")


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic YTpi", "Token x", "Bearer x.y.z", "Bearer \u00fc", "bearer a b"]
)
async def test_what_is_no_token_is_refused(shared: Stack, header: str) -> None:
    answer = await ask("GET", f"{shared.url}/auth/me", headers={"Authorization": header})
    answer.problem(401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_no_token_in_a_url(shared: Stack, user: StackUser) -> None:
    for query in ("token", "access_token", "jwt"):
        (await ask("GET", f"{shared.url}/auth/me?{query}={user.token}")).problem(401, "unauthenticated")
        (await refused_upgrade(shared, f"/ws/chat?{query}={user.token}")).problem(401, "unauthenticated")


@pytest.mark.parametrize("path", ["/ws/device", "/ws/chat"])
async def test_a_refused_upgrade_is_a_plain_answer(shared: Stack, user: StackUser, path: str) -> None:
    refused = await refused_upgrade(shared, path)
    refused.problem(401, "unauthenticated")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    read_only = await shared.token(user, "read")
    if path == "/ws/device":
        bearer = {"Authorization": f"Bearer {read_only}"}
        (await refused_upgrade(shared, path, **bearer)).problem(403, "forbidden")
    device_only = {"Authorization": f"Bearer {await shared.token(user, 'device')}"}
    if path == "/ws/chat":
        (await refused_upgrade(shared, path, **device_only)).problem(403, "forbidden")
    elsewhere = {"Authorization": f"Bearer {user.token}", "Host": "evil.example"}
    (await refused_upgrade(shared, path, **elsewhere)).problem(403, "forbidden")


async def test_an_expired_token_is_told_so_after_the_leeway(shared: Stack, user: StackUser) -> None:
    claims = jwt.decode(user.token, options={"verify_signature": False})
    for late, status in ((20, 200), (31, 401)):
        old = jwt.encode(claims | {"exp": int(time.time()) - late}, SECRET_KEY, algorithm="HS256")
        answer = await ask("GET", f"{shared.url}/auth/me", token=old)
        assert answer.status == status
    answer.problem(401, "token_expired")
    (await refused_upgrade(shared, "/ws/chat", Authorization=f"Bearer {old}")).problem(401, "token_expired")


async def test_a_token_that_expires_closes_its_open_sockets(shared: Stack, user: StackUser) -> None:
    async with shared.device(user) as device, shared.viewer(user) as viewer:
        await device.register()
        await viewer.ping()
        async with Database.open(shared.database_url) as database, database.write() as connection:
            past = int((time.time() - tokens.LEEWAY_SECONDS - 1) * 1000)
            await connection.execute(
                sa.update(tables.tokens).where(tables.tokens.c.user_id == user.id).values(expires_at=past)
            )
        assert [await device.closed(), await viewer.closed()] == [4401, 4401]


async def test_with_the_cookie_every_unsafe_method_needs_our_origin(shared: Stack, user: StackUser) -> None:
    cookie = {"Cookie": f"wegent_session={(await session_of(shared, user)).token}"}
    assert (await ask("GET", f"{shared.url}/devices", headers=cookie)).status == 200
    port = shared.proxy.port
    foreign = [
        "",
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        f"https://127.0.0.1:{port}",
        f"{shared.url}/",
    ]
    for method, path in (
        ("POST", "/tasks"),
        ("PATCH", "/tasks/x"),
        ("DELETE", "/tasks/x"),
        ("PUT", "/devices/x/default"),
    ):
        for origin in foreign:
            headers = cookie | ({"Origin": origin} if origin else {})
            (await ask(method, f"{shared.url}{path}", headers=headers, json={})).problem(403, "forbidden")
        ours = await ask(
            method, f"{shared.url}{path}", headers=cookie | {"Origin": shared.url}, json={"title": "x"}
        )
        assert ours.status in (400, 404)
    with_bearer = {"Authorization": f"Bearer {user.token}", "Origin": "http://evil.example"}
    assert (await ask("DELETE", f"{shared.url}/tasks/x", headers=with_bearer)).status == 404


@pytest.mark.parametrize("path", ["/ws/device", "/ws/chat"])
async def test_with_the_cookie_a_socket_needs_our_origin(shared: Stack, user: StackUser, path: str) -> None:
    cookie = {"Cookie": f"wegent_session={(await session_of(shared, user)).token}"}
    for origin in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        (await refused_upgrade(shared, path, **cookie, **origin)).problem(403, "forbidden")
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{shared.url}{path}", headers=cookie | {"Origin": shared.url}) as socket,
    ):
        assert not socket.closed


async def test_a_host_that_is_not_ours_is_refused_but_for_health(shared: Stack, user: StackUser) -> None:
    for host in ("evil.example", f"evil.example:{shared.proxy.port}", "127.0.0.1", ""):
        answer = await ask("GET", f"{shared.url}/devices", token=user.token, headers={"Host": host})
        assert answer.status in (400, 403), host
    api = shared.apis[0]
    for host in (f"localhost:{api.port}", f"127.0.0.1:{api.port}", f"LOCALHOST:{api.port}"):
        answer = await ask("GET", f"{api.url}/devices", token=user.token, headers={"Host": host})
        assert answer.status == 200, host
    for path in ("/healthz", "/readyz"):
        assert (await ask("GET", f"{shared.url}{path}", headers={"Host": "10.0.0.7"})).status == 200


async def test_a_login_session_survives_nothing_but_its_own_end(shared: Stack, user: StackUser) -> None:
    sessions = [await session_of(shared, user) for _ in range(2)]
    await ask("POST", f"{shared.url}/auth/logout", token=sessions[0].token)

    async def is_over() -> bool:
        return (await shared.call(sessions[0], "GET", "/auth/me"))[0] == 401

    await eventually(is_over)
    assert (await shared.call(sessions[1], "GET", "/auth/me"))[0] == 200


async def test_no_password_and_no_token_is_logged(shared: Stack, user: StackUser, tmp_path: Path) -> None:
    session = await session_of(shared, user)
    async with RawViewer.open(shared.url, session.token) as viewer:
        await viewer.ping()
    logged = shared.apis[0].running.text
    assert user.password not in logged
    assert session.token not in logged
    assert not re.search(r"eyJ[\w-]{20,}", logged)
