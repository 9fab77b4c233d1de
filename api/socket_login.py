"""The login behind an open socket: looked at again and again, since a token ends or is revoked meanwhile."""

import asyncio
from collections.abc import Callable

from api.errors import CloseError
from api.store import tokens
from api.store.outages import OUTAGES
from api.store.store import Store
from api.store.tokens import Login
from api.websocket import log
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.errors import ProtocolError


async def recheck(store: Store, login: Login, close: Callable[[CloseError], None]) -> None:
    """Close the socket with 4401 as soon as its token or user is no longer good; look for ever until then."""
    while True:
        await asyncio.sleep(store.settings.timing.recheck)
        try:
            await tokens.recheck(store.database, store.settings, login.token_id, login.user.id)
        except ProtocolError as error:
            close(CloseError(CloseCode.UNAUTHENTICATED, error.message))
        except OUTAGES as error:
            log.warning("a token could not be checked just now: %s", error)
