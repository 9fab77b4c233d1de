"""Keeping a login alive: before it ends it gets a successor, which takes its place where it is kept.

The server answers everybody who renews the same token with the same successor, and the file takes what is newest.
So several programs may do this at a time; when it is time, only the server's clock and the token itself say.
"""

import asyncio
import logging
import os
import time
from collections.abc import Mapping

import msgspec

from wegent.client import claims, credentials
from wegent.client.credentials import Login
from wegent.client.errors import WegentError
from wegent.client.rest import Rest

log = logging.getLogger(__name__)

AGAIN_SECONDS = 600.0
"""How long a client that could not renew its login lets that rest."""


class _Renewed(msgspec.Struct, frozen=True):
    token: str
    expires_at: str | None = None


async def ask(login: Login) -> Login:
    """Return a login's successor as the server gives it; raise :class:`WegentError`. Nothing is kept of it yet."""
    async with Rest(login, retry_seconds=0) as rest:
        renewed = await rest.call(_Renewed, "POST", "/auth/renew", body={}, once=True)
    return msgspec.structs.replace(login, token=renewed.token, expires_at=renewed.expires_at)


async def renew(login: Login, environ: Mapping[str, str] = os.environ) -> Login:
    """Renew a login and keep its successor; return the login that holds now.

    Raises :class:`WegentError` when the server gives none, and OSError when it cannot be kept.
    """
    return await asyncio.to_thread(credentials.replace, login, await ask(login), environ)


class SavedLogins:
    """The login for ``url`` that is saved on this computer, renewed while somebody uses it."""

    def __init__(self, url: str, environ: Mapping[str, str] = os.environ) -> None:
        self._url = url
        self._environ = environ
        self._rest_until = 0.0

    def saved(self) -> Login | None:
        """Return what is saved now: another program may have renewed it, or a person logged in again."""
        return credentials.load(self._url, self._environ)

    async def successor(self, login: Login, now: float) -> Login | None:
        """Return the login's successor when less than half of its life is left; None when not, or for trouble.

        ``now`` is the server's clock, in seconds. Whoever uses the login has what it asked for and loses nothing.
        """
        left = claims.seconds_until_due(login.token, now)
        if left is None or left > 0 or time.monotonic() < self._rest_until:
            return None
        self._rest_until = (
            time.monotonic() + AGAIN_SECONDS
        )  # also keeps requests beside this one from doing it too
        try:
            renewed = await renew(login, self._environ)
        except (WegentError, OSError) as error:
            log.info("The login could not be renewed yet: %s", error)
            return None
        self._rest_until = 0.0
        return renewed
