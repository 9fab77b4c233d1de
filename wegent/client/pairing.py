"""Logging a computer in by a code that a person approves in the page (RFC 8628): no secret is typed here."""

import asyncio
import time
from collections.abc import Sequence

import msgspec

from wegent.client.credentials import Login
from wegent.client.errors import ConnectionFailedError, LoginError, RefusedError, UnavailableError
from wegent.client.rest import Rest
from wegent.protocol.errors import Code
from wegent.protocol.resources import User

SLOWER = 5.0
"""Seconds by which the server wants to be asked less often when it says ``slow_down`` (RFC 8628, 3.5)."""
LONGEST_INTERVAL = 60.0


class Codes(msgspec.Struct, frozen=True):
    """What the server gave: the code to show, where a person types it, and how often to ask; in seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: float
    verification_uri_complete: str | None = None
    interval: float = 5.0

    def __repr__(self) -> str:
        """Show what may be seen: who has the other code gets the token."""
        return f"Codes(user_code={self.user_code!r}, verification_uri={self.verification_uri!r})"


class _Granted(msgspec.Struct, frozen=True):
    token: str
    expires_at: str | None
    user: User


async def begin(rest: Rest, name: str, scopes: Sequence[str]) -> Codes:
    """Ask for codes, for a computer that is called ``name`` where it is approved, and for what it may do then."""
    body = {"name": name[:200], "scopes": scopes}
    return await rest.call(Codes, "POST", "/auth/device-code", body=body, once=True)


async def finish(rest: Rest, codes: Codes) -> Login:
    """Wait until a person has decided, and return the login.

    Raises :class:`ForbiddenError` when it was denied and :class:`LoginError` when the code expired. A server that
    is away is asked again, less and less often.
    """
    deadline = time.monotonic() + codes.expires_in
    interval = pause = codes.interval
    while time.monotonic() + pause < deadline:
        await asyncio.sleep(pause)
        try:
            body = {"device_code": codes.device_code}
            granted = await rest.call(_Granted, "POST", "/auth/device-token", body=body, once=True)
            return Login(rest.url, granted.token, granted.user.name, granted.expires_at)
        except RefusedError as error:
            interval = _next_interval(error, interval)
            pause = max(interval, error.retry_after) if isinstance(error, UnavailableError) else interval
        except ConnectionFailedError as error:
            if error.is_lasting:
                raise
            pause = min(pause * 2, LONGEST_INTERVAL)
    message = f"Nobody approved within {codes.expires_in / 60:g} minutes."
    raise LoginError(message, code=Code.TOKEN_EXPIRED, hint="Begin again to get a new code.")


def _next_interval(error: RefusedError, interval: float) -> float:
    """Return how long to wait between questions from now on; raise ``error`` where no further one can help."""
    match error.details.get("error"):
        case "authorization_pending":
            return interval
        case "slow_down":
            return interval + SLOWER
    if isinstance(error, UnavailableError):
        return interval
    raise error
