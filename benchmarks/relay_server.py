"""What Wegent is compared with: a relay that remembers nothing, ``python -m benchmarks.relay_server``.

It speaks just enough of the protocol for the same devices and viewers, on the same Quart and Hypercorn. No tokens,
no SQL, no resuming. Bare, output goes from the device's handler straight to the viewer's socket: the floor of this
framework. With ``WEGENT_REDIS_URL`` it is the relay that one writes first: for each frame an XADD and a PUBLISH,
each awaited, and a pub/sub connection per viewer.
"""

import asyncio
import os
import signal
import uuid
from typing import Any, cast

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from quart import Quart, websocket
from quart.wrappers import Websocket
from redis.asyncio import Redis

from api.websocket import BoundedWebsocketConnection
from wegent.protocol.chat_messages import Done, Send
from wegent.protocol.codec import chunk_frame, decode_data, decode_frame, encode
from wegent.protocol.device_messages import Ack, Complete, Execute, Progress, Register
from wegent.protocol.resources import Sent
from wegent.protocol.states import State

ACK_FRAMES = 64


class Relay:
    """Who is connected, and which viewer waits for which subtask."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._devices: dict[str, Websocket] = {}
        self._viewers: dict[str, Websocket] = {}
        self._following: set[asyncio.Task[None]] = set()

    async def serve_device(self, socket: Websocket) -> None:
        """Serve ``/ws/device``."""
        frames = 0
        while True:
            frame = decode_frame(await socket.receive())
            if frame.event == "task:progress":
                message = decode_data(frame.data, Progress)
                events = b"[" + b",".join(map(bytes, message.events)) + b"]"
                await self._deliver(message.subtask_id, chunk_frame(message.subtask_id, message.seq, events))
                frames += 1
                if frames % ACK_FRAMES == 0:
                    last = message.seq + len(message.events) - 1
                    await _send(socket, encode("task:ack", Ack(message.subtask_id, last, last)))
                continue
            if frame.event == "device:register":
                self._devices[decode_data(frame.data, Register).device_id] = socket
            elif frame.event == "task:complete":
                ended = decode_data(frame.data, Complete)
                done = Done(ended.subtask_id, ended.seq, State.COMPLETED)
                await self._deliver(ended.subtask_id, encode("chat:done", done))
            await _send(socket, encode("ack", {}, frame.ref))

    async def serve_viewer(self, socket: Websocket) -> None:
        """Serve ``/ws/chat``."""
        while True:
            frame = decode_frame(await socket.receive())
            message = decode_data(frame.data, Send)
            assert message.device_id is not None
            subtask_id = uuid.uuid4().hex
            await _send(socket, encode("ack", Sent(subtask_id, subtask_id, State.QUEUED, 1), frame.ref))
            await self._follow(subtask_id, socket)
            offer = Execute(
                subtask_id=subtask_id, task_id=subtask_id, attempt=1, shell="Command", prompt=message.prompt
            )
            await _send(self._devices[message.device_id], encode("task:execute", offer))

    async def _deliver(self, subtask_id: str, frame: bytes) -> None:
        if self._redis is None:
            await _send(self._viewers[subtask_id], frame)
        else:
            await self._redis.xadd(f"log:{subtask_id}", {"c": frame})
            await self._redis.publish(f"output:{subtask_id}", frame)

    async def _follow(self, subtask_id: str, socket: Websocket) -> None:
        self._viewers[subtask_id] = socket
        if self._redis is not None:
            pubsub = self._redis.pubsub()
            await pubsub.subscribe(f"output:{subtask_id}")
            self._following.add(asyncio.create_task(self._forward(pubsub, socket)))

    async def _forward(self, pubsub: Any, socket: Websocket) -> None:
        async for message in pubsub.listen():
            if message["type"] == "message":
                await _send(socket, message["data"])


async def _send(socket: Websocket, frame: bytes) -> None:
    await socket.send(frame.decode())


def create_app(redis_url: str | None) -> Quart:
    """Return the app."""
    app = Quart("relay_server", static_folder=None)
    app.asgi_websocket_class = BoundedWebsocketConnection
    relay = Relay(None if redis_url is None else Redis.from_url(redis_url, max_connections=1000))

    @app.get("/readyz")
    async def ready() -> str:
        return "ready"

    @app.websocket("/ws/device")
    async def device() -> None:
        await relay.serve_device(websocket._get_current_object())  # type: ignore[attr-defined]

    @app.websocket("/ws/chat")
    async def chat() -> None:
        await relay.serve_viewer(websocket._get_current_object())  # type: ignore[attr-defined]

    return app


async def main() -> None:
    """Serve until SIGTERM."""
    config = Config()
    config.bind = [os.environ["WEGENT_BIND"]]
    config.accesslog = None
    config.errorlog = "-"
    config.graceful_timeout = 1
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    app = create_app(os.environ.get("WEGENT_REDIS_URL"))
    await serve(cast(ASGIFramework, app), config, shutdown_trigger=cast(Any, asked.wait))


if __name__ == "__main__":
    asyncio.run(main())
