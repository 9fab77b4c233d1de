"""Keeps a connection to the server: connects, registers, and knows after which end to try again."""

import asyncio
import logging
import platform
import secrets
import time
import uuid
from collections.abc import Iterator
from typing import NoReturn

import aiohttp

from executor import device_socket
from executor.config import Config
from executor.device import Device
from executor.endings import ConnectionLostError, ExitCode, FatalError, sentence
from executor.processes.reaper import Reaper
from executor.pump import MAX_BATCH
from executor.renewal import HOW_TO_LOG_IN, Renewal
from executor.requests import RefusedError
from executor.session import MOST_RECEIVED, Session
from wegent.client import network
from wegent.client.errors import ConnectionFailedError
from wegent.protocol.backoff import full_jitter
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.device_messages import Register
from wegent.protocol.errors import Code
from wegent.protocol.time_limit import time_limit
from wegent.protocol.version import program_version

log = logging.getLogger(__name__)

CONNECT_WITHIN = 20.0
BACK_WITHIN = 2 / 3
"""The share of the online TTL within which to try again: who comes back at once is lost by nobody."""
_REFUSED_UPGRADE = {401: CloseCode.UNAUTHENTICATED, 403: CloseCode.FORBIDDEN}


class Link:
    """The connection of ``device``, over and over again."""

    def __init__(self, config: Config, device: Device) -> None:
        self._config = config
        self._device = device
        self.renewal = Renewal(device, config.environ)
        self._reaper = Reaper()
        self._instance = secrets.token_hex(8)
        self._connection = 0
        self._batch = MAX_BATCH
        self._longest_pause = config.timing.reconnect_max
        self._backoff = self._fresh_backoff()
        self._hurry = asyncio.Event()
        self.session: Session | None = None
        """The registered session, while there is one."""
        self.trouble = ""
        """Why there is none."""
        self.next_try: float | None = None
        """When it is tried again (seconds since 1970)."""

    def reconnect(self, reason: str) -> None:
        """Drop the connection and make a new one at once."""
        self._hurry.set()
        if self.session is not None:
            self.session.drop(reason)

    async def run(self) -> NoReturn:
        """Stay connected until that cannot be; raises FatalError then."""
        async with self._network() as http:
            while True:
                self._hurry.clear()
                try:
                    await self._connect(http)
                except ConnectionLostError as lost:
                    await self._react(lost)
                except Exception:
                    log.exception("The connection failed unexpectedly.")
                await self._pause()

    def _network(self) -> aiohttp.ClientSession:
        try:
            return network.session(self._config.url)
        except ConnectionFailedError as error:
            raise FatalError(ExitCode.FAILED, str(error)) from None

    async def _connect(self, http: aiohttp.ClientSession) -> None:
        """Be connected once; always ends with an exception."""
        self._connection += 1
        socket = await self._open(http)
        try:
            session = Session(socket, self._device, self._reaper, self._batch)
            await self._register(session)
            self.session, self.trouble, self.next_try = session, "", None
            try:
                await session.run()
            except ConnectionLostError as lost:
                if lost.code == CloseCode.TOO_BIG:
                    self._batch = session.pump.shrink()
                raise
        finally:
            self.session = None
            await _close(socket)

    async def _open(self, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        url = self._config.url + device_socket.PATH
        try:
            async with time_limit(CONNECT_WITHIN):
                return await device_socket.open(http, self._config.url, self._device.login.token, MOST_RECEIVED)
        except aiohttp.WSServerHandshakeError as error:
            code = _REFUSED_UPGRADE.get(error.status)
            raise ConnectionLostError(f"{url} answered HTTP {error.status} {error.message}", code) from None
        except TimeoutError:
            raise ConnectionLostError(f"{url} did not answer within {CONNECT_WITHIN:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectionLostError(str(network.unreachable(self._config.url, error))) from None

    async def _register(self, session: Session) -> None:
        config = self._config
        message = Register(
            device_id=self._device.device_id,
            name=config.name,
            slots=config.slots,
            version=program_version(),
            platform=platform.platform()[:200],
            shells=list(config.shells),
            kernels=list(config.kernels),
            folders=[str(folder) for folder in config.folders],
            labels=config.labels,
            kind=config.kind,
            instance=self._instance,
            connection=self._connection,
            paused=not self._device.takes_new,
            running=self._device.listed(),
        )
        try:
            registered = await session.register(message, config.timing.register)
        except RefusedError as refused:
            if refused.code == Code.FORBIDDEN:
                raise FatalError(ExitCode.LOGIN_NEEDED, f"{refused} {HOW_TO_LOG_IN}") from None
            raise ConnectionLostError(f"the server refused this device: {refused}") from None
        self._longest_pause = min(config.timing.reconnect_max, registered.online_ttl_seconds * BACK_WITHIN)
        self._backoff = self._fresh_backoff()
        self.renewal.set_clock(registered.server_time)
        if message.paused is self._device.takes_new:
            raise ConnectionLostError("what this device takes has changed meanwhile")
        log.info("Connected to %s as %s (%s).", config.url, registered.device.name, self._device.device_id)

    async def _react(self, lost: ConnectionLostError) -> None:
        """Do what the reason for the end asks for, before the next try."""
        self.trouble = str(lost)
        if lost.code == CloseCode.UNAUTHENTICATED:
            if await self.renewal.replace_refused(str(lost)):
                self._hurry.set()
        elif lost.code == CloseCode.FORBIDDEN:
            raise FatalError(
                ExitCode.LOGIN_NEEDED, f"The server forbids this device to connect ({lost}). {HOW_TO_LOG_IN}"
            )
        elif lost.code == CloseCode.REPLACED:
            raise FatalError(
                ExitCode.REPLACED,
                "Another executor has connected as this device: with another folder, or on another computer whose"
                f" disk is a copy. Write an id of its own into {self._config.home / 'device_id'}, such as"
                f" {uuid.uuid4().hex}, and start again.",
            )
        elif lost.code == CloseCode.TOO_OLD:
            raise FatalError(ExitCode.TOO_OLD, f"This executor is too old for the server. Update it: {lost}")
        elif lost.code == CloseCode.DEVICE_DELETED:
            log.warning("This device was deleted on the server; stopping its work, then registering anew.")
            await self._device.drop_all()
        else:
            log.info("Not connected: %s", sentence(str(lost)))

    async def _pause(self) -> None:
        """Wait a random time, so that a server's restart does not bring everybody back at the same moment."""
        seconds = next(self._backoff)
        self.next_try = time.time() + seconds
        if not self._hurry.is_set():
            log.info("Reconnecting in %.1f s.", seconds)
        try:
            async with time_limit(seconds):
                await self._hurry.wait()
        except TimeoutError:
            return

    def _fresh_backoff(self) -> Iterator[float]:
        return full_jitter(min(self._config.timing.reconnect_first, self._longest_pause), self._longest_pause)


async def _close(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Close politely, but not for long: what was dropped because it was dead must not hold up the next one."""
    try:
        async with time_limit(2):
            await socket.close()
    except (TimeoutError, ConnectionError, aiohttp.ClientError) as error:
        log.debug("The socket did not close properly: %s", error)
