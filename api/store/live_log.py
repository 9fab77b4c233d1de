"""The live output log: one Redis stream per running subtask, appended contiguously by one script.

Each entry is a finished ``chat:chunk`` frame behind a line ``first last``, with the last event's number as its
stream id; the same bytes are published to whoever follows. Appends of all sessions of a process travel together:
while one round trip is under way, the next batch collects.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, NamedTuple, cast

from api.store.redis import Client, RedisError, Script, ScriptLane
from wegent.protocol.codec import chunk_frame

_APPEND = Script(
    """
local last = redis.call('HGET', KEYS[2], 'last')
if not last then return {'unknown', 0} end
if redis.call('HEXISTS', KEYS[2], 'closed') == 1 then return {'closed', tonumber(last)} end
last = tonumber(last)
local first, final = tonumber(ARGV[1]), tonumber(ARGV[2])
if first > last + 1 then return {'gap', last} end
if final <= last then return {'known', last} end
if first <= last then return {'overlap', last} end
redis.call('XADD', KEYS[1], ARGV[2] .. '-0', 'c', ARGV[3])
redis.call('HSET', KEYS[2], 'last', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[4], ARGV[3])
return {'ok', final}
"""
)
# A log that knows less than SQL (Redis came back with an old snapshot) begins anew after what is stored.
_BEGIN = """
local last = redis.call('HGET', KEYS[2], 'last')
if not last or tonumber(last) < tonumber(ARGV[1]) then
  last = ARGV[1]
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[2], 'last', last)
end
"""
_KEEP = """
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return tonumber(last)
"""
_OPEN = Script(_BEGIN + _KEEP)
_CLOSE = Script(_BEGIN + "redis.call('HSET', KEYS[2], 'closed', '1')" + _KEEP)

READ_ENTRIES = 64

Verdict = Literal["ok", "known", "overlap", "gap", "unknown", "closed"]


class Appended(NamedTuple):
    """What became of an append, and the number of the last event that the log holds."""

    verdict: Verdict
    last: int


class Entry(NamedTuple):
    """A piece of the log: the numbers of its first and last event, and the ``chat:chunk`` frame."""

    first: int
    last: int
    frame: bytes

    @classmethod
    def parse(cls, payload: bytes) -> "Entry":
        """Read what :meth:`payload` wrote."""
        head, frame = payload.split(b"\n", 1)
        first, last = head.split()
        return cls(int(first), int(last), frame)

    @property
    def payload(self) -> bytes:
        """The bytes that stand in the stream and go to the followers."""
        return b"%d %d\n%b" % (self.first, self.last, self.frame)

    @classmethod
    def of(cls, subtask_id: str, first: int, count: int, events: bytes) -> "Entry":
        """Make an entry of ``count`` events whose JSON array is ``events``."""
        return cls(first, first + count - 1, chunk_frame(subtask_id, first, events))


def channel(subtask_id: str) -> str:
    """Return the pub/sub channel on which a subtask's entries (and a bare poke at its end) appear."""
    return f"output:{subtask_id}"


def _stream(subtask_id: str) -> str:
    return f"log:{{{subtask_id}}}:stream"


def _meta(subtask_id: str) -> str:
    return f"log:{{{subtask_id}}}:meta"


class LiveLog:
    """Appends to, reads, trims and closes the logs of running subtasks."""

    def __init__(self, client: Client, retention_seconds: float) -> None:
        self._client = client
        self._lane = ScriptLane(client)
        self._retention_ms = int(retention_seconds * 1000)
        self._waiting: list[tuple[Any, asyncio.Future[Appended]]] = []
        self._flushing: asyncio.Task[None] | None = None

    def append(self, subtask_id: str, entry: Entry) -> "asyncio.Future[Appended]":
        """Append if ``entry`` continues the log; the future gives the verdict, or raises RedisError."""
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        call = (
            _APPEND,
            (_stream(subtask_id), _meta(subtask_id)),
            (entry.first, entry.last, entry.payload, channel(subtask_id), self._retention_ms),
        )
        self._waiting.append((call, future))
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())
        return future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    results = await self._lane.run([call for call, _ in batch])
                except (RedisError, OSError) as error:
                    results = [error] * len(batch)
                for (_, future), result in zip(batch, results, strict=True):
                    _settle(future, result)
        finally:
            self._flushing = None
            for _, future in self._waiting:
                future.cancel()
            self._waiting = []

    async def open(self, subtask_id: str, stored: int) -> int:
        """Make sure that Redis knows the log, which begins after ``stored``; return its last event's number."""
        last = await _OPEN(self._client, [_stream(subtask_id), _meta(subtask_id)], [stored, self._retention_ms])
        return int(last)

    async def close(self, subtask_id: str, stored: int) -> int:
        """Refuse appends from now on; return the last event's number."""
        keys = [_stream(subtask_id), _meta(subtask_id)]
        return int(await _CLOSE(self._client, keys, [stored, self._retention_ms]))

    async def reopen(self, subtask_id: str) -> None:
        """Take appends again: whoever closed it did not get to settle the subtask."""
        await self._client.hdel(_meta(subtask_id), "closed")

    async def forget(self, subtask_id: str) -> None:
        """Drop the log: it has lost entries. Appends are answered ``unknown`` until it is opened again."""
        await self._client.delete(_stream(subtask_id), _meta(subtask_id))

    async def keep(self, subtask_id: str) -> None:
        """Let the log live for another retention time, as an append does."""
        for key in (_stream(subtask_id), _meta(subtask_id)):
            await self._client.pexpire(key, self._retention_ms)

    async def known(self) -> AsyncIterator[str]:
        """Yield the ids of the subtasks whose log Redis has; one that comes or goes meanwhile may be missing."""
        async for key in self._client.scan_iter(match=_meta("*"), count=1000):
            yield key.decode().removeprefix("log:{").removesuffix("}:meta")

    async def last(self, subtask_id: str) -> int | None:
        """Return the last event's number, or None where Redis knows nothing of the log."""
        last = await self._client.hget(_meta(subtask_id), "last")
        return None if last is None else int(last)

    async def lasts(self, subtask_ids: Sequence[str]) -> dict[str, int]:
        """Return the last event's number of those logs that Redis knows."""
        if not subtask_ids:
            return {}
        pipeline = self._client.pipeline(transaction=False)
        for subtask_id in subtask_ids:
            pipeline.hget(_meta(subtask_id), "last")
        found = zip(subtask_ids, await pipeline.execute(), strict=True)
        return {subtask_id: int(last) for subtask_id, last in found if last is not None}

    async def read(self, subtask_id: str, after: int, count: int = READ_ENTRIES) -> list[Entry]:
        """Return up to ``count`` entries that hold events after ``after``."""
        found = await self._client.xrange(_stream(subtask_id), min=f"{after + 1}-0", count=count)
        return [Entry.parse(cast(bytes, fields[b"c"])) for _, fields in found]

    async def aclose(self) -> None:
        """Close the connection that appends go through."""
        await self._lane.aclose()

    async def trim(self, subtask_id: str, stored: int) -> None:
        """Drop entries up to ``stored``: SQL has them."""
        await self._client.xtrim(_stream(subtask_id), minid=f"{stored + 1}-0", approximate=False)


def _settle(future: "asyncio.Future[Appended]", result: Any) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        verdict, last = result
        future.set_result(Appended(cast(Verdict, verdict.decode()), int(last)))
