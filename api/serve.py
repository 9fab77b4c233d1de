"""Serving: Hypercorn in this process, with a drain and a deadline of our own.

Hypercorn alone may hang at shutdown on an open WebSocket. So the trigger first sends every socket away, and when
`serve` has not returned by the deadline it is cancelled, and the connections to SQL and Redis close with it.
"""

import asyncio
import logging
import signal
import sys
from typing import Any, cast

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from api.app import create_app
from api.config import Settings
from wegent.protocol.codec import MAX_FRAME

log = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
DEADLINE_SECONDS = 10.0


def hypercorn_config(settings: Settings) -> Config:
    """Return Hypercorn's settings; ``hypercorn.toml`` says the same."""
    config = Config()
    config.bind = [settings.bind]
    config.graceful_timeout = DRAIN_SECONDS
    config.keep_alive_timeout = 75
    config.read_timeout = 120
    config.websocket_max_message_size = MAX_FRAME
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. A second signal ends it at once."""
    app = create_app(settings)
    backend = app.extensions["wegent"]
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _asked_to_stop, asked)

    async def trigger() -> None:
        await asked.wait()
        log.info("draining")
        backend.close_all()

    serving = asyncio.ensure_future(
        hypercorn_serve(cast(ASGIFramework, app), hypercorn_config(settings), shutdown_trigger=cast(Any, trigger))
    )
    asking = asyncio.ensure_future(asked.wait())
    await asyncio.wait([serving, asking], return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        await asyncio.wait([serving], timeout=DEADLINE_SECONDS)
    asking.cancel()
    if serving.done():
        serving.result()
        return 0
    log.warning("some sockets did not close within %g s; leaving them", DEADLINE_SECONDS)
    serving.cancel()
    await asyncio.wait([serving], timeout=1)
    return 0


def _asked_to_stop(asked: asyncio.Event) -> None:
    if asked.is_set():
        sys.exit(1)
    asked.set()
