"""Failed logins, counted per name and address, so that passwords cannot be tried at will."""

from api.store.redis import Client
from wegent.protocol.errors import Code, ProtocolError

LIMIT = 10
WINDOW_SECONDS = 300


def _key(who: str) -> str:
    return f"attempts:{who}"


async def check(client: Client, who: str) -> None:
    """Raise ``rate_limited`` after too many failures."""
    failures = await client.get(_key(who))
    if failures is not None and int(failures) >= LIMIT:
        wait = max(int(await client.ttl(_key(who))), 1)
        raise ProtocolError(
            Code.RATE_LIMITED,
            "Too many failed logins.",
            f"Try again in {wait} seconds.",
            retry_after=wait,
        )


async def note_failure(client: Client, who: str) -> None:
    """Count one."""
    await client.incr(_key(who))
    await client.expire(_key(who), WINDOW_SECONDS)
