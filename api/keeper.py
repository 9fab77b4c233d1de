"""Keeps this process's word in Redis: the epoch that says that it lives, and what a flush would take away.

While the epoch is missing or young nobody is declared lost. When a new one begins (Redis was flushed or restarted,
or no API process lived), every session writes its presence again and asks its device for what Redis lost.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable

from api.device_session import DeviceSession
from api.metrics import EPOCHS
from api.store.outages import OUTAGES
from api.store.store import Store

log = logging.getLogger(__name__)

RENEW_SECONDS = 0.5
EPOCH_TTL_SECONDS = 10.0
REFRESH_AT_ONCE = 64


class Keeper:
    """Renews the epoch, and refreshes the sessions when it is a new one."""

    def __init__(self, store: Store, sessions: Callable[[], Iterable[DeviceSession]]) -> None:
        self._store = store
        self._sessions = sessions
        self._ttl = min(EPOCH_TTL_SECONDS, store.settings.timing.online_ttl / 3)
        # Four times within its life, so that one round that is late does not end it.
        self._interval = min(RENEW_SECONDS, self._ttl / 4)
        self._known: str | None = None

    async def run(self) -> None:
        """Keep on, for ever."""
        is_failing = False
        while True:
            try:
                await self._renew()
                is_failing = False
            except OUTAGES as error:
                if not is_failing:
                    log.warning("Redis does not answer: %s", error)
                is_failing = True
            except Exception:
                if not is_failing:
                    log.exception("the epoch was not renewed; it is tried again")
                is_failing = True
            await asyncio.sleep(self._interval)

    async def _renew(self) -> None:
        epoch = await self._store.presence.renew_epoch(secrets.token_hex(8), self._ttl)
        if epoch.id == self._known:
            return
        if self._known is not None:
            log.warning("a new epoch began: Redis was flushed or restarted")
            EPOCHS.inc()
        room = asyncio.Semaphore(REFRESH_AT_ONCE)

        async def refresh(session: DeviceSession) -> None:
            async with room:
                await session.refresh()

        done = await asyncio.gather(*map(refresh, list(self._sessions())), return_exceptions=True)
        failures = [failure for failure in done if isinstance(failure, BaseException)]
        if failures:
            raise failures[0]
        self._known = epoch.id
