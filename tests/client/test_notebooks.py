"""Notebooks that are run on a device from Python: API, worker, executor and kernels are real."""

import asyncio
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support.notebooks import code_cells, notebook, printed
from support.stack import Stack

from wegent import AsyncClient, Client, FileError, TaskCancelledError, TaskFailedError, WaitTimeoutError
from wegent.protocol.output_events import Cell

pytestmark = pytest.mark.timeout(120)


async def test_a_notebook_runs_on_a_device_and_comes_back_executed(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user()
    await stack.start_executor(user, "gpu-box", "--shell", "Notebook", "--shell", "Python")
    (tmp_path / "model.ipynb").write_bytes(notebook("print('n is', n)", "n * 2", parameters="n = 1"))
    with Client(stack.url, user.token) as client:
        began: list[int] = []

        def run(path: Any, **more: Any) -> Any:
            return client.run_notebook(
                path, {"n": 3}, device="gpu-box", progress=lambda cell: began.append(cell.index), **more
            )

        executed = await asyncio.to_thread(run, tmp_path / "model.ipynb", title="Model")
        nbformat.validate(executed)
        cells = code_cells(executed)
        assert printed(cells[2]) == "n is 3\n"
        assert cells[3].outputs[0].data["text/plain"] == "6"
        assert began == [1, 2, 3, 4]
        assert [each.title for each in await asyncio.to_thread(client.tasks)] == ["Model"]

        # What came back runs again, given as it is; and a task that is known by its id alone gives its notebook.
        task = await asyncio.to_thread(client.start_notebook, executed, {"n": 4}, device="gpu-box")
    async with AsyncClient(stack.url, user.token) as another:
        again = await (await another.task(task.id)).notebook(60)
        assert printed(code_cells(again)[2]) == "n is 4\n"
        code = await another.run("1", device="gpu-box", shell="Python")
        with pytest.raises(FileError, match="shell Python, which executes no notebook"):
            await code.notebook(60)


async def test_a_failed_or_stopped_notebook_comes_with_the_error(stack: Stack) -> None:
    user = await stack.user()
    await stack.start_executor(user, "gpu-box", "--shell", "Notebook")
    async with AsyncClient(stack.url, user.token) as client:
        source = nbformat.reads(notebook("print('first')", "1 / 0", "print('never')").decode(), as_version=4)
        with pytest.raises(TaskFailedError) as caught:
            await client.run_notebook(source, device="gpu-box", timeout=60)
        error = caught.value
        assert (error.code, error.cell) == ("shell_failed", 2)
        assert error.message == "Cell 2 failed: ZeroDivisionError: division by zero"
        assert error.traceback is not None and "1" in error.traceback and "ZeroDivisionError" in error.traceback
        assert error.output == "first"
        first, failed, never = code_cells(error.notebook or pytest.fail("there is no notebook"))
        assert (printed(first), failed.outputs[-1].ename, never.outputs) == ("first\n", "ZeroDivisionError", [])

        waiting = notebook("print('up', flush=True)", "import time; time.sleep(600)")
        begun: asyncio.Queue[Cell] = asyncio.Queue()
        task = await client.start_notebook(nbformat.reads(waiting.decode(), as_version=4), device="gpu-box")
        with pytest.raises(WaitTimeoutError):
            await task.notebook(timeout=0.1)
        ending = asyncio.create_task(task.notebook(60, progress=begun.put_nowait))
        assert [(await begun.get()).index for _ in range(2)] == [1, 2]
        await task.cancel()
        with pytest.raises(TaskCancelledError) as stopped:
            await ending
        assert stopped.value.notebook is not None
        assert printed(code_cells(stopped.value.notebook)[0]) == "up\n"


async def test_what_cannot_be_run_is_refused_before_it_is_sent(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user()
    async with AsyncClient(stack.url, user.token) as client:
        with pytest.raises(FileError, match=r"missing\.ipynb cannot be read"):
            await client.run_notebook(tmp_path / "missing.ipynb")
        with pytest.raises(FileError, match="This is not a notebook"):
            await client.run_notebook({"cells": 3})
        for wrong in (float("nan"), {1, 2}, object()):
            with pytest.raises(
                TypeError, match=r"The parameter 'x' cannot be sent: .* send anything else in a file"
            ):
                await client.run_notebook({}, {"x": wrong})
        assert await client.tasks() == []
