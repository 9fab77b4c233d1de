"""Runs cells in a kernel, and tells of their outputs as they come."""

from collections.abc import Callable
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg

from executor.shells.kernel_process import KernelProcess
from wegent.protocol.output_events import AnyEvent, CellOutput, Notice

MOST_STREAM = 16 << 20
"""Characters that one cell may print; the rest is left out of the output and of the notebook."""
MOST_RICH = 64 << 20
"""Characters of all rich outputs of one run."""
_OUTPUT_WITHIN = 600
"""Seconds that a cell's last output may come after its end."""
_AFTER_TIMEOUT = 5
_QUIET = 3.0
"""Seconds without a message after which a cell that has ended has no more to say: its last one was lost."""
TIMED_OUT = "CellTimeout"

Tell = Callable[[AnyEvent], None]


class Cells(NotebookClient):
    """nbclient, which runs ``notebook`` in a kernel that is there already, and says aloud what it notes."""

    def __init__(self, notebook: NotebookNode, kernel: KernelProcess, tell: Tell, seconds: float | None) -> None:
        said = {"ename": TIMED_OUT, "evalue": f"it did not end within {seconds} seconds", "traceback": []}
        super().__init__(
            notebook,
            km=kernel.manager,
            timeout_func=lambda cell: seconds,
            interrupt_on_timeout=True,
            error_on_timeout=said,
            iopub_timeout=_OUTPUT_WITHIN,
            coalesce_streams=True,
        )
        self.kc = kernel.client
        self.has_begun = False
        """Whether the kernel works on the cell: an interrupt before that is lost."""
        self.on_begin: Callable[[], object] = lambda: None
        self._tell = tell
        self._number = 0
        self._printed = 0
        self._rich = 0

    async def run(self, index: int, number: int, count: int | None) -> NotebookNode:
        """Run the cell at ``index``, which viewers know by ``number``."""
        self._number, self._printed, self.has_begun = number, 0, False
        return await self.async_execute_cell(self.nb.cells[index], index, execution_count=count)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Tell of one message of the kernel, and let nbclient note it in the notebook."""
        if msg["msg_type"] == "execute_input":
            self.has_begun = True
            self.on_begin()
        output = _output(msg)
        if output is not None:
            if not self._has_room(msg["msg_type"], output):
                return None
            self._tell(CellOutput(self._number, output))
        return super().process_message(msg, cell, cell_index)

    def _has_room(self, kind: str, output: dict[str, Any]) -> bool:
        """Count what is put out: a kernel may print for ever, and a host must not read for ever."""
        if kind == "stream":
            before, self._printed = self._printed, self._printed + len(output["text"])
            most = MOST_STREAM
            after = self._printed
        else:
            before, self._rich = self._rich, self._rich + _size(output)
            most = MOST_RICH
            after = self._rich
        if before <= most < after:
            text = f"There is more output than {most >> 20} million characters; the rest is left out."
            self._tell(Notice("warning", text))
        return after <= most

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: NotebookNode, cell_index: int) -> None:
        """Take a cell's messages, also when the last one was lost, for which nbclient would wait in vain."""
        assert self.kc is not None
        while True:
            try:
                msg = await ensure_async(self.kc.iopub_channel.get_msg(timeout=_QUIET))
                if msg["parent_header"].get("msg_id") == parent_msg_id:
                    self.process_message(msg, cell, cell_index)
            except CellExecutionComplete:
                return
            except Empty:
                if "shell.execute_reply" in cell.metadata.get("execution", {}):
                    self._tell(
                        Notice("warning", "Some output was lost: the kernel put out more than could be taken.")
                    )
                    return

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        self.iopub_timeout = _AFTER_TIMEOUT
        return await super()._async_handle_timeout(timeout, cell)


def _output(msg: dict[str, Any]) -> dict[str, Any] | None:
    """Return what viewers are told of a message: nbformat's output, with what says which display it updates."""
    kind, content = msg["msg_type"], msg["content"]
    if kind == "clear_output":
        return {"output_type": "clear_output", "wait": bool(content.get("wait"))}
    if kind == "update_display_data":
        output = {"output_type": kind, "data": content["data"], "metadata": content.get("metadata", {})}
    elif kind in {"stream", "display_data", "execute_result", "error"}:
        output = dict(output_from_msg(msg))
    else:
        return None
    display = (content.get("transient") or {}).get("display_id")
    return {**output, "transient": {"display_id": display}} if display else output


def _size(output: dict[str, Any]) -> int:
    data = output.get("data", {})
    return sum(len(value) if isinstance(value, str) else 1000 for value in data.values())
