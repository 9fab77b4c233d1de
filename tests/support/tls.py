"""Servers for examinations: with certificates of every kind, and answers of every sort."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Authority:
    """A private certificate authority; ``file`` is what trusts it."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def context(self, host: str, *, is_expired: bool = False) -> ssl.SSLContext:
        """Return what a server shows that is called ``host``."""
        end = datetime.now(UTC) - timedelta(days=1) if is_expired else None
        begin = datetime.now(UTC) - timedelta(days=9) if is_expired else None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(host, not_after=end, not_before=begin).configure_cert(context)
        return context


@asynccontextmanager
async def serving(handle: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve ``handle`` at every path of a free loopback port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
