"""Tries that may fail or cost: counted before what is tried is looked at, at most so many in five minutes."""

from ipaddress import IPv6Address

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
_TAKE_BACK = Script(
    """
if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 then redis.call('DECR', KEYS[1]) end
return 0
"""
)


def network(address: str | None) -> str:
    """Return whose tries are counted together: those of an IPv4 address, or of an IPv6 /64, which one site has."""
    try:
        found = IPv6Address(address or "")
    except ValueError:
        return address or "unknown"
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def _key(who: str) -> str:
    return f"attempts:{who}"


async def count(client: Client, who: str, *, limit: int = LIMIT, what: str = "failed logins") -> None:
    """Count one try; raise ``rate_limited`` when they are too many."""
    tries, seconds = await _COUNT(client, [_key(who)], [WINDOW_SECONDS])
    if tries > limit:
        wait = max(int(seconds), 1)
        raise ProtocolError(
            Code.RATE_LIMITED, f"Too many {what}.", f"Try again in {wait} seconds.", retry_after=wait
        )


async def take_back(client: Client, who: str) -> None:
    """Do not count the last try: it was right. Those before it stay counted."""
    await _TAKE_BACK(client, [_key(who)], [])


async def forgive(client: Client, who: str) -> None:
    """Forget the tries: the password was right."""
    await client.delete(_key(who))
