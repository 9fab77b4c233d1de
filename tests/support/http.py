"""Raw HTTP for tests that look at headers and cookies, and that send what a decent client would not."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import aiohttp
import msgspec
from support.stack import Stack, StackUser


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    def problem(self, status: int, code: str) -> dict[str, Any]:
        """Check that this is problem+json (RFC 9457) with that status and code, and return it."""
        assert self.status == status, f"{self.status} {self.body[:500]!r}"
        assert self.headers["Content-Type"] == "application/problem+json"
        found: dict[str, Any] = self.json
        assert found["code"] == code, found
        assert found["status"] == status
        for name in ("type", "title", "detail", "message", "hint"):
            assert found[name], name
        return found


async def ask(
    method: str, url: str, *, token: str = "", headers: Mapping[str, str] = {}, **options: Any
) -> Answer:
    """Make one request with these headers and no others that matter, and follow no redirect."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=30), cookie_jar=aiohttp.DummyCookieJar()
        ) as session,
        session.request(method, url, headers={**bearer, **headers}, allow_redirects=False, **options) as response,
    ):
        return Answer(response.status, response.headers, await response.read())


def form(name: str, body: bytes | BytesIO, filename: str, media_type: str) -> aiohttp.FormData:
    """Return a multipart body with one file."""
    data = aiohttp.FormData()
    data.add_field(name, body, filename=filename, content_type=media_type)
    return data


async def log_in(stack: Stack, name: str, password: str) -> Answer:
    """Try to log in."""
    return await ask("POST", f"{stack.url}/auth/login", json={"username": name, "password": password})


async def session_of(stack: Stack, user: StackUser) -> StackUser:
    """Return the user with the token of a login session."""
    answer = await log_in(stack, user.name, user.password)
    assert answer.status == 200, answer.body
    return StackUser(user.id, user.name, user.password, answer.json["token"])
