"""Who is online: a key per device that expires, and one sorted set of deadlines for the monitor.

Every write carries the generation of the session's registration; a lower one never overwrites a higher, so that
a replaced or thawed process cannot touch its successor's presence.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from api.store.redis import Client, Script

_WRITE = Script(
    """
local held = redis.call('GET', KEYS[1])
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
if held then
  local generation = tonumber(string.match(held, '^%d+'))
  if generation > tonumber(ARGV[1]) then return {generation, ms} end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return {tonumber(ARGV[1]), ms}
"""
)
_CLEAR = Script(
    """
local held = redis.call('GET', KEYS[1])
if held and tonumber(string.match(held, '^%d+')) <= tonumber(ARGV[1]) then
  return redis.call('DEL', KEYS[1])
end
return 0
"""
)
_EPOCH = Script(
    """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1] .. ' ' .. string.format('%d', ms)
end
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
return epoch
"""
)

_FORGET = Script(
    """
for i = 1, #ARGV, 2 do
  local deadline = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if deadline and tonumber(deadline) <= tonumber(ARGV[i + 1]) then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return 0
"""
)

DEADLINES = "devices:deadlines"
EPOCH = "api:epoch"


class Presence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a device's session says of it; ``api`` is the process that holds its socket."""

    generation: int = 0
    reconnecting: bool = False
    load: dict[str, float] = {}
    paused: bool = False


class Epoch(NamedTuple):
    """Since when Redis and at least one API process have been up without a gap."""

    id: str
    since_ms: int


def _key(row: int) -> str:
    return f"device:{{{row}}}:online"


class PresenceBoard:
    """Reads and writes presence."""

    def __init__(self, client: Client, ttl_seconds: float) -> None:
        self._client = client
        self._ttl_ms = int(ttl_seconds * 1000)

    async def write(self, row: int, presence: Presence, ttl_seconds: float | None = None) -> int:
        """Say that a device is online; return the generation that holds the key (a higher one: replaced)."""
        ttl_ms = self._ttl_ms if ttl_seconds is None else max(int(ttl_seconds * 1000), 1)
        body = msgspec.json.encode(presence)
        holder, now_ms = await _WRITE(self._client, [_key(row)], [presence.generation, body, ttl_ms])
        if holder == presence.generation:
            await self._client.zadd(DEADLINES, {str(row): now_ms + ttl_ms})
        return int(holder)

    async def clear(self, row: int, generation: int) -> None:
        """Say that a device left, unless a newer session holds its key; the monitor's next sweep looks at it."""
        if await _CLEAR(self._client, [_key(row)], [generation]):
            await self._client.zadd(DEADLINES, {str(row): 0})

    async def remove(self, row: int) -> None:
        """Forget a deleted device."""
        await self._client.delete(_key(row))
        await self._client.zrem(DEADLINES, str(row))

    async def read(self, rows: Sequence[int]) -> dict[int, Presence]:
        """Return the presence of those of ``rows`` that are online."""
        if not rows:
            return {}
        pipeline = self._client.pipeline(transaction=False)
        for row in rows:
            pipeline.get(_key(row))
        found = await pipeline.execute()
        return {row: _parse(value) for row, value in zip(rows, found, strict=True) if value is not None}

    async def expired(self, limit: int = 1000) -> dict[int, int]:
        """Return devices whose deadline has passed, with it; costs what has expired, not what exists."""
        found = await self._client.zrangebyscore(
            DEADLINES, "-inf", await self.now_ms(), start=0, num=limit, withscores=True
        )
        return {int(row): int(deadline) for row, deadline in found}

    async def listed(self, rows: Sequence[int]) -> set[int]:
        """Return those of ``rows`` that neither left nor were declared gone, even after their deadline."""
        deadlines = await self._client.zmscore(DEADLINES, [str(row) for row in rows])
        return {row for row, deadline in zip(rows, deadlines, strict=True) if deadline}

    async def forget(self, expired: Mapping[int, int]) -> None:
        """Take devices off the list of deadlines, except those that got a later one than ``expired`` says."""
        if expired:
            pairs = [value for pair in expired.items() for value in pair]
            await _FORGET(self._client, [DEADLINES], pairs)

    async def now_ms(self) -> int:
        """Return Redis' own time, the one clock that all processes share."""
        return await self.now_us() // 1000

    async def now_us(self) -> int:
        """Return Redis' own time in microseconds, which serves as a revision of what is read after it."""
        seconds, micros = await self._client.time()
        return int(seconds) * 1_000_000 + int(micros)

    async def renew_epoch(self, candidate: str, ttl_seconds: float) -> Epoch:
        """Keep the epoch alive, as API processes do all the time; begin one named ``candidate`` if none is."""
        return _parse_epoch(await _EPOCH(self._client, [EPOCH], [candidate, int(ttl_seconds * 1000)]))

    async def epoch(self) -> Epoch | None:
        """Return the present epoch, or None: Redis was flushed, or no API process lives."""
        value = await self._client.get(EPOCH)
        return None if value is None else _parse_epoch(value)

    async def is_young(self, epoch: Epoch | None) -> bool:
        """Whether presence may be missing because Redis or the whole backend was away: then nobody is lost."""
        return epoch is None or await self.now_ms() - epoch.since_ms < self._ttl_ms


def _parse(value: bytes) -> Presence:
    return msgspec.json.decode(value.split(b" ", 1)[1], type=Presence)


def _parse_epoch(value: bytes) -> Epoch:
    name, since = value.decode().split()
    return Epoch(name, int(since))
