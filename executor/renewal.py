"""The login that the executor works with: renewed before it ends, and replaced when the server refuses it.

When it is time is counted on the server's clock, which it tells at each register: this computer's may be wrong.
"""

import asyncio
import contextlib
import datetime
import logging
import random
import time
from collections.abc import Mapping
from typing import NoReturn

from executor.device import Device
from executor.endings import ExitCode, FatalError, sentence
from wegent.client import claims, credentials, renewal
from wegent.client.credentials import Login
from wegent.client.errors import LoginError, WegentError
from wegent.client.rest import Rest
from wegent.protocol.backoff import full_jitter
from wegent.protocol.errors import Code
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

EARLIEST, LATEST = 0.5, 0.4
"""The shares of its life between which a login is renewed, so that not all executors come at one moment."""
LONGEST_REST = 3600.0
"""Seconds after which it is looked again: a timer may stand still while a computer sleeps."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds between two tries to renew; a short life has shorter ones."""
LOGIN_POLL = 2.0
"""Seconds between two looks at the file for a login that a person makes."""
HOW_TO_LOG_IN = "Run `wegent-executor login`, or start again with a new token (--token or WEGENT_TOKEN)."


class Renewal:
    """Keeps the login of ``device`` good; ``environ`` says where logins are kept."""

    def __init__(self, device: Device, environ: Mapping[str, str]) -> None:
        self._device = device
        self._environ = environ
        self._ahead: float | None = None  # by how much the server's clock is ahead of our monotonic one
        self._clock_set = asyncio.Event()

    def set_clock(self, server_time: str) -> None:
        """Take the server's time (RFC 3339)."""
        try:
            self._ahead = datetime.datetime.fromisoformat(server_time).timestamp() - time.monotonic()
        except ValueError:
            log.debug("The server's time cannot be read: %s", server_time[:100])
        self._clock_set.set()

    async def run(self) -> NoReturn:
        """Renew the login whenever it is time, for ever; the work and the connection never wait for that."""
        while True:
            await self._until_due(random.uniform(LATEST, EARLIEST))
            try:
                await self._renew()
            except Exception:
                log.exception("The login could not be renewed for an unexpected reason.")
                await asyncio.sleep(LONGEST_PAUSE)

    async def _until_due(self, share: float) -> None:
        while (left := self._seconds_left(share)) > 0:
            await self._rest(min(left, LONGEST_REST))

    async def _rest(self, seconds: float) -> None:
        """Wait, but not on when the server is there again: a login may be near its end then."""
        self._clock_set.clear()
        with contextlib.suppress(TimeoutError):
            async with time_limit(seconds):
                await self._clock_set.wait()

    def _seconds_left(self, share: float) -> float:
        """Return in how long the login is due; an hour where that cannot be known."""
        if self._ahead is None:
            return LONGEST_REST
        left = claims.seconds_until_due(self._device.login.token, time.monotonic() + self._ahead, share)
        return LONGEST_REST if left is None else left

    async def _renew(self) -> None:
        """Get the successor, work with it, and keep it; trouble is told once and followed by another try."""
        is_told = False
        life = getattr(claims.read(self._device.login.token), "life", LONGEST_REST)
        for pause in full_jitter(min(FIRST_PAUSE, life / 50), min(LONGEST_PAUSE, life / 20)):
            former = self._device.login
            try:
                if not await self._is_replaced(former):
                    successor = await renewal.ask(former)
                    self._device.login = successor
                    await self._keep(former, successor)
                return
            except WegentError as error:
                if not is_told:
                    log.warning("The login could not be renewed yet; trying again: %s", error)
                is_told = True
            await self._rest(pause)

    async def _keep(self, former: Login, successor: Login) -> None:
        """Put the successor where the login came from; where that fails, the next one is put there."""
        try:
            kept = await asyncio.to_thread(credentials.replace, former, successor, self._environ)
        except (LoginError, OSError) as error:
            log.warning("The login was renewed, but it cannot be kept for the next start: %s", error)
            return
        self._device.login = kept
        log.info("The login was renewed; it is good until %s.", kept.expires_at)

    async def replace_refused(self, said: str) -> bool:
        """Do what a refused login asks for; return whether there is another one now, to connect with at once.

        False: it may be good after all, or the server cannot be asked; the connection is tried again as ever.
        Raises :class:`FatalError` where only a person can help and the work cannot wait for that.
        """
        refused = self._device.login
        if await self._is_replaced(refused):
            return True
        reason = await self._why_refused()
        if reason is None:
            log.info("Not connected: %s", sentence(said))
            return False
        if reason.code == Code.TOKEN_REVOKED:
            raise FatalError(ExitCode.LOGIN_NEEDED, f"This computer's login was revoked. {HOW_TO_LOG_IN}")
        if refused.source != "file":
            told = f"The token is not valid any more: {reason.message} {HOW_TO_LOG_IN}"
            raise FatalError(ExitCode.LOGIN_NEEDED, told)
        log.warning(
            "The login is not valid any more: %s Work goes on; run `wegent-executor login` on this computer.",
            reason.message,
        )
        while True:
            await asyncio.sleep(LOGIN_POLL)
            if await self._is_replaced(refused):
                return True

    async def _why_refused(self) -> LoginError | None:
        """Ask the server why; None where it refuses nothing, or does not answer."""
        async with Rest(self._device.login, retry_seconds=0) as rest:
            try:
                await rest.call(object, "GET", "/auth/me", once=True)
            except LoginError as error:
                return error
            except WegentError as error:
                log.debug("The server could not be asked why it refuses the login: %s", error)
        return None

    async def _is_replaced(self, login: Login) -> bool:
        """Whether another login than ``login`` is in use; one in the file that it came from is taken for that."""
        if self._device.login.token != login.token:
            return True
        if login.source != "file":
            return False
        try:
            found = await asyncio.to_thread(credentials.load, login.url, self._environ, "devices")
        except LoginError as error:
            log.warning("%s", error)
            return False
        if found is None or found.token == login.token or claims.is_former(found.token, login.token):
            return False
        self._device.login = found
        return True
