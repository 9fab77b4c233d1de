"""The process that hosts a kernel: ``python -P -m executor.shells.kernel_host``.

It reads commands from stdin and tells what happens on stdout (:mod:`executor.shells.kernel_wire`), one turn after
the other. nbclient and ZeroMQ live here alone: the executor never waits for them.
"""

import asyncio
import os
import queue
import signal
import sys
import threading
import traceback

import msgspec

from executor.output.coalescer import encode
from executor.shells import absent
from executor.shells.kernel_wire import Ended, Happened, Interrupt, Told, commands
from executor.shells.wire import line, lines
from wegent.protocol.errors import Code
from wegent.protocol.output_events import AnyEvent

absent.leave_out()  # before nbformat comes
from executor.shells.kernel_turns import CodeTurn, KernelHolder, NotebookTurn, Turn  # noqa: E402

_ANY_SIZE = 1 << 40
"""The executor bounds events: what is too big for one goes as a file."""


class Teller:
    """Writes to the executor in a thread: a kernel drops output that nobody takes from it in time."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._waiting: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._write, daemon=True).start()

    def tell(self, message: Told) -> None:
        """Say one thing, after all that was said before."""
        self._waiting.put(line(message))

    def tell_event(self, event: AnyEvent) -> None:
        """Tell one output event."""
        for encoded in encode(event, _ANY_SIZE):
            self.tell(Happened(msgspec.Raw(encoded)))

    def _write(self) -> None:
        while True:
            data = memoryview(self._waiting.get())
            try:
                while data:
                    data = data[os.write(self._output, data) :]
            except OSError:  # the executor is gone, as stdin tells too
                return


class Host:
    """Runs turns, all in one kernel."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._holder = KernelHolder(teller.tell, teller.tell_event)
        self._turn: Turn | None = None

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Do what the executor says until it is gone; nothing may go on then."""
        async with asyncio.TaskGroup() as group:
            async for text in lines(reader):
                command = commands.decode(text)
                if isinstance(command, Interrupt):
                    if self._turn is not None:
                        await self._turn.interrupt()
                    continue
                kind = CodeTurn if hasattr(command, "code") else NotebookTurn
                self._turn = kind(command, self._holder)  # type: ignore[arg-type]
                group.create_task(self._run(self._turn))
            self._holder.kill()
            os.killpg(0, signal.SIGKILL) if sys.platform != "win32" else os._exit(1)

    async def _run(self, turn: Turn) -> None:
        try:
            ended = await turn.run()
        except Exception as error:
            traceback.print_exc()
            ended = Ended(Code.SHELL_FAILED, f"The kernel's host failed: {type(error).__name__}: {error}")
        self._turn = None
        self._teller.tell(ended)


async def _serve(output: int) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await Host(Teller(output)).serve(reader)


def main() -> None:
    """Keep stdout for the executor: whatever else prints goes to stderr."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(_serve(output))


if __name__ == "__main__":
    main()
