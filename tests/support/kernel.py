"""A real ipykernel as a notebook's front end sees it: cells are run, their outputs change while one looks."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from support.processes import eventually

STARTS_WITHIN = 60.0


class CellRun:
    """One run of a cell: its outputs as a notebook file would hold them now, and its reply once it has ended."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.outputs: list[dict[str, Any]] = []
        self.reply: dict[str, Any] | None = None
        self.has_begun = False
        self.is_idle = False
        self.clears_next = False

    @property
    def stdout(self) -> str:
        """What was printed to standard output."""
        return self._printed("stdout")

    @property
    def stderr(self) -> str:
        """What was printed to standard error."""
        return self._printed("stderr")

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """The MIME bundles of what is displayed, in order; nothing of what was taken away again."""
        return [each["data"] for each in self.outputs if each.get("data")]

    @property
    def html(self) -> str:
        """All HTML that is displayed."""
        return "\n".join(str(bundle.get("text/html", "")) for bundle in self.bundles)

    @property
    def plain(self) -> str:
        """All that is displayed, as plain text."""
        return "\n".join(str(bundle.get("text/plain", "")) for bundle in self.bundles)

    @property
    def error(self) -> dict[str, Any] | None:
        """The error with which it ended: ``ename``, ``evalue``, ``traceback``."""
        return next((each for each in self.outputs if each["output_type"] == "error"), None)

    def _printed(self, name: str) -> str:
        streams = (each for each in self.outputs if each["output_type"] == "stream")
        return "".join(each["text"] for each in streams if each["name"] == name)


class Kernel:
    """A running kernel; what comes after a cell has ended, from a thread of the kernel's, is kept too."""

    def __init__(self, manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
        self.manager = manager
        self.client = client
        self.runs: dict[str, CellRun] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        self.widget_updates: list[dict[str, Any]] = []
        """What widgets told the front end, oldest first: ``comm_id`` and the new ``state``."""
        self._reading = asyncio.ensure_future(self._read())

    async def begin(self, source: str, cell: str = "", **options: Any) -> CellRun:
        """Send a cell, which has the id ``cell`` if there is one, and return its run at once."""
        if cell:
            content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
            message = self.client.session.msg("execute_request", content, metadata={"cellId": cell})
            self.client.shell_channel.send(message)
            message_id = message["header"]["msg_id"]
        else:
            message_id = self.client.execute(source, **options)
        return self.runs.setdefault(message_id, CellRun(message_id))

    async def ended(self, run: CellRun, timeout: float = 60) -> CellRun:
        """Wait until a cell has ended."""
        try:
            return await eventually(
                lambda: run if run.is_idle and run.reply else None, timeout, "the cell has ended"
            )
        except AssertionError as error:
            raise AssertionError(f"{error}\n{run.outputs}") from None

    async def run(self, source: str, timeout: float = 60, **options: Any) -> CellRun:
        """Run a cell to its end, which may be an error."""
        return await self.ended(await self.begin(source, **options), timeout)

    async def value(self, expression: str) -> Any:
        """Return what an expression is, by its ``repr``."""
        run = await self.run(f"print(repr({expression}))")
        assert run.error is None, run.error
        return run.stdout.strip()

    def press(self, model_id: str) -> None:
        """Click on a button, given by its model's id."""
        self._tell_widget(model_id, {"method": "custom", "content": {"event": "click"}})

    def type(self, model_id: str, text: str) -> None:
        """Type into a text field."""
        self._tell_widget(model_id, {"method": "update", "state": {"value": text}, "buffer_paths": []})

    def _tell_widget(self, model_id: str, data: dict[str, Any]) -> None:
        message = self.client.session.msg("comm_msg", {"comm_id": model_id, "data": data})
        self.client.shell_channel.send(message)

    async def complete(self, code: str, position: int | None = None) -> list[str]:
        """Return what Tab offers."""
        reply = await self._asked("complete", code, len(code) if position is None else position)
        return list(reply["matches"])

    async def interrupt(self, run: CellRun) -> None:
        """Press the stop button once the cell runs."""
        await eventually(lambda: run.has_begun, what="the cell has begun")
        await self.manager.interrupt_kernel()

    async def restart(self) -> None:
        """Restart it: all variables are gone."""
        await self.close()  # whoever waits for its first word must be the only one who reads
        await self.manager.restart_kernel(now=False)
        await self.client.wait_for_ready(STARTS_WITHIN)
        self._reading = asyncio.ensure_future(self._read())
        await eventually(self._is_heard, STARTS_WITHIN, "outputs of the new kernel are heard")

    async def _is_heard(self) -> bool:
        """Whether what it publishes arrives: the socket connects again in its own time."""
        run = await self.begin("pass")
        with contextlib.suppress(AssertionError):
            await eventually(lambda: run.is_idle, 2)
        return run.is_idle

    async def close(self) -> None:
        """Read no more."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    async def _asked(self, what: str, *arguments: Any) -> dict[str, Any]:
        message_id = getattr(self.client, what)(*arguments)
        return await eventually(lambda: self._answers.pop(message_id, None), 30, f"{what} is answered")

    async def _read(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_outputs())
            group.create_task(self._read_replies())

    async def _read_replies(self) -> None:
        while True:
            if await self.client.shell_channel.msg_ready():
                self._note_reply(await self.client.get_shell_msg(timeout=1))
            await asyncio.sleep(0.01)

    def _note_reply(self, message: dict[str, Any]) -> None:
        message_id = message["parent_header"].get("msg_id", "")
        if message["msg_type"] != "execute_reply":
            self._answers[message_id] = message["content"]
        elif message_id in self.runs:
            self.runs[message_id].reply = message["content"]

    async def _read_outputs(self) -> None:
        while True:
            message = await self.client.iopub_channel.get_msg(timeout=None)
            message_id = message["parent_header"].get("msg_id", "")
            self._note(
                self.runs.setdefault(message_id, CellRun(message_id)), message["msg_type"], message["content"]
            )

    def _note(self, run: CellRun, kind: str, content: dict[str, Any]) -> None:
        match kind:
            case "execute_input":
                run.has_begun = True
            case "status":
                run.is_idle = run.is_idle or content["execution_state"] == "idle"
            case "clear_output" if content["wait"]:
                run.clears_next = True
            case "clear_output":
                run.outputs.clear()
            case "update_display_data":
                self._update(content)
            case "comm_msg" if content["data"].get("method") == "update":
                state = content["data"]["state"]
                self.widget_updates.append({"comm_id": content["comm_id"], "state": state})
            case "stream" | "display_data" | "execute_result" | "error":
                if run.clears_next:
                    run.outputs.clear()
                    run.clears_next = False
                run.outputs.append({"output_type": kind, **content})

    def _update(self, content: dict[str, Any]) -> None:
        display_id = content["transient"]["display_id"]
        for run in self.runs.values():
            for output in run.outputs:
                if output.get("transient", {}).get("display_id") == display_id:
                    output["data"], output["metadata"] = content["data"], content["metadata"]


@asynccontextmanager
async def running_kernel(env: Mapping[str, str], folder: str) -> AsyncIterator[Kernel]:
    """Start a kernel of this Python with exactly this environment, and end it when the block ends."""
    manager = AsyncKernelManager()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=argv, display_name="Python", language="python")
    await manager.start_kernel(env=dict(env), cwd=folder)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(STARTS_WITHIN)
        kernel = Kernel(manager, client)
        try:
            yield kernel
        finally:
            await kernel.close()
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=False)
