"""A small server on loopback that speaks REST and ``/ws/chat`` from the protocol's own types, with faults at will.

It runs in a thread of its own, so that synchronous clients and other processes can use it too. A test gives it
``script``: a coroutine that is started for each subtask sent and makes it say things and end.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec
from aiohttp import web
from support.scripted_chat import cut, serve_chat
from support.scripted_turns import NOW, WORKSTATION, Faults, Turn

from wegent.protocol.codec import encode
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import MAX_FILE, Device, Sent, Slots, StoredFile, Task, User
from wegent.protocol.states import TERMINAL, State

T = TypeVar("T")
TOKEN = "a-token"
PUBLIC = {"/auth/login", "/auth/device-code", "/auth/device-token"}


def device(device_id: str = WORKSTATION, name: str = "workstation", **more: Any) -> Device:
    """Return a device that is online and free, unless told otherwise."""
    defaults: dict[str, Any] = {
        "status": "online",
        "slots": Slots(0, 5),
        "queued": 0,
        "running": [],
        "is_default": False,
        "kind": "local",
        "shells": ["ClaudeCode", "Command"],
        "folders": [],
        "kernels": [],
        "labels": {},
        "version": "0.1.0",
        "platform": "Linux",
        "last_seen": NOW,
        "created_at": NOW,
    }
    return Device(device_id=device_id, name=name, **(defaults | more))


Script = Callable[[Turn], Coroutine[Any, Any, None]]


class ScriptedApi:
    """The server; ``with`` it. What tests read of it is told beside each attribute."""

    def __init__(self, script: Script | None = None, faults: Faults | None = None) -> None:
        self.script = script
        self.faults = faults or Faults()
        self.devices = [device()]
        self.turns: dict[str, Turn] = {}
        self.keys: dict[str, Turn] = {}
        self.requests: list[tuple[str, str]] = []
        self.failures: list[web.Response] = []  # answers to give first, before any real one
        self.lost_answers = 0  # how many sends, or polls for a login, are done, but cut before the answer
        self.files: dict[str, tuple[str, str, bytes]] = {}  # name, media type and content
        self.saved_tokens: list[str] = []
        self.successors: list[str] = []  # what logins are renewed to; without one left, 503
        self.pairing: list[web.Response] = []  # what is answered to those who poll; after these, "not yet"
        self.pairing_names: list[str] = []
        self.pairing_scopes: list[list[str]] = []
        self.pairing_polls: list[float] = []  # when they asked
        self.code_seconds = 600.0
        self.valid_tokens = {TOKEN}
        self.sockets: set[web.WebSocketResponse] = set()
        self.connections = 0
        self.sent_bytes = 0
        self.frames: list[tuple[str, Any]] = []  # what viewers asked on sockets
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._scripts: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._runner = self.do(self._start())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop, from a test."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    @property
    def environ(self) -> dict[str, str]:
        """What a client's environment needs to find it."""
        return {"WEGENT_BACKEND_URL": self.url, "WEGENT_TOKEN": TOKEN, "WEGENT_RECONNECT_MAX_SECONDS": "0.2"}

    def cut_all(self, code: int = 0) -> None:
        """Cut all sockets, with a close code or without a word."""

        async def cut_each() -> None:
            for socket in tuple(self.sockets):
                await cut(self, socket, code)

        self.do(cut_each())

    def new_turn(self, prompt: str = "", task_id: str = "t-1") -> Turn:
        """Add a subtask that nobody sent."""

        async def added() -> Turn:
            turn = Turn(self.broadcast, {"prompt": prompt}, task_id)
            self.turns[turn.id] = turn
            return turn

        return self.do(added())

    async def broadcast(self, event: str, data: object) -> None:
        """Tell all sockets."""
        frame = encode(event, msgspec.to_builtins(data)).decode()
        for socket in tuple(self.sockets):
            with contextlib.suppress(ConnectionError):
                await socket.send_str(frame)

    async def _start(self) -> web.AppRunner:
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_FILE + (1 << 20))
        app.add_routes(
            [
                web.post("/auth/login", self._login),
                web.post("/auth/logout", self._logout),
                web.post("/auth/renew", self._renew),
                web.post("/auth/device-code", self._device_code),
                web.post("/auth/device-token", self._device_token),
                web.get("/auth/me", self._me),
                web.post("/tokens", self._new_token),
                web.get("/devices", self._devices),
                web.put("/devices/{id}/default", self._set_default),
                web.delete("/devices/{id}/default", self._unset_default),
                web.get("/tasks", self._tasks),
                web.post("/tasks", self._send),
                web.get("/tasks/{id}", self._task),
                web.post("/tasks/{id}/subtasks", self._send),
                web.get("/subtasks/{id}", self._subtask),
                web.get("/subtasks/{id}/events", self._events),
                web.post("/subtasks/{id}/cancel", self._cancel),
                web.post("/subtasks/{id}/input", self._input),
                web.post("/files", self._take_file),
                web.get("/files/{id}", self._give_file),
                web.get("/ws/chat", partial(serve_chat, self)),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _stop(self) -> None:
        for script in self._scripts:
            script.cancel()
        await asyncio.gather(*self._scripts, return_exceptions=True)
        await self._runner.cleanup()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        if self.failures and request.path != "/ws/chat":
            return self.failures.pop(0)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if request.path not in PUBLIC and token not in self.valid_tokens:
                raise ProtocolError(Code.TOKEN_REVOKED if token else Code.UNAUTHENTICATED)
            return await handler(request)
        except ProtocolError as error:
            return problem(error)

    async def _login(self, request: web.Request) -> web.Response:
        if await request.json() != {"username": "ann", "password": "pässword"}:
            raise ProtocolError(Code.UNAUTHENTICATED, "The user name or the password is wrong.", "Try again.")
        self.valid_tokens.add("session")
        return answer({"token": "session", "expires_at": NOW, "user": User("u1", "ann", False)})

    async def _logout(self, request: web.Request) -> web.Response:
        self.valid_tokens.discard(request.headers["Authorization"].removeprefix("Bearer "))
        return answer({})

    async def _renew(self, request: web.Request) -> web.Response:
        if not self.successors:
            raise ProtocolError(Code.UNAVAILABLE)
        return answer({"token": self.successors.pop(0), "expires_at": NOW, "user": User("u1", "ann", False)})

    async def _device_code(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.pairing_names.append(asked["name"])
        self.pairing_scopes.append(asked["scopes"])
        page = "https://wegent.example.org/app/devices/pair"
        codes = {"device_code": "a-secret", "user_code": "ABCD-2345", "interval": 0.1}
        links = {"verification_uri": page, "verification_uri_complete": f"{page}?code=ABCD-2345"}
        return answer(codes | links | {"expires_in": self.code_seconds})

    async def _device_token(self, request: web.Request) -> web.Response:
        assert await request.json() == {"device_code": "a-secret"}
        self.pairing_polls.append(time.monotonic())
        if self.lost_answers:
            self.lost_answers -= 1
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return self.pairing.pop(0) if self.pairing else not_paired("authorization_pending", Code.CONFLICT)

    def approve(self) -> None:
        """Let whoever waits with a code in."""
        self.valid_tokens.add("paired")
        user = User("u1", "ann", False)
        self.pairing.append(answer({"token": "paired", "token_id": "k2", "expires_at": NOW, "user": user}))

    async def _me(self, request: web.Request) -> web.Response:
        return answer(User("u1", "ann", False))

    async def _new_token(self, request: web.Request) -> web.Response:
        self.saved_tokens.append((await request.json())["name"])
        self.valid_tokens.add("api-token")
        return answer({"id": "k1", "name": "", "token": "api-token", "scopes": [], "expires_at": NOW}, 201)

    async def _devices(self, request: web.Request) -> web.Response:
        start = int(request.query.get("after", 0))
        more = start + 2 < len(self.devices)
        return answer({"items": self.devices[start : start + 2], "next": str(start + 2) if more else None})

    async def _set_default(self, request: web.Request) -> web.Response:
        chosen = request.match_info["id"]
        self.devices = [
            msgspec.structs.replace(each, is_default=each.device_id == chosen) for each in self.devices
        ]
        return answer({})

    async def _unset_default(self, request: web.Request) -> web.Response:
        self.devices = [msgspec.structs.replace(each, is_default=False) for each in self.devices]
        return web.Response(status=204)

    async def _tasks(self, request: web.Request) -> web.Response:
        tasks = [self._conversation(task_id) for task_id in {turn.task_id for turn in self.turns.values()}]
        return answer({"items": tasks, "next": None})

    async def _task(self, request: web.Request) -> web.Response:
        return answer(self._conversation(request.match_info["id"]))

    def _conversation(self, task_id: str) -> Task:
        turns = [turn for turn in self.turns.values() if turn.task_id == task_id]
        if not turns:
            raise ProtocolError(Code.NOT_FOUND)
        title = str(turns[0].body.get("title") or turns[0].body["prompt"])
        return Task(
            task_id=task_id, title=title, last_subtask=turns[-1].resource(), created_at=NOW, updated_at=NOW
        )

    async def _send(self, request: web.Request) -> web.StreamResponse:
        key = request.headers["Idempotency-Key"]
        turn = self.keys.get(key)
        if turn is None:
            body = await request.json()
            wanted = body.get("device_id", WORKSTATION)
            if any(each.device_id == wanted and each.status == "offline" for each in self.devices):
                raise ProtocolError(Code.DEVICE_OFFLINE)
            turn = Turn(self.broadcast, body, request.match_info.get("id", f"t-{len(self.turns) + 1}"))
            self.turns[turn.id] = self.keys[key] = turn
            if self.script is not None:
                self._scripts.add(asyncio.create_task(self.script(turn)))
        if self.lost_answers:
            self.lost_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        return answer(Sent(turn.task_id, turn.id, turn.state, turn.queue_position), 201)

    def _turn(self, request: web.Request) -> Turn:
        if request.match_info["id"] not in self.turns:
            raise ProtocolError(Code.NOT_FOUND)
        return self.turns[request.match_info["id"]]

    async def _subtask(self, request: web.Request) -> web.Response:
        return answer(self._turn(request).resource())

    async def _events(self, request: web.Request) -> web.Response:
        turn = self._turn(request)
        after = int(request.query.get("after", 0))
        items = [{"seq": after + 1, "events": [msgspec.Raw(event) for event in turn.events[after:]]}]
        return answer({"state": turn.state, "seq": len(turn.events), "items": items})

    async def _cancel(self, request: web.Request) -> web.Response:
        turn = self._turn(request)
        if turn.state not in TERMINAL:
            await turn.set(State.CANCELLED if turn.state is State.QUEUED else State.CANCELLING)
            turn.is_stop_wanted.set()
        return answer({"state": turn.state})

    async def _take_file(self, request: web.Request) -> web.Response:
        file = (await request.post())["file"]
        assert isinstance(file, web.FileField)
        id = f"f{len(self.files) + 1}"
        self.files[id] = file.filename, file.content_type, await asyncio.to_thread(file.file.read)
        return answer(StoredFile(id, file.filename, file.content_type, len(self.files[id][2]), NOW), 201)

    async def _give_file(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.files:
            raise ProtocolError(Code.NOT_FOUND, "There is no such file.", "Files are kept for 24 hours.")
        name, media_type, content = self.files[request.match_info["id"]]
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        headers = {"Content-Disposition": disposition, "Content-Type": media_type}
        return web.Response(body=content, headers=headers)

    async def _input(self, request: web.Request) -> web.Response:
        turn = self._turn(request)
        if turn.state in TERMINAL:
            raise ProtocolError(Code.SETTLED)
        async with turn.changed:
            turn.inputs.append((await request.json())["input"])
            turn.changed.notify_all()
        return answer({})


def answer(data: object, status: int = 200) -> web.Response:
    """Return ``data`` as JSON."""
    return web.Response(body=msgspec.json.encode(data), status=status, content_type="application/json")


def not_paired(word: str, code: Code) -> web.Response:
    """Return why there is no token for a code, in RFC 8628's word."""
    refused = problem(ProtocolError(code, error=word))
    refused.set_status(400)
    return refused


def problem(error: ProtocolError, **headers: str) -> web.Response:
    """Return ``error`` as problem+json."""
    body = {"type": "about:blank", "title": error.code, "status": error.status, "detail": error.message}
    body |= {"code": error.code, "hint": error.hint, **error.extra}
    return web.Response(
        body=msgspec.json.encode(body),
        status=error.status,
        content_type="application/problem+json",
        headers=headers,
    )
