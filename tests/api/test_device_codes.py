"""Device codes (RFC 8628): a machine asks, a person approves, and the machine gets one token."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from support.http import Answer, ask, session_of
from support.stack import Stack, StackUser

from api.store import tables
from api.store.clock import now_ms
from api.store.database import Database
from api.store.device_codes import ALPHABET

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "postgres"

PATH = "/auth/device-code"


@pytest.fixture(autouse=True)
def fresh_limits(shared: Stack) -> None:
    """All tests come from one address: let each have its tries."""
    shared.redis.flush()


async def codes_for(shared: Stack, **fields: Any) -> Any:
    """Ask for codes as a machine, without any login."""
    answer = await ask("POST", f"{shared.url}{PATH}", json={"name": "Linux - laptop", **fields})
    assert answer.status == 200, answer.body
    return answer.json


async def poll(shared: Stack, codes: Any) -> Answer:
    """Ask for the token, as often as one likes."""
    shared.redis.flush()
    return await poll_again(shared, codes)


async def poll_again(shared: Stack, codes: Any) -> Answer:
    """Ask for the token."""
    body = {"device_code": codes["device_code"]}
    return await ask("POST", f"{shared.url}/auth/device-token", json=body)


async def decide(shared: Stack, who: StackUser, verb: str, code: str) -> tuple[int, Any]:
    """Approve or deny."""
    return await shared.call(who, "POST", f"{PATH}/{verb}", json={"user_code": code})


def refused(answer: Answer, word: str, code: str) -> dict[str, Any]:
    """Check that this is RFC 8628's refusal in our form."""
    problem = answer.problem(400, code)
    assert problem["error"] == word
    return problem


