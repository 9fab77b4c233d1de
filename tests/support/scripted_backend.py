"""A server for an executor to connect to: it speaks the device's protocol, and misbehaves where a test says so."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from support.processes import eventually

from wegent.protocol.codec import Frame, decode_data, decode_frame, encode, encode_error
from wegent.protocol.device_messages import (
    FROM_DEVICE,
    Ack,
    Cancel,
    Complete,
    Execute,
    Progress,
    Register,
    Registered,
    Replay,
    Resume,
    TaskInput,
)
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.output_events import AnyEvent, Stream, decode_event
from wegent.protocol.output_log import GapError, Receiver
from wegent.protocol.resources import MAX_FILE, Device, Slots, StoredFile


class Record:
    """What the server holds of one subtask."""

    def __init__(self, offer: Execute) -> None:
        self.offer = offer
        self.state = "offered"
        self.log = Receiver()
        self.raw: list[bytes] = []
        self.complete: Complete | None = None
        self.completes = 0
        self.accepts = 0

    @property
    def events(self) -> list[AnyEvent]:
        """The output until now."""
        return [decode_event(event) for event in self.raw]

    def text(self, name: str = "stdout") -> str:
        """What a command wrote to ``name``."""
        return "".join(event.text for event in self.events if isinstance(event, Stream) and event.name == name)

    async def until(self, check: Callable[["Record"], Any], timeout: float = 20) -> Any:
        """Wait until ``check`` holds of it."""
        return await eventually(lambda: check(self), timeout, f"{self.offer.subtask_id}: {self.state}")

    async def ended(self, timeout: float = 20) -> Complete:
        """Wait for its complete."""
        await self.until(lambda record: record.complete, timeout)
        assert self.complete is not None
        return self.complete


class Upload(NamedTuple):
    """A file that the device sent."""

    name: str
    media_type: str
    body: bytes
    subtask_id: str
    token: str


class ScriptedBackend:
    """One device's server. Set its attributes to make it misbehave."""

    def __init__(self) -> None:
        self.url = ""
        self.records: dict[str, Record] = {}
        self.registers: list[Register] = []
        self.tokens: list[str] = []
        self.heartbeats: list[list[str]] = []
        self.heartbeat_times: list[float] = []  # of the monotonic clock
        self.loads: list[dict[str, float]] = []
        self.declines: list[dict[str, Any]] = []
        self.heard: list[str] = []
        self.errors: list[dict[str, Any]] = []
        self.acks: list[int] = []
        self.heartbeat_seconds = 0.3
        self.refuse_upgrade: int | None = None
        self.valid_token: str | None = None
        self.login_refusal: Code | None = None  # what whoever asks with its token is told is wrong with that
        self.me_answers: list[web.StreamResponse] = []  # to give first to whoever asks what is wrong
        self.renewals: list[str] = []  # the tokens that were renewed
        self.successors: list[str] = []  # what they are renewed to; without one left, 503
        self.server_time = "2025-01-01T00:00:00Z"
        self.answers_heartbeats = True
        self.answers_accepts = True
        self.answers_completes = True
        self.stores = True
        self.stop: list[str] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.file_answers: list[web.StreamResponse] = []  # to give first, before any file
        self.file_requests: list[tuple[str, str]] = []  # id and token
        self.uploads: list[Upload] = []
        self.upload_answers: list[web.StreamResponse] = []  # to give first, before any file is taken
        self.verdicts: dict[str, str] = {}
        self.accept_error: Code | None = None
        self.socket: web.WebSocketResponse | None = None

    async def offer(self, subtask_id: str, prompt: str = "", **fields: Any) -> Record:
        """Offer a subtask to the connected device."""
        fields = {"task_id": f"task-{subtask_id}", "attempt": 1, "shell": "Command"} | fields
        execute = Execute(subtask_id=subtask_id, prompt=prompt, **fields)
        known = self.records.get(subtask_id)
        if known is None or known.offer.attempt != execute.attempt:
            known = self.records[subtask_id] = Record(execute)
        await self.send("task:execute", execute)
        return known

    async def cancel(self, record: Record, grace_seconds: float = 10) -> None:
        """Ask the device to stop a subtask."""
        record.state = "cancelling"
        await self.send("task:cancel", Cancel(record.offer.subtask_id, record.offer.attempt, grace_seconds))

    async def give(self, record: Record, input_id: str, input: dict[str, Any]) -> None:
        """Send an input; its answer is in ``acks`` (or ``errors``) under ref 7."""
        await self.send("task:input", TaskInput(record.offer.subtask_id, input_id, input), 7)

    async def send(self, event: str, data: object, ref: int | None = None) -> None:
        """Send a frame."""
        await self.connected()
        assert self.socket is not None
        await self.socket.send_bytes(b"") if event == "binary" else await self.socket.send_str(
            encode(event, data, ref).decode()
        )

    async def connected(self, connections: int = 1, timeout: float = 20) -> Register:
        """Wait until the device has registered ``connections`` times and is connected; return how."""
        await eventually(
            lambda: len(self.registers) >= connections and self.socket is not None, timeout, "registered"
        )
        return self.registers[-1]

    def silence(self) -> float:
        """Return the longest time in seconds without a heartbeat, from the first one until now."""
        return max(after - before for before, after in pairwise([*self.heartbeat_times, time.monotonic()]))

    async def close(self, code: int = WSCloseCode.SERVICE_RESTART) -> None:
        """Close the device's socket."""
        await self.connected()
        assert self.socket is not None
        await self.socket.close(code=code)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one upgrade and its socket."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        if self.refuse_upgrade is not None:
            return web.Response(status=self.refuse_upgrade)
        if self._refusal(token) is not None:
            return web.Response(status=401)
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._receive(socket, decode_frame(message.data))
        finally:
            if self.socket is socket:
                self.socket = None
        return socket

    def _refusal(self, token: str) -> Code | None:
        is_other = self.valid_token is not None and token != self.valid_token
        return self.login_refusal or (Code.TOKEN_EXPIRED if is_other or self.refuse_upgrade == 401 else None)

    async def tell_login(self, request: web.Request) -> web.StreamResponse:
        """Tell whether a login is good."""
        if self.me_answers:
            return self.me_answers.pop(0)
        refusal = self._refusal(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return web.json_response({"code": refusal} if refusal else {}, status=401 if refusal else 200)

    async def renew(self, request: web.Request) -> web.StreamResponse:
        """Renew a login."""
        if not self.successors:
            return web.Response(status=503)
        self.renewals.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return web.json_response({"token": self.successors.pop(0), "expires_at": "2030-01-01T00:00:00Z"})

    async def give_file(self, request: web.Request) -> web.StreamResponse:
        """Give a file as the server does."""
        id = request.match_info["id"]
        self.file_requests.append((id, request.headers.get("Authorization", "").removeprefix("Bearer ")))
        if self.file_answers:
            return self.file_answers.pop(0)
        if id not in self.files:
            return web.Response(status=404)
        name, body = self.files[id]
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        return web.Response(body=body, headers={"Content-Disposition": disposition})

    async def take_file(self, request: web.Request) -> web.StreamResponse:
        """Take a file as the server does."""
        file = (await request.post())["file"]
        assert isinstance(file, web.FileField)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = await asyncio.to_thread(file.file.read)
        if self.upload_answers:
            return self.upload_answers.pop(0)
        self.uploads.append(
            Upload(file.filename, file.content_type, body, request.query.get("subtask_id", ""), token)
        )
        stored = StoredFile(f"u{len(self.uploads)}", file.filename, file.content_type, len(body), "")
        return web.json_response(msgspec.to_builtins(stored), status=201)

    async def _receive(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        self.heard.append(frame.event)
        if frame.event == "error":
            self.errors.append(msgspec.json.decode(frame.data) | {"ref": frame.ref})
        elif frame.event == "ack":
            self.acks.append(frame.ref or 0)
        else:
            data = decode_data(frame.data, FROM_DEVICE[frame.event])
            try:
                answer = await getattr(self, "_on_" + frame.event.replace(":", "_"))(socket, data)
            except ProtocolError as error:
                await socket.send_str(encode_error(error, frame.ref).decode())
                return
            if answer is not None and frame.ref is not None:
                await socket.send_str(encode("ack", answer, frame.ref).decode())

    async def _on_device_register(self, socket: web.WebSocketResponse, register: Register) -> Registered:
        self.socket = socket
        self.registers.append(register)
        device = Device(
            device_id=register.device_id,
            name=register.name,
            status="online",
            slots=Slots(0, register.slots),
            queued=0,
            running=[],
            is_default=False,
            kind=register.kind,
            shells=register.shells,
            folders=register.folders,
            kernels=[],
            labels=register.labels,
            version=register.version,
            platform=register.platform,
            last_seen=None,
            created_at="2025-01-01T00:00:00Z",
        )
        return Registered(
            device=device,
            session="s",
            heartbeat_seconds=self.heartbeat_seconds,
            online_ttl_seconds=90,
            max_frame=1 << 20,
            server_time=self.server_time,
            resume=[self._resume(running.subtask_id, running.attempt) for running in register.running],
        )

    def _resume(self, subtask_id: str, attempt: int) -> Resume:
        record = self.records.get(subtask_id)
        if record is None or record.offer.attempt != attempt:
            return Resume(subtask_id, attempt, 0, "stop")
        if record.state == "offered":
            record.state = "running"
        verdict = self.verdicts.get(subtask_id, "continue" if record.state == "running" else "stop")
        return Resume(subtask_id, attempt, record.log.last, verdict)  # type: ignore[arg-type]

    async def _on_device_heartbeat(self, socket: web.WebSocketResponse, beat: Any) -> Any:
        self.heartbeats.append(beat.running_task_ids)
        self.heartbeat_times.append(time.monotonic())
        self.loads.append(beat.load)
        return {"server_time": "2025-01-01T00:00:00Z", "stop": self.stop} if self.answers_heartbeats else None

    async def _on_device_drain(self, socket: web.WebSocketResponse, leave: Any) -> Any:
        return {}

    _on_device_goodbye = _on_device_drain

    async def _on_task_accept(self, socket: web.WebSocketResponse, accept: Any) -> Any:
        record = self.records[accept.subtask_id]
        record.accepts += 1
        if self.accept_error is not None:
            raise ProtocolError(self.accept_error)
        if accept.attempt != record.offer.attempt or record.state not in {"offered", "running"}:
            raise ProtocolError(Code.NOT_CURRENT)
        record.state = "running"
        return {} if self.answers_accepts else None

    async def _on_task_decline(self, socket: web.WebSocketResponse, decline: Any) -> Any:
        self.declines.append(msgspec.to_builtins(decline))
        return {}

    async def _on_task_progress(self, socket: web.WebSocketResponse, progress: Progress) -> None:
        record = self.records.get(progress.subtask_id)
        if record is None:
            return
        try:
            fresh = record.log.ingest(progress.seq, progress.events)
        except GapError as gap:
            await self.send("task:replay", Replay(progress.subtask_id, gap.wanted))
            return
        record.raw += [bytes(event) for event in fresh]
        held = record.log.last
        await socket.send_str(
            encode("task:ack", Ack(progress.subtask_id, held, held if self.stores else 0)).decode()
        )

    async def _on_task_complete(self, socket: web.WebSocketResponse, complete: Complete) -> Any:
        record = self.records.get(complete.subtask_id)
        if record is None:
            raise ProtocolError(Code.NOT_FOUND)
        record.completes += 1
        if not self.answers_completes:
            return None
        if complete.attempt != record.offer.attempt:
            raise ProtocolError(Code.NOT_CURRENT)
        if record.state == "settled" and record.complete is None:
            raise ProtocolError(Code.SETTLED)
        if complete.seq > record.log.last:
            await self.send("task:replay", Replay(complete.subtask_id, record.log.last + 1))
            return None
        record.complete, record.state = complete, "settled"
        return {}


@asynccontextmanager
async def scripted_backend(tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedBackend]:
    """Serve on a free port of the loopback interface; with ``tls`` as ``wegent.test``."""
    backend = ScriptedBackend()
    app = web.Application(client_max_size=MAX_FILE + (1 << 20))
    app.router.add_get("/ws/device", backend.handle)
    app.router.add_get("/files/{id}", backend.give_file)
    app.router.add_post("/files", backend.take_file)
    app.router.add_get("/auth/me", backend.tell_login)
    app.router.add_post("/auth/renew", backend.renew)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0][:2]
    backend.url = f"https://wegent.test:{port}" if tls else f"http://{host}:{port}"
    try:
        yield backend
    finally:
        if backend.socket is not None:
            async with asyncio.timeout(2):
                await backend.socket.close()
        await runner.cleanup()
