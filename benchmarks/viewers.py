"""A crowd of viewers in a process of its own: ``python -m benchmarks.viewers ORDERS``."""

import asyncio
import time
import uuid

import aiohttp
import msgspec

from benchmarks.connection import PATIENCE, BrokenError, Connection
from benchmarks.crowd import run_crowd
from benchmarks.orders import Member, Orders, ViewerReport
from wegent.protocol.chat_messages import Chunk, Done, Send
from wegent.protocol.codec import Frame, decode_data
from wegent.protocol.resources import Sent
from wegent.protocol.states import State
from wegent.protocol.time_limit import time_limit


class _Stamped(msgspec.Struct):
    text: str


class Viewer:
    """One viewer: sends its jobs one after the other, and follows each to its end."""

    def __init__(self, member: Member, orders: Orders, report: ViewerReport) -> None:
        self._member = member
        self._orders = orders
        self._report = report
        self._seq = 0
        self._done: asyncio.Future[Done]

    async def run(self, session: aiohttp.ClientSession, ready: asyncio.Event, ending: asyncio.Event) -> None:
        """Connect, say ``ready``, and stay until ``ending``; :meth:`act` sends meanwhile."""
        url = f"{self._member.url}/ws/chat"
        async with Connection.open(session, url, self._member.token, self._heard) as self._connection:
            ready.set()
            await ending.wait()

    async def act(self) -> None:
        """Send every turn."""
        for _ in range(self._orders.turns):
            await self._turn()

    async def _turn(self) -> None:
        self._seq = 0
        self._done = asyncio.get_running_loop().create_future()
        began = time.monotonic_ns()
        job = msgspec.structs.replace(self._orders.job, sent_ns=began)
        send = Send(uuid.uuid4().hex, msgspec.json.encode(job).decode(), device_id=self._member.device_id)
        sent = await self._connection.request("chat:send", send, Sent)
        self._report.answer_ns.append(time.monotonic_ns() - began)
        async with time_limit(PATIENCE):
            done = await self._done
        self._report.done_ns.append(time.monotonic_ns() - began)
        if (done.subtask_id, done.state, done.seq) != (sent.subtask_id, State.COMPLETED, self._seq):
            raise BrokenError(f"the server said {done} after event {self._seq} of {sent.subtask_id}")

    def _heard(self, frame: Frame, size: int) -> None:
        if frame.event == "chat:chunk":
            self._take(decode_data(frame.data, Chunk), size)
        elif frame.event == "chat:done":
            self._done.set_result(decode_data(frame.data, Done))

    def _take(self, chunk: Chunk, size: int) -> None:
        now = time.monotonic_ns()
        if chunk.seq != self._seq + 1:
            raise BrokenError(f"event {chunk.seq} of {chunk.subtask_id} came after {self._seq}")
        self._seq += len(chunk.events)
        report = self._report
        report.frames += 1
        report.events += len(chunk.events)
        report.bytes += size
        report.first_ns = report.first_ns or now
        report.last_ns = now
        stamp = decode_data(chunk.events[0], _Stamped).text.rstrip(".")
        if stamp:  # a chunk out of SQL may begin anywhere in a frame
            report.latency_ns.append(now - int(stamp))


def main() -> None:
    """Run the crowd that the orders name."""
    report = ViewerReport()
    run_crowd(lambda member, orders: Viewer(member, orders, report), report)


if __name__ == "__main__":
    main()