async def test_a_machine_gets_a_token_once_a_person_approved(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    codes = await codes_for(shared, device_id="d-1")
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    page = urlsplit(codes["verification_uri_complete"])
    assert codes["verification_uri"] == f"{shared.url}/app/devices/pair"
    assert (f"{page.scheme}://{page.netloc}{page.path}", parse_qs(page.query)) == (
        codes["verification_uri"],
        {"code": [codes["user_code"]]},
    )
    first, hyphen, second = codes["user_code"].partition("-")
    assert (len(first), hyphen, len(second)) == (4, "-", 4)
    assert set(first + second) <= set(ALPHABET)
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    refused(await poll(shared, codes), "authorization_pending", "conflict")
    shown = await shared.get(session, f"{PATH}/{codes['user_code']}")
    assert shown.pop("expires_at")
    assert shown == {
        "user_code": codes["user_code"],
        "name": "Linux - laptop",
        "address": "127.0.0.1",
        "scopes": ["device", "send", "read"],
        "device_id": "d-1",
    }
    assert await decide(shared, session, "approve", codes["user_code"]) == (204, None)
    given = (await poll(shared, codes)).json
    assert given["user"] == {"id": user.id, "name": user.name, "is_admin": False}
    holder = StackUser(user.id, user.name, user.password, given["token"])
    async with shared.device(holder) as device:
        assert (await device.register("d-1")).device.device_id == "d-1"
    listed = {token["id"]: token for token in (await shared.get(session, "/tokens"))["items"]}
    token = listed[given["token_id"]]
    assert (token["name"], token["device_id"], token["expires_at"]) == (
        "Linux - laptop",
        "d-1",
        given["expires_at"],
    )
    refused(await poll(shared, codes), "expired_token", "token_expired")
    assert (await shared.call(session, "GET", f"{PATH}/{codes['user_code']}"))[0] == 404


async def test_a_machine_may_ask_for_less_and_for_nothing_that_is_not_to_give(
    shared: Stack, user: StackUser
) -> None:
    session = await session_of(shared, user)
    codes = await codes_for(shared, scopes=["read"])
    assert (await shared.get(session, f"{PATH}/{codes['user_code']}"))["scopes"] == ["read"]
    await decide(shared, session, "approve", codes["user_code"])
    holder = StackUser(user.id, user.name, user.password, (await poll(shared, codes)).json["token"])
    assert (await shared.call(holder, "GET", "/devices"))[0] == 200
    assert (await shared.call(holder, "POST", "/tasks", json={"prompt": "x"}))[0] == 403
    for fields in ({"scopes": ["cloud"]}, {"scopes": []}, {"name": ""}, {"name": "a\0"}, {"device_id": "cloud"}):
        answer = await ask("POST", f"{shared.url}{PATH}", json={"name": "x", **fields})
        problem = answer.problem(400, "bad_message")
        assert next(iter(fields)) in problem["detail"] + problem.get("field", "")


async def test_who_asks_too_often_is_slowed_down(shared: Stack, user: StackUser) -> None:
    codes = await codes_for(shared)
    refused(await poll(shared, codes), "authorization_pending", "conflict")
    for interval in (10, 15):
        answer = await poll_again(shared, codes)
        assert refused(answer, "slow_down", "rate_limited")["interval"] == interval
        assert answer.headers["Retry-After"] == str(interval)
    other = await codes_for(shared)
    refused(await poll_again(shared, other), "authorization_pending", "conflict")


async def test_a_denied_machine_gets_nothing(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    codes = await codes_for(shared)
    for verb in ("approve", "deny", "deny"):  # one may think better of it
        assert await decide(shared, session, verb, codes["user_code"]) == (204, None)
    assert (await decide(shared, session, "approve", codes["user_code"]))[0] == 404
    for _ in range(2):
        refused(await poll(shared, codes), "access_denied", "forbidden")


async def test_a_code_is_good_for_its_time_only(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    codes, approved = [await codes_for(shared) for _ in range(2)]
    await decide(shared, session, "approve", approved["user_code"])
    async with Database.open(shared.database_url) as database, database.write() as connection:
        await connection.execute(sa.update(tables.device_codes).values(expires_at=now_ms() - 1))
    for one in (
        codes,
        approved,
        {"device_code": "none"},
        {"device_code": "a\0"},
    ):
        refused(await poll(shared, one), "expired_token", "token_expired")
    for verb in ("approve", "deny"):
        assert (await decide(shared, session, verb, codes["user_code"]))[0] == 404


async def test_of_many_who_ask_at_once_one_gets_the_token(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    codes = await codes_for(shared)
    for _ in range(2):
        assert await decide(shared, session, "approve", codes["user_code"]) == (204, None)
    shared.redis.flush()
    answers = await asyncio.gather(*(poll_again(shared, codes) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [200, *[400] * 5]


async def test_only_a_login_session_decides_and_never_with_a_get(shared: Stack, user: StackUser) -> None:
    codes = await codes_for(shared)
    code = codes["user_code"]
    for verb in ("approve", "deny"):
        assert (await decide(shared, user, verb, code))[0] == 403
        assert (await ask("POST", f"{shared.url}{PATH}/{verb}", json={"user_code": code})).status == 401
    assert (await shared.call(user, "GET", f"{PATH}/{code}"))[0] == 403
    cookie = {"Cookie": f"wegent_session={(await session_of(shared, user)).token}"}
    for origin in ({}, {"Origin": "http://evil.example"}):
        answer = await ask(
            "POST", f"{shared.url}{PATH}/approve", headers=cookie | origin, json={"user_code": code}
        )
        answer.problem(403, "forbidden")
    for path in (f"{PATH}/{code}", f"{PATH}/approve?user_code={code}", f"/app/devices/pair?code={code}"):
        await ask("GET", f"{shared.url}{path}", headers=cookie)
    refused(await poll(shared, codes), "authorization_pending", "conflict")


@pytest.mark.parametrize("form", ["{0}-{1}", "{0}{1}", " {0} {1} ", "{0}--{1}"])
async def test_a_code_is_found_however_it_is_typed(shared: Stack, user: StackUser, form: str) -> None:
    session = await session_of(shared, user)
    codes = await codes_for(shared)
    typed = form.format(*codes["user_code"].lower().split("-"))
    assert (await shared.get(session, f"{PATH}/{typed}"))["user_code"] == codes["user_code"]
    assert await decide(shared, session, "approve", typed) == (204, None)


async def test_what_one_approved_another_can_neither_see_nor_deny(shared: Stack, user: StackUser) -> None:
    session, other = [await session_of(shared, owner) for owner in (user, await shared.user())]
    codes = await codes_for(shared)
    await decide(shared, session, "approve", codes["user_code"])
    assert (await shared.call(other, "GET", f"{PATH}/{codes['user_code']}"))[0] == 404
    for verb in ("approve", "deny"):
        assert (await decide(shared, other, verb, codes["user_code"]))[0] == 404
    assert (await poll(shared, codes)).json["user"]["id"] == user.id


async def test_codes_cannot_be_guessed_at_will(shared: Stack, user: StackUser) -> None:
    session = await session_of(shared, user)
    codes = await codes_for(shared)
    for wrong in range(9):
        assert (await decide(shared, session, "approve", f"AAAA-AAA{wrong}"))[0] == 404
        # A right one in between is no way around it.
        assert (await shared.call(session, "GET", f"{PATH}/{codes['user_code']}"))[0] == 200
    assert (await shared.call(session, "GET", f"{PATH}/\0"))[0] == 404
    assert (await shared.call(session, "GET", f"{PATH}/WXYZ"))[0] == 404
    assert (await decide(shared, session, "approve", codes["user_code"]))[0] == 429
    other = await session_of(shared, await shared.user())
    assert (await decide(shared, other, "approve", codes["user_code"]))[0] == 204


async def test_an_address_can_flood_neither_with_questions_nor_with_guesses(
    shared: Stack, user: StackUser
) -> None:
    for _ in range(30):
        await codes_for(shared)
    answer = await ask("POST", f"{shared.url}{PATH}", json={"name": "x"})
    answer.problem(429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 0
    for _ in range(60):
        refused(await poll_again(shared, {"device_code": "guess"}), "expired_token", "token_expired")
    (await poll_again(shared, {"device_code": "guess"})).problem(429, "rate_limited")


async def test_neither_code_is_logged_and_the_long_one_is_not_stored(shared: Stack, user: StackUser) -> None:
    codes = await codes_for(shared)
    await poll(shared, codes)
    logged = shared.apis[0].running.text
    assert codes["device_code"] not in logged
    assert codes["user_code"] not in logged
    async with Database.open(shared.database_url) as database, database.read() as connection:
        rows = await connection.fetch_all(sa.select(tables.device_codes))
    assert rows
    assert codes["device_code"] not in str([tuple(row) for row in rows])
