"""The worker: one loop per duty. Any number of workers may run; what one did, the others find done."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from api.config import Settings
from api.store.store import Store, open_store
from worker import expiry, monitor

log = logging.getLogger(__name__)

HOUR = 3600.0


class Duty(NamedTuple):
    """Something to do every ``seconds``; it returns how many things it changed."""

    name: str
    work: Callable[[Store], Awaitable[int]]
    seconds: float


def duties(settings: Settings) -> list[Duty]:
    """Return all duties."""
    timing = settings.timing
    return [
        Duty("monitor", monitor.sweep, timing.monitor),
        Duty("offers", expiry.expire_offers, timing.offer),
        Duty("queue", expiry.expire_queue, min(timing.monitor, timing.queue)),
        Duty("stops", expiry.expire_stops, timing.monitor),
        Duty("logs", expiry.retain_logs, timing.log_retention / 2),
        Duty("files", expiry.delete_files, HOUR),
        Duty("codes", expiry.delete_codes, HOUR),
        Duty("tokens", expiry.delete_tokens, HOUR),
    ]


async def run(settings: Settings, once: bool = False) -> None:
    """Do every duty at its interval until SIGTERM or SIGINT; with ``once``, each a single time."""
    async with open_store(settings) as store:
        if once:
            for duty in duties(settings):
                changed = await duty.work(store)
                log.info("%s: %d", duty.name, changed)
            return
        working = asyncio.ensure_future(_work(store))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, working.cancel)
        try:
            await working
        except asyncio.CancelledError:
            log.info("stopped")


async def _work(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        for duty in duties(store.settings):
            group.create_task(_repeat(store, duty))


async def _repeat(store: Store, duty: Duty) -> None:
    """Keep a duty going: a round that fails is told once, and the next one comes anyway."""
    is_failing = False
    while True:
        try:
            changed = await duty.work(store)
            is_failing = False
            if changed:
                log.info("%s: %d", duty.name, changed)
        except Exception:
            if not is_failing:
                log.exception("%s failed; it is tried again every %g s", duty.name, duty.seconds)
            is_failing = True
        await asyncio.sleep(duty.seconds)
