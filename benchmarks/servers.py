"""What is measured: an API with SQLite and Redis, or one of the two small relays it is compared with."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from api.config import Settings
from api.embedded_redis import free_port, prepare
from api.store import tokens
from api.store.clock import now_ms
from api.store.database import Database
from api.store.migrate import upgrade
from api.store.tables import users
from benchmarks.connection import PATIENCE
from benchmarks.meters import RedisMeter
from benchmarks.orders import Member
from benchmarks.plan import Server
from benchmarks.programs import Program, Programs

LOOK_SECONDS = 0.05


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A server that runs: its processes, where they listen, and who may log in."""

    pids: list[int]
    urls: list[str]
    tokens: list[str]
    redis: Program | None = None
    redis_url: str = ""

    def members(self, count: int, url: str = "", first: int = 0) -> list[Member]:
        """Return ``count`` devices or viewers, spread over the users, all at one process."""
        return [
            Member(url or self.urls[0], self.tokens[number % len(self.tokens)], f"device-{number}")
            for number in range(first, first + count)
        ]

    def redis_meter(self) -> RedisMeter:
        """Return a meter of the Redis behind it."""
        assert self.redis is not None, "this server has no Redis"
        return RedisMeter(self.redis.pid, self.redis_url)


@asynccontextmanager
async def serving(server: Server, *, processes: int = 1, people: int = 1) -> AsyncIterator[tuple[Programs, Site]]:
    """Start a server of its own, fresh, with ``people`` users, until the block ends."""
    async with Programs.running() as programs:
        if server == "wegent":
            yield programs, await start_api(programs, processes, people)
        else:
            yield programs, await _start_relay(programs, server)


async def start_api(
    programs: Programs, processes: int = 1, people: int = 1, module: tuple[str, ...] = ("api.cli", "api")
) -> Site:
    """Start Redis, make the tables and the users, and start API processes with the default settings."""
    redis, redis_url = await _start_redis(programs)
    environ = {
        "WEGENT_DATABASE_URL": f"sqlite:///{programs.folder / 'wegent.db'}",
        "WEGENT_REDIS_URL": redis_url,
        "WEGENT_SECRET_KEY": secrets.token_urlsafe(48),
        "WEGENT_DATA_DIR": str(programs.folder),
    }
    await asyncio.to_thread(upgrade, environ["WEGENT_DATABASE_URL"])
    issued = await _add_people(Settings.from_env(environ), people)
    ports = [free_port() for _ in range(processes)]
    started = [await _start_listening(programs, module, port, environ) for port in ports]
    return Site(
        pids=[program.pid for program in started],
        urls=[f"http://127.0.0.1:{port}" for port in ports],
        tokens=issued,
        redis=redis,
        redis_url=redis_url,
    )


async def _start_relay(programs: Programs, server: Server) -> Site:
    port = free_port()
    if server == "bare":
        program = await _start_listening(programs, ("benchmarks.relay_server",), port, {})
        return Site(pids=[program.pid], urls=[f"http://127.0.0.1:{port}"], tokens=[""])
    redis, redis_url = await _start_redis(programs)
    program = await _start_listening(programs, ("benchmarks.relay_server",), port, {"WEGENT_REDIS_URL": redis_url})
    return Site(
        pids=[program.pid], urls=[f"http://127.0.0.1:{port}"], tokens=[""], redis=redis, redis_url=redis_url
    )


async def _start_redis(programs: Programs) -> tuple[Program, str]:
    embedded = prepare(programs.folder)
    program = await programs.start(*embedded.argv)
    meter = RedisMeter(program.pid, embedded.url)
    deadline = time.monotonic() + PATIENCE
    while not await meter.answers():
        if not program.is_running or time.monotonic() > deadline:
            raise program.broken("redis-server did not start")
        await asyncio.sleep(LOOK_SECONDS)
    return program, embedded.url


async def _start_listening(
    programs: Programs, module: tuple[str, ...], port: int, environ: Mapping[str, str]
) -> Program:
    env = {**environ, "WEGENT_BIND": f"127.0.0.1:{port}"}
    program = await programs.module(*module, env=env)
    deadline = time.monotonic() + PATIENCE
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while not await _is_ready(session, port):
            if not program.is_running or time.monotonic() > deadline:
                raise program.broken(f"{module[0]} did not start")
            await asyncio.sleep(LOOK_SECONDS)
    return program


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _add_people(settings: Settings, count: int) -> list[str]:
    """Add users who can log in by token only (hashing a password takes longer than all else), and a token each."""
    names = [f"user-{number}" for number in range(count)]
    others = {"password_hash": "", "is_admin": False, "created_at": now_ms()}
    async with Database.open(settings.database_url) as database:
        async with database.write() as connection:
            for name in names:
                await connection.execute(users.insert().values(id=name, name=name, **others))
        return [(await tokens.issue(database, settings, name, name="bench")).token for name in names]
