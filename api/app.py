"""The app factory: settings in, a Quart app out. Importing does nothing."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from quart import Quart, Response, websocket
from quart.wrappers import Websocket

from api import auth, errors, openapi
from api.chat_session import ChatSession
from api.config import Settings
from api.device_session import DeviceSession
from api.errors import CloseError
from api.feed import Feeds
from api.keeper import Keeper
from api.metrics import DEVICES, VIEWERS
from api.page import Page
from api.request import JSONRequest
from api.routes import BLUEPRINTS
from api.store.pubsub import TOKENS_CHANNEL
from api.store.store import Store, open_store
from api.websocket import BoundedWebsocketConnection, Wire, run_session
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.errors import MEANINGS, Code

log = logging.getLogger(__name__)

MAX_BODY = 2 << 20
MAX_FILE_BODY = 32 << 20


class Backend:
    """What one API process holds, all of which it can lose: connections, sessions, feeds."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.page = Page()
        self.store: Store
        self.feeds: Feeds
        self.is_draining = False
        self.devices: set[DeviceSession] = set()
        self.viewers: set[ChatSession] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold the store open and keep the process's duties until the block ends."""
        async with open_store(self.settings) as store:
            self.store = store
            self.feeds = Feeds(store)
            keeper = Keeper(store, lambda: self.devices)
            duties = [asyncio.create_task(store.pubsub.run()), asyncio.create_task(keeper.run())]
            for duty in duties:
                duty.add_done_callback(_tell_death)
            try:
                async with store.pubsub.listen(TOKENS_CHANNEL, self._token_revoked):
                    yield
            finally:
                for duty in duties:
                    duty.cancel()
                await asyncio.wait(duties)

    def sessions(self) -> list[DeviceSession | ChatSession]:
        """Return the sessions of both kinds that are open now."""
        return [*self.devices, *self.viewers]

    def _token_revoked(self, data: bytes | None) -> None:
        """Close the sockets of a revoked token; if the message was missed, their next recheck does."""
        token_id = (data or b"").decode(errors="replace")
        for session in self.sessions():
            if session.token_id == token_id:
                session.close(CloseError(CloseCode.UNAUTHENTICATED, MEANINGS[Code.TOKEN_REVOKED].message))

    def close_all(self) -> None:
        """Send every socket away, to another process or to this one's successor."""
        self.is_draining = True
        for session in self.sessions():
            session.close(CloseError(CloseCode.RESTARTING, "the server restarts"))

    async def serve_device(self, socket: Websocket) -> Response | None:
        """Serve ``/ws/device``."""
        login = await auth.admit(self.settings, "device", "cloud")
        if isinstance(login, Response):
            return login
        await socket.accept()
        wire = Wire(socket, self.settings.timing.send_deadline)
        session = DeviceSession(self.store, login, wire)
        self.devices.add(session)
        with DEVICES.track_inprogress():
            try:
                await run_session(wire, session.run)
            finally:
                self.devices.discard(session)
        return None

    async def serve_viewer(self, socket: Websocket) -> Response | None:
        """Serve ``/ws/chat``."""
        login = await auth.admit(self.settings, "read", "send")
        if isinstance(login, Response):
            return login
        await socket.accept()
        wire = Wire(socket, self.settings.timing.send_deadline)
        session = ChatSession(self.store, self.feeds, login, wire)
        self.viewers.add(session)
        with VIEWERS.track_inprogress():
            try:
                await run_session(wire, session.run)
            finally:
                self.viewers.discard(session)
        return None


def _tell_death(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a duty of this process ended", exc_info=error)


def create_app(settings: Settings | None = None) -> Quart:
    """Return the ASGI app; without ``settings`` they are read from the environment."""
    settings = settings or Settings.from_env()
    app = Quart("api", static_folder=None)
    app.asgi_websocket_class = BoundedWebsocketConnection
    app.request_class = JSONRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_FILE_BODY
    app.config["RESPONSE_TIMEOUT"] = 60
    app.extensions["wegent"] = backend = Backend(settings)
    errors.install(app)
    auth.install(app, settings)
    openapi.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        async with backend.running():
            yield

    @app.websocket("/ws/device")
    async def device_socket() -> Response | None:
        return await backend.serve_device(websocket._get_current_object())  # type: ignore[attr-defined]

    @app.websocket("/ws/chat")
    async def chat_socket() -> Response | None:
        return await backend.serve_viewer(websocket._get_current_object())  # type: ignore[attr-defined]

    return app
