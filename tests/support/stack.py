"""The whole of Wegent as real processes: Redis, a database, API processes behind a proxy, workers, executors."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from support.processes import Program, Programs, eventually, free_port
from support.proxy import Proxy
from support.raw_device import RawDevice
from support.raw_viewer import RawViewer
from support.redis import RedisServer

from api.config import Settings
from api.store import tokens, users
from api.store.database import Database
from api.store.migrate import upgrade

FAST = {
    "WEGENT_HEARTBEAT_SECONDS": "0.5",
    "WEGENT_ONLINE_TTL_SECONDS": "3",
    "WEGENT_MONITOR_SECONDS": "1",
    "WEGENT_OFFER_SECONDS": "3",
    "WEGENT_REGISTER_SECONDS": "3",
    "WEGENT_CANCEL_SECONDS": "1.5",
    "WEGENT_TERMINATE_SECONDS": "0.5",
    "WEGENT_STOP_UNCONFIRMED_SECONDS": "6",
    "WEGENT_RECHECK_SECONDS": "1",
    "WEGENT_RECONNECT_MAX_SECONDS": "1",
}
"""Timings that make waiting short; a test overrides what it is about."""
SECRET_KEY = "a secret key for tests that is long enough"


class StackUser(msgspec.Struct, frozen=True):
    """A user of a stack, and a token with all scopes."""

    id: str
    name: str
    password: str
    token: str


class ApiProcess:
    """One API process, which keeps its port when it is started again."""

    def __init__(self, stack: "Stack", name: str) -> None:
        self._stack = stack
        self.name = name
        self.port = free_port()
        self.program: Program | None = None

    @property
    def url(self) -> str:
        """Where it listens itself, past the proxy."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, **env: str) -> None:
        """Start it and wait until it is ready; ``env`` holds for this run only (a fault point, say)."""
        environ = {**self._stack.environ, "WEGENT_BIND": f"127.0.0.1:{self.port}", **env}
        self.program = self._stack.programs.module("api.cli", "api", name=self.name, env=environ)
        await self.ready()

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        program = self.running

        async def is_ready() -> bool:
            assert program.returncode is None, f"{self.name} ended:\n{program.text[-4000:]}"
            return (await self._stack.status(f"{self.url}/readyz")) == 200

        await eventually(is_ready, 30, f"{self.name} is ready")

    @property
    def running(self) -> Program:
        """Its process."""
        assert self.program is not None, f"{self.name} was not started"
        return self.program

    def kill(self) -> None:
        """SIGKILL it."""
        self.running.kill()


