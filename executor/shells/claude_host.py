"""The process that hosts Claude Code: ``python -P -m executor.shells.claude_host [SDK]``.

It reads commands from stdin and tells what happens on stdout (:mod:`executor.shells.claude_wire`), one turn after
the other. The SDK lives here alone: importing it is slow, and when it hangs or dies only its own task does.
Between two turns of a task the session may stay connected: that hides how long it takes to start.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any, Never

from executor.shells import claude_sdk
from executor.shells.claude_connection import Connection
from executor.shells.claude_turn import Turn
from executor.shells.claude_wire import Begun, Start, Told, commands, line, lines


class Host:
    """Serves one turn at a time; ``sdk`` is a module, or why there is none."""

    def __init__(self, sdk: ModuleType | claude_sdk.SdkMissingError, output: int) -> None:
        self._sdk = sdk
        self._output = output
        self._turn: Turn | None = None
        self._kept: Connection | None = None
        self._turns: asyncio.Queue[Turn] = asyncio.Queue()
        self._is_leaving = False

    async def listen(self, incoming: AsyncIterator[bytes]) -> Never:
        """Take what the executor says, until that is gone."""
        async for text in incoming:
            command = commands.decode(text)
            if not isinstance(command, Start):
                if self._turn is not None:
                    await self._turn.obey(command)
            elif not self._is_leaving:
                self._turn = Turn(command, self._sdk, self.tell)
                self.tell(Begun())
                self._turns.put_nowait(self._turn)
        # The executor is gone: nobody would hear the rest, so nothing of this may go on.
        os.killpg(0, signal.SIGKILL)
        raise SystemExit(1)

    async def serve(self) -> None:
        """Run turns, until one leaves nothing that could wait for a further one."""
        while (turn := await self._next()) is not None:
            turn.connection = self._kept
            ended = await turn.run(self._may_use)
            self._kept = turn.connection
            if not ended.stays:
                self._is_leaving = True
                await self._close()
            self.tell(ended)
            if not ended.stays:
                return
        await self._close()

    async def _next(self) -> Turn | None:
        """Wait for a turn; None when the session that waits does anything by itself meanwhile."""
        coming = asyncio.create_task(self._turns.get())
        waiting: set[asyncio.Task[Any]] = {coming}
        if self._kept is not None:
            waiting.add(asyncio.create_task(self._kept.disturbance()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            self._is_leaving = True
            return None
        finally:
            for task in waiting:
                task.cancel()

    async def _may_use(self, tool: str, given: dict[str, Any], context: Any) -> Any:
        """Ask in the turn that runs now: the SDK is told only once whom to ask."""
        assert self._turn is not None
        return await self._turn.may_use(tool, given, context)

    async def _close(self) -> None:
        if self._kept is not None:
            await self._kept.close()
            self._kept = None

    def tell(self, message: Told) -> None:
        """Write one line; a full pipe makes the turn wait, which is wanted."""
        data = memoryview(line(message))
        while data:
            data = data[os.write(self._output, data) :]


def _load(name: str | None) -> ModuleType | claude_sdk.SdkMissingError:
    try:
        return claude_sdk.load(name)
    except claude_sdk.SdkMissingError as error:
        return error


async def _serve(name: str | None, output: int) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    host = Host(_load(name), output)
    listening = asyncio.create_task(host.listen(lines(reader)))
    serving = asyncio.create_task(host.serve())
    await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
    if listening.done():
        listening.result()
    serving.result()
    listening.cancel()


def main() -> None:
    """Keep stdout for the executor: whatever else prints goes to stderr."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(_serve(sys.argv[1] if len(sys.argv) > 1 else None, output))


if __name__ == "__main__":
    main()
