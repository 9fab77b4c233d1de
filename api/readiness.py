"""Waiting until what `up` started really answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import aiohttp
import msgspec

from api.store import redis
from api.supervisor import StartError
from wegent.client.credentials import Login, home
from wegent.protocol.resources import Device
from wegent.protocol.time_limit import time_limit

PAUSE_SECONDS = 0.1
REQUEST_SECONDS = 5.0
REDIS_SECONDS = 10.0
T = TypeVar("T")


async def wait_for_redis(url: str) -> None:
    """Return when Redis answers; raise :class:`StartError` if it does not."""
    shown = re.sub(r"//[^@/]*@", "//", url)
    async with redis.connected(url) as client:

        async def ping() -> bool:
            try:
                return bool(await client.ping())
            except (redis.RedisError, OSError):
                return False

        await _until(ping, REDIS_SECONDS, f"Redis does not answer at {shown}; is WEGENT_REDIS_URL right?")


async def wait_for_api(url: str, seconds: float) -> None:
    """Return when the server says that it is ready, with its database and Redis."""

    async def ask() -> bool:
        return await _get(f"{url}/readyz") is not None

    await _until(ask, seconds, f"the server at {url} is not ready after {seconds:g} s; see api.log")


async def wait_for_device(login: Login, environ: Mapping[str, str], seconds: float) -> Device:
    """Return this computer's device when it is online."""

    async def ask() -> Device | None:
        # The executor keeps its id in its folder (docs/protocol.md); other computers' devices may be online too.
        device_id = (home(environ) / "device_id").read_text().strip()
        body = await _get(f"{login.url}/devices/{device_id}", login.token)
        device = msgspec.json.decode(body, type=Device) if body else None
        return device if device is not None and device.status != "offline" else None

    async def ask_when_there() -> Device | None:
        try:
            return await ask()
        except FileNotFoundError:
            return None

    missing = f"this computer's executor is not online after {seconds:g} s; see executor.log"
    return await _until(ask_when_there, seconds, missing)


async def _until(ask: Callable[[], Awaitable[T | None]], seconds: float, otherwise: str) -> T:
    try:
        async with time_limit(seconds):
            while True:
                if answer := await ask():
                    return answer
                await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError:
        raise StartError(otherwise) from None


async def _get(url: str, token: str | None = None) -> bytes | None:
    """Return the body of a good answer, else None."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(url) as response,
        ):
            return await response.read() if response.status == 200 else None
    except (aiohttp.ClientError, TimeoutError):
        return None
