"""Changing one's password: who may, what ends with it, and what goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.http import Answer, ask, log_in, session_of
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"

NEW = "a new password"


async def change(shared: Stack, session: StackUser, old: str, new: Any = NEW, **headers: str) -> Answer:
    """Ask for another password."""
    url, body = f"{shared.url}/auth/password", {"old": old, "new": new}
    return await ask("POST", url, token="" if headers else session.token, headers=headers, json=body)


async def test_the_new_password_counts_and_the_old_one_no_longer(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    assert (await change(shared, session, user.password)).status == 204
    (await log_in(shared, user.name, user.password)).problem(401, "unauthenticated")
    assert (await log_in(shared, user.name, NEW)).status == 200


async def test_all_other_login_sessions_end_and_tokens_go_on(shared: Stack, user: StackUser) -> None:
    mine, other = [await session_of(shared, user) for _ in range(2)]
    bystander = await session_of(shared, await shared.user())
    async with shared.viewer(mine) as here, shared.viewer(other) as there, shared.device(user) as device:
        await device.register()
        await there.ping()
        assert (await change(shared, mine, user.password)).status == 204
        assert await there.closed(5) == 4401
        await here.ping()
        await device.heartbeat()
    (await ask("GET", f"{shared.url}/auth/me", token=other.token)).problem(401, "token_revoked")
    for holder in (mine, user, bystander):
        assert (await shared.call(holder, "GET", "/auth/me"))[0] == 200


async def test_a_wrong_old_password_changes_nothing_and_cannot_be_tried_at_will(
    shared: Stack, user: StackUser
) -> None:
    session, other = [await session_of(shared, user) for _ in range(2)]
    for _ in range(10):
        problem = (await change(shared, session, "wrong")).problem(403, "forbidden")
        assert "password is wrong" in problem["detail"]
    (await change(shared, session, user.password)).problem(429, "rate_limited")
    assert (await shared.call(other, "GET", "/auth/me"))[0] == 200


@pytest.mark.parametrize("new", ["", "7 chars", "x" * 1025, 12345678, None])
async def test_a_password_that_cannot_be_is_refused(shared: Stack, user: StackUser, new: Any) -> None:
    session = await session_of(shared, user)
    problem = (await change(shared, session, user.password, new)).problem(400, "bad_message")
    assert "new" in problem["detail"]
    assert (await log_in(shared, user.name, user.password)).status == 200


async def test_only_a_login_session_from_our_own_page_may(shared: Stack, user: StackUser) -> None:
    (await change(shared, user, user.password)).problem(403, "forbidden")
    cookie = {"Cookie": f"wegent_session={(await session_of(shared, user)).token}"}
    (await change(shared, user, user.password, **cookie)).problem(403, "forbidden")
    answer = await change(shared, user, user.password, **cookie, Origin=shared.url)
    assert answer.status == 204


async def test_of_two_changes_at_once_one_counts(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    wanted = ["first password", "second password"]
    answers = await asyncio.gather(*(change(shared, session, user.password, new) for new in wanted))
    won = [new for new, answer in zip(wanted, answers, strict=True) if answer.status == 204]
    assert len(won) == 1
    lost = next(answer for answer in answers if answer.status != 204)
    assert lost.json["code"] in ("conflict", "forbidden")
    assert (await log_in(shared, user.name, won[0])).status == 200


async def test_no_login_with_the_old_password_slips_through(shared: Stack, user: StackUser) -> None:
    session, answers, is_over = await session_of(shared, user), list[Answer](), asyncio.Event()

    async def log_in_again_and_again() -> None:
        while not is_over.is_set():
            answers.append(await log_in(shared, user.name, user.password))

    async with asyncio.TaskGroup() as group:
        for _ in range(7):
            group.create_task(log_in_again_and_again())
        await asyncio.sleep(0.2)
        assert (await change(shared, session, user.password)).status == 204
        is_over.set()
    begun = [answer.json["token"] for answer in answers if answer.status == 200]
    assert begun
    for token in begun:
        (await ask("GET", f"{shared.url}/auth/me", token=token)).problem(401, "token_revoked")


async def test_a_request_that_a_session_began_before_it_ended_gives_no_token(
    shared: Stack, user: StackUser
) -> None:
    mine, other = [await session_of(shared, user) for _ in range(2)]

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"name":'
        await asyncio.sleep(0.3)  # so that its header is there
        assert (await change(shared, mine, user.password)).status == 204
        yield b'"slow"}'

    headers = {"Content-Type": "application/json"}
    answer = await ask("POST", f"{shared.url}/tokens", token=other.token, headers=headers, data=slowly())
    answer.problem(401, "token_revoked")


async def test_what_another_session_approved_is_void(shared: Stack, user: StackUser) -> None:
    mine, other = [await session_of(shared, user) for _ in range(2)]
    codes = (await ask("POST", f"{shared.url}/auth/device-code", json={"name": "x"})).json
    body = {"user_code": codes["user_code"]}
    assert (await shared.call(other, "POST", "/auth/device-code/approve", json=body))[0] == 204
    assert (await change(shared, mine, user.password)).status == 204
    body = {"device_code": codes["device_code"]}
    answer = await ask("POST", f"{shared.url}/auth/device-token", json=body)
    assert answer.problem(400, "token_expired")["error"] == "expired_token"
