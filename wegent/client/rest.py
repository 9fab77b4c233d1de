"""Requests to the server: one session, errors as exceptions, and asking again where that is harmless."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from wegent.client import network
from wegent.client.credentials import Login
from wegent.client.errors import ConnectionFailedError, LoginError, UnavailableError, from_problem
from wegent.protocol.backoff import full_jitter
from wegent.protocol.time_limit import time_limit

RETRY_SECONDS = 15.0
"""How long a request is tried again while the server is away or overloaded."""
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
FIRST_WAIT = 0.2
LONGEST_WAIT = 3.0

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One part of a list; ``next`` is where the following part begins."""

    items: list[T]
    next: str | int | None = None


def path_of(*parts: str) -> str:
    """Return a path made of ``parts``, each quoted: an id from outside can never name another route."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


class Logins(Protocol):
    """Where a request finds other tokens than the one it has."""

    def saved(self) -> Login | None:
        """Return the login that is saved now."""

    async def successor(self, login: Login, now: float) -> Login | None:
        """Return what ``login`` was renewed to, where that is due on a server whose clock shows ``now``."""


class Rest:
    """The HTTP half of a client. Belongs to the event loop that first uses it."""

    def __init__(
        self,
        login: Login | str,
        retry_seconds: float = RETRY_SECONDS,
        logins: Logins | None = None,
    ) -> None:
        self.url = login if isinstance(login, str) else login.url
        self._login = None if isinstance(login, str) else login
        self._retry_seconds = retry_seconds
        self._logins = logins
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, opened at first use."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=ANSWER_SECONDS)
            self._session = network.session(self.url, timeout=timeout)
        return self._session

    async def __aenter__(self) -> Self:
        """Use it for the block."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(
        self,
        kind: type[T],
        method: str,
        path: str,
        *,
        body: object = None,
        form: Callable[[], aiohttp.FormData] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> T:
        """Ask and read the answer as ``kind``; ask again while the server is away, unless ``once``.

        Everything asked here may be asked twice: reading, what has an idempotency key, what changes nothing twice.
        ``form`` makes the body where that is not JSON.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        encoded = None if body is None else msgspec.json.encode(body)
        if encoded is not None:
            sent["Content-Type"] = "application/json"

        async def ask() -> bytes:
            data = encoded if form is None else form()
            return (await self._ask(method, path, data, params, sent))[1]

        content = await self._repeat(ask, once)
        try:
            return msgspec.json.decode(content or b"null", type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _foreign(self.url) from error

    async def content(self, path: str, progress: Callable[[int], object] | None = None) -> tuple[str, str, bytes]:
        """Return the name, the media type and the bytes of what is stored at ``path``."""
        answer, content = await self._repeat(lambda: self._ask("GET", path, None, None, {}, progress))
        named = answer.content_disposition.filename if answer.content_disposition else None
        return named or "", answer.content_type, content

    async def _repeat(self, ask: Callable[[], Awaitable[T]], once: bool = False) -> T:
        deadline = time.monotonic() + (0 if once else self._retry_seconds)
        for wait in full_jitter(FIRST_WAIT, LONGEST_WAIT):
            try:
                return await ask()
            except LoginError:
                if not await self._is_replaced():
                    raise
                pause = 0.0
            except UnavailableError as error:
                if time.monotonic() + (pause := max(wait, error.retry_after)) > deadline:
                    raise
            except ConnectionFailedError as error:
                if error.is_lasting or time.monotonic() + (pause := wait) > deadline:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("full_jitter never ends")

    async def open_socket(self, path: str, frame_limit: int) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket; frames longer than ``frame_limit`` bytes end it."""
        try:
            async with time_limit(CONNECT_SECONDS):
                return await self.session.ws_connect(
                    self.url + path,
                    headers=self._authorization,
                    max_msg_size=frame_limit,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 401:
                await self.call(object, "GET", "/auth/me", once=True)  # tells why, or renews the login
                raise ConnectionFailedError("The login was renewed.") from error
            if error.status in {200, 400, 404, 405, 426}:
                raise _foreign(self.url) from error
            raise from_problem(error.status, {}) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise network.unreachable(self.url, error) from error

    async def pages(
        self, kind: type[T], path: str, params: Mapping[str, str] | None = None
    ) -> AsyncIterator[list[T]]:
        """Yield a list's parts, one after the other."""
        asked = dict(params or {})
        while True:
            page = await self.call(Page[kind], "GET", path, params=asked)  # type: ignore[valid-type]
            yield page.items
            if page.next is None or not page.items:
                return
            asked["after"] = str(page.next)

    async def _ask(
        self,
        method: str,
        path: str,
        data: bytes | aiohttp.FormData | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        progress: Callable[[int], object] | None = None,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        sent = {**headers, **self._authorization}
        try:
            async with self.session.request(
                method, self.url + path, data=data, params=params, headers=sent, allow_redirects=False
            ) as answer:
                content = await _read(answer, progress)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise network.unreachable(self.url, error) from error
        self._check(answer, content)
        await self._renew(answer)
        return answer, content

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._login.token}"} if self._login else {}

    async def _is_replaced(self) -> bool:
        """Take the login that has been saved since, if there is another one."""
        login = await asyncio.to_thread(self._logins.saved) if self._logins else None
        if login is None or (self._login is not None and login.token == self._login.token):
            return False
        self._login = login
        return True

    async def _renew(self, answer: aiohttp.ClientResponse) -> None:
        """Renew the login where it is time; the server's own clock tells (RFC 9110, section 6.6.1)."""
        now = seconds(answer.headers.get("Date", ""))
        if self._logins is not None and self._login is not None and now is not None:
            self._login = await self._logins.successor(self._login, now) or self._login

    def _check(self, answer: aiohttp.ClientResponse, content: bytes) -> None:
        if 300 <= answer.status < 400:
            target = answer.headers.get("Location", "elsewhere")
            raise ConnectionFailedError(
                f"{self.url} sends its callers to {target}.",
                hint="Use the address of the server itself.",
                is_lasting=True,
            )
        if answer.status >= 400:
            raise self._refused(answer, content)

    def _refused(self, answer: aiohttp.ClientResponse, content: bytes) -> Exception:
        try:
            problem = msgspec.json.decode(content, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            if answer.status in {404, 405, 426}:
                return _foreign(self.url)
            problem = {}
        error = from_problem(answer.status, problem)
        if isinstance(error, UnavailableError):
            error.retry_after = retry_after(answer.headers)
        return error


async def _read(answer: aiohttp.ClientResponse, progress: Callable[[int], object] | None) -> bytes:
    if progress is None or answer.status != 200:
        return await answer.read()
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        progress(len(content))
    return bytes(content)


def retry_after(headers: Mapping[str, str]) -> float:
    """Read ``Retry-After`` (RFC 9110, section 10.2.3), seconds or a date, as seconds; 0 where it says nothing.

    A date is compared with the answer's own: this computer's clock may be hours off.
    """
    told = headers.get("Retry-After", "")
    try:
        wait = float(told)
    except ValueError:
        until, now = seconds(told), seconds(headers.get("Date", ""))
        wait = 0 if until is None or now is None else until - now
    return max(wait, 0) if math.isfinite(wait) else 0


def seconds(date: str) -> float | None:
    """Read an HTTP date as seconds since 1970; None where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _foreign(url: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"What answers at {url} is not a Wegent server, or of another version.",
        hint="Check the address.",
        is_lasting=True,
    )
