"""Tries to log in, counted per name and address before the password is looked at."""

from api.store.redis import Client, Script
from wegent.protocol.errors import Code, ProtocolError

LIMIT = 10
WINDOW_SECONDS = 300

_COUNT = Script(
    """
local tries = redis.call('INCR', KEYS[1])
if tries == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {tries, redis.call('TTL', KEYS[1])}
"""
)


def _key(who: str) -> str:
    return f"attempts:{who}"


async def count(client: Client, who: str) -> None:
    """Count one try; raise ``rate_limited`` when they are too many."""
    tries, seconds = await _COUNT(client, [_key(who)], [WINDOW_SECONDS])
    if tries > LIMIT:
        wait = max(int(seconds), 1)
        raise ProtocolError(
            Code.RATE_LIMITED, "Too many failed logins.", f"Try again in {wait} seconds.", retry_after=wait
        )


async def forgive(client: Client, who: str) -> None:
    """Forget the tries: the password was right."""
    await client.delete(_key(who))
