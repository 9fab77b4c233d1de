"""A saved login is renewed by whoever uses it, when less than half of its life is left on the server's clock."""

import asyncio
import time
from pathlib import Path

import jwt
import pytest
from support.scripted_api import ScriptedApi

from wegent import AsyncClient
from wegent.client import credentials
from wegent.client.credentials import Login


def token(age: float, gen: int = 0) -> str:
    """Return a token of a thousand seconds that was issued ``age`` seconds ago."""
    issued = time.time() - age
    return jwt.encode({"jti": "a", "gen": gen, "iat": issued, "exp": issued + 1000}, "k" * 32)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"WEGENT_HOME": str(tmp_path)}


def log_in(api: ScriptedApi, environ: dict[str, str], age: float) -> str:
    """Save a login of that age, and let the server know it and what it is renewed to."""
    old = token(age)
    api.successors = [token(0, 1)]
    api.valid_tokens |= {old, *api.successors}
    credentials.save(Login(api.url, old, "ann"), environ=environ)
    return old


def saved(environ: dict[str, str]) -> Login:
    login = credentials.load(environ=environ)
    assert login is not None
    return login


async def test_a_login_past_its_half_is_renewed_once_and_the_successor_used(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    old = log_in(api, environ, 600)
    successor = api.successors[0]
    async with AsyncClient(environ=environ) as client:
        await asyncio.gather(*(client.tasks() for _ in range(8)))
        assert (saved(environ).token, saved(environ).user) == (successor, "ann")
        api.valid_tokens.discard(old)
        await client.devices
    assert api.requests.count(("POST", "/auth/renew")) == 1


@pytest.mark.parametrize("age", [0, 400])
async def test_a_login_before_its_half_stays(api: ScriptedApi, environ: dict[str, str], age: float) -> None:
    old = log_in(api, environ, age)
    async with AsyncClient(environ=environ) as client:
        await client.devices
    assert saved(environ).token == old


async def test_a_given_token_is_its_givers_to_renew(api: ScriptedApi, environ: dict[str, str]) -> None:
    old = log_in(api, environ, 600)
    given = {**environ, "WEGENT_TOKEN": old, "WEGENT_BACKEND_URL": api.url}
    for client in (AsyncClient(environ=given), AsyncClient(api.url, old, environ=environ)):
        async with client:
            await client.devices
    assert ("POST", "/auth/renew") not in api.requests


async def test_who_cannot_renew_gets_what_was_asked_for_and_does_not_insist(
    api: ScriptedApi, environ: dict[str, str]
) -> None:
    old = log_in(api, environ, 600)
    api.successors = []
    async with AsyncClient(environ=environ) as client:
        for _ in range(3):
            assert await client.devices
    assert saved(environ).token == old
    assert api.requests.count(("POST", "/auth/renew")) == 1
