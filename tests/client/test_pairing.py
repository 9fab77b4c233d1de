"""Logging in by a code: how often is asked, and how it ends."""

import asyncio
from itertools import pairwise

import pytest
from aiohttp import web
from support.processes import eventually
from support.scripted_api import ScriptedApi, not_paired
from support.scripted_turns import NOW

from wegent.client import pairing
from wegent.client.credentials import Login
from wegent.client.errors import ForbiddenError, LoginError
from wegent.client.rest import Rest
from wegent.protocol.errors import Code


async def paired(api: ScriptedApi) -> Login:
    async with Rest(api.url) as rest:
        return await pairing.finish(rest, await pairing.begin(rest, "laptop", ["read"]))


async def test_an_approved_code_gives_a_login(api: ScriptedApi) -> None:
    waiting = asyncio.create_task(paired(api))
    await eventually(lambda: len(api.pairing_polls) > 1)
    api.approve()
    assert await waiting == Login(api.url, "paired", "ann", NOW)
    assert (api.pairing_names, api.pairing_scopes) == (["laptop"], [["read"]])


async def test_asking_too_often_makes_it_ask_less_often(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "SLOWER", 0.5)
    api.pairing = [not_paired("slow_down", Code.RATE_LIMITED), not_paired("authorization_pending", Code.CONFLICT)]
    api.approve()
    await paired(api)
    assert all(later - earlier >= 0.6 for earlier, later in pairwise(api.pairing_polls))


async def test_a_server_in_trouble_is_asked_again(api: ScriptedApi) -> None:
    api.pairing = [web.Response(status=503), web.Response(status=429, headers={"Retry-After": "1"})]
    api.approve()
    await paired(api)
    assert api.pairing_polls[2] - api.pairing_polls[1] >= 1


async def test_a_server_that_is_away_is_asked_less_and_less_often(api: ScriptedApi) -> None:
    api.lost_answers = 3
    api.approve()
    await paired(api)
    pauses = [later - earlier for earlier, later in pairwise(api.pairing_polls)]
    assert all(pause >= least for pause, least in zip(pauses, (0.2, 0.4, 0.8), strict=True))


@pytest.mark.parametrize(
    ("word", "code", "kind"),
    [
        ("access_denied", Code.FORBIDDEN, ForbiddenError),
        ("expired_token", Code.TOKEN_EXPIRED, LoginError),
    ],
)
async def test_a_decision_against_it_ends_it(api: ScriptedApi, word: str, code: Code, kind: type) -> None:
    api.pairing = [not_paired(word, code)]
    with pytest.raises(kind) as refused:
        await paired(api)
    assert refused.value.code == code
    assert len(api.pairing_polls) == 1


async def test_a_code_that_nobody_approves_expires(api: ScriptedApi) -> None:
    api.code_seconds = 0.5
    with pytest.raises(LoginError, match="Nobody approved"):
        await paired(api)


def test_codes_never_show_the_secret_one() -> None:
    assert "hush" not in repr(pairing.Codes("hush", "ABCD-2345", "https://wegent.example.org", 600))