class Stack:
    """Started piece by piece; ``url`` is a proxy that spreads connections over the API processes that live."""

    def __init__(
        self, programs: Programs, redis: RedisServer, proxy: Proxy, database_url: str, environ: Mapping[str, str]
    ) -> None:
        self.programs = programs
        self.redis = redis
        self.proxy = proxy
        self.database_url = database_url
        self.environ = {
            **FAST,
            "WEGENT_DATABASE_URL": database_url,
            "WEGENT_REDIS_URL": redis.url,
            "WEGENT_SECRET_KEY": SECRET_KEY,
            "WEGENT_DATA_DIR": str(programs.root / "data"),
            "WEGENT_PUBLIC_URL": proxy.url,
            **environ,
        }
        self.settings = Settings.from_env(self.environ)
        self.apis: list[ApiProcess] = []
        self.workers: list[Program] = []

    @property
    def url(self) -> str:
        """Where people and executors connect to."""
        return self.proxy.url

    async def start_api(self, **env: str) -> ApiProcess:
        """Start one more API process and put it behind the proxy."""
        api = ApiProcess(self, f"api-{len(self.apis) + 1}")
        await api.start(**env)
        self.apis.append(api)
        self.proxy.targets.append(api.port)
        return api

    async def start_worker(self, **env: str) -> Program:
        """Start one more worker."""
        name = f"worker-{len(self.workers) + 1}"
        worker = self.programs.module("api.cli", "worker", name=name, env={**self.environ, **env})
        self.workers.append(worker)
        return worker

    async def user(self, name: str = "") -> StackUser:
        """Add a user with a token."""
        name = name or f"user-{uuid.uuid4().hex[:6]}"
        password = f"password of {name}"
        async with Database.open(self.database_url) as database:
            row = await users.create(database, name, password)
            issued = await tokens.issue(database, self.settings, row.id, name="test")
        return StackUser(row.id, name, password, issued.token)

    async def token(self, user: StackUser, *scopes: str) -> str:
        """Make one more token of ``user`` with these scopes (``cloud`` too)."""
        async with Database.open(self.database_url) as database:
            return (await tokens.issue(database, self.settings, user.id, name="test", scopes=scopes)).token

    def executor_environment(self, user: StackUser, home: Path, **env: str) -> dict[str, str]:
        """Return the environment of an executor of ``user`` that keeps its files in ``home``."""
        timing = {name: value for name, value in self.environ.items() if name in FAST}
        login = {"WEGENT_BACKEND_URL": self.url, "WEGENT_TOKEN": user.token, "WEGENT_HOME": str(home)}
        return {**timing, **login, **env}

    async def start_executor(
        self, user: StackUser, name: str = "executor", *flags: str, device_id: str = "", **env: str
    ) -> Program:
        """Start a real executor that offers ClaudeCode and Command, and wait until its device is online.

        It keeps its files under ``name``: starting it again by the same name is a restart of the same device.
        """
        home = self.programs.root / "executors" / name
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "device_id").exists():
            (home / "device_id").write_text(device_id or name)
        shells = () if "--shell" in flags else ("--shell", "ClaudeCode", "--shell", "Command")
        environ = self.executor_environment(user, home, **env)
        program = self.programs.module("executor.main", "--mode", "local", *shells, *flags, name=name, env=environ)
        await self.online(user, (home / "device_id").read_text().strip(), program)
        return program

    async def online(self, user: StackUser, device_id: str, program: Program | None = None) -> None:
        """Wait until a device is online."""

        async def is_online() -> bool:
            if program is not None and program.returncode is not None:
                raise AssertionError(f"{program.name} ended with {program.returncode}:\n{program.text[-4000:]}")
            try:
                device = await self.get(user, f"/devices/{device_id}")
            except aiohttp.ClientError:
                return False
            return bool(device["status"] != "offline")

        await eventually(is_online, 30, f"{device_id} is online")

    def device(self, user: StackUser, url: str = "", **options: Any) -> AbstractAsyncContextManager[RawDevice]:
        """Open a raw device's socket, unregistered, at ``url`` or through the proxy."""
        return RawDevice.open(url or self.url, user.token, **options)

    def viewer(self, user: StackUser, url: str = "", **options: Any) -> AbstractAsyncContextManager[RawViewer]:
        """Open a raw viewer's socket at ``url`` or through the proxy."""
        return RawViewer.open(url or self.url, user.token, **options)

    async def call(
        self,
        user: StackUser,
        method: str,
        path: str,
        *,
        url: str = "",
        headers: Mapping[str, str] = {},
        **options: Any,
    ) -> tuple[int, Any]:
        """Make a REST request and return its status and its JSON (the text, where it is none)."""
        authorised = {"Authorization": f"Bearer {user.token}", **headers}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
            session.request(method, f"{url or self.url}{path}", headers=authorised, **options) as response,
        ):
            body = await response.read()
        try:
            return response.status, msgspec.json.decode(body) if body else None
        except msgspec.DecodeError:
            return response.status, body.decode(errors="replace")

    async def get(self, user: StackUser, path: str, **options: Any) -> Any:
        """GET something; raise ``ClientError`` when the answer is not 200."""
        status, body = await self.call(user, "GET", path, **options)
        if status != 200:
            raise aiohttp.ClientError(f"GET {path}: {status} {body}")
        return body

    async def send(self, user: StackUser, prompt: str, **fields: Any) -> Any:
        """POST a task; fail when it is refused."""
        status, body = await self.call(user, "POST", "/tasks", json={"prompt": prompt, **fields})
        assert status == 201, f"{status} {body}"
        return body

    async def subtask(self, user: StackUser, subtask_id: str) -> Any:
        """Return a subtask as REST gives it."""
        return await self.get(user, f"/subtasks/{subtask_id}")

    async def settled(self, user: StackUser, subtask_id: str, timeout: float = 30) -> Any:
        """Wait until a subtask has ended and return it."""

        async def look() -> Any:
            try:
                found = await self.subtask(user, subtask_id)
            except aiohttp.ClientError:
                return None
            return found if found["state"] in {"completed", "failed", "cancelled"} else None

        return await eventually(look, timeout, f"{subtask_id} is settled")

    async def events(self, user: StackUser, subtask_id: str, **query: str) -> list[Any]:
        """Return all output that is there now; fail where a number is missing, doubled or moved."""
        path, first = f"/subtasks/{subtask_id}/events", int(query.get("after", 0)) + 1
        events: list[Any] = []
        after: Any = query.get("after", "0")
        while after is not None:
            asked = {**query, "after": str(after)}
            answer = await self.get(user, path, params=asked, headers={"Accept": "application/json"})
            for item in answer["items"]:
                assert item["seq"] == len(events) + first
                events += item["events"]
            after = answer["next"]
        return events

    async def status(self, url: str) -> int | None:
        """Return the HTTP status of a GET, None when nobody answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(url) as response,
            ):
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return None


@asynccontextmanager
async def running_stack(
    programs: Programs,
    redis: RedisServer,
    database_url: str,
    *,
    apis: int = 1,
    workers: int = 1,
    environ: Mapping[str, str] = {},
) -> AsyncIterator[Stack]:
    """Start a stack on an empty database, and end its programs in a kind order when the block ends."""
    await asyncio.to_thread(upgrade, database_url)
    proxy = Proxy([])
    await proxy.listen()
    try:
        stack = Stack(programs, redis, proxy, database_url, environ)
        for _ in range(apis):
            await stack.start_api()
        for _ in range(workers):
            await stack.start_worker()
        yield stack
        programs.close()
    finally:
        await proxy.close()
