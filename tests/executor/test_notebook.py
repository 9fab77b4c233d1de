"""The shell ``Notebook``: a real executor, real kernels, and what comes back of a notebook however it ends."""

import base64
from typing import Any

import nbformat
import pytest
from aiohttp import web
from support.marked import marked
from support.notebooks import code_cells, executed, notebook, printed
from support.scripted_backend import Record, ScriptedBackend

from wegent.protocol.output_events import Cell, CellOutput, Notice

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def start(start_executor) -> None:
    start_executor("--shell", "Notebook")


async def offer(backend: ScriptedBackend, content: bytes, id: str = "one", **options: Any) -> Record:
    """Offer to run a notebook that is sent along."""
    backend.files["nb"] = ("model.ipynb", content)
    fields = {name: options.pop(name) for name in ("timeout_seconds",) if name in options}
    return await backend.offer(id, shell="Notebook", options={"notebook": "nb", **options}, **fields)


def outputs(record: Record) -> list[CellOutput]:
    return [event for event in record.events if isinstance(event, CellOutput)]


def notices(record: Record) -> str:
    return "\n".join(event.text for event in record.events if isinstance(event, Notice))


async def test_a_notebook_runs_with_parameters_and_comes_back_executed(backend: ScriptedBackend) -> None:
    show = "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\nx + 1"
    content = notebook("print('x is', x)", show, parameters="x = 1\ny = 2")
    record = await offer(
        backend, content, parameters={"x": 41, "name": "O'Neill \U0001f600", "deep": {"a": [None, True]}}
    )
    end = await record.ended(60)
    assert end.status == "completed", end
    assert end.result == {"notebook": "u1", "kernel": "python3", "cells": 4}
    cells = [event for event in record.events if isinstance(event, Cell)]
    assert [(cell.index, cell.of) for cell in cells] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert cells[1].source is not None and "x = 41" in cells[1].source
    assert [output.output["output_type"] for output in outputs(record)] == [
        "stream",
        "display_data",
        "execute_result",
    ]
    (upload,) = backend.uploads
    assert upload[:2] == ("model.executed.ipynb", "application/x-ipynb+json")
    _, set_, printing, showing = code_cells(found := executed(upload.body))
    assert set_.metadata.tags == ["injected-parameters"]
    assert set_.source.endswith("deep = {'a': [None, True]}")
    assert (printed(printing), printing.execution_count) == ("x is 41\n", 3)
    assert showing.outputs[-1].data["text/plain"] == "42"
    assert found.metadata.language_info.name == "python"
    # What came back runs again: the injected cell is replaced.
    again = await offer(backend, upload.body, "two", parameters={"x": 5})
    assert (await again.ended(60)).status == "completed"
    rerun = executed(backend.uploads[1].body)
    assert len(code_cells(rerun)) == 4
    assert backend.uploads[1].name == "model.executed.ipynb"
    assert printed(code_cells(rerun)[2]) == "x is 5\n"


async def test_a_failing_cell_ends_it_and_the_notebook_shows_why(backend: ScriptedBackend) -> None:
    record = await offer(backend, notebook("print(1)", "raise ValueError('no\\nsuch luck')", "print(3)"))
    end = await record.ended(60)
    assert (end.status, end.error and end.error.code) == ("failed", "shell_failed")
    assert end.error and end.error.message == "Cell 2 failed: such luck"
    assert end.result and end.result["cell"] == 2
    assert (end.result["ename"], end.result["evalue"]) == ("ValueError", "no\nsuch luck")
    first, failed, after = code_cells(executed(backend.uploads[0].body))
    assert (printed(first), failed.outputs[-1].ename, after.outputs) == ("1\n", "ValueError", [])
    # A cell that asks for input is told that nobody types.
    asked = await offer(backend, notebook("input('name? ')"), "two")
    end = await asked.ended(60)
    assert end.error and "nobody can type here" in end.error.message
    # A kernel that dies is said to have died, in the notebook too.
    dying = await offer(backend, notebook("print('bye', flush=True)", "import os\nos._exit(3)"), "three")
    end = await dying.ended(60)
    assert end.error and end.error.message == "Cell 2 failed: The kernel died with exit code 3."
    assert code_cells(executed(backend.uploads[2].body))[1].outputs[-1].ename == "DeadKernelError"


async def test_a_stop_interrupts_the_kernel_and_keeps_what_there_was(backend: ScriptedBackend) -> None:
    waiting = "import time\nprint('up', flush=True)\ntime.sleep(600)"
    record = await offer(backend, notebook("print('before')", waiting, "print('after')"))
    await record.until(lambda record: len(outputs(record)) == 2, 60)
    await backend.cancel(record)
    end = await record.ended(20)
    assert end.status == "cancelled"
    assert end.result and end.result["notebook"] == "u1"
    before, stopped, after = code_cells(executed(backend.uploads[0].body))
    assert printed(before) == "before\n"
    assert [output.get("ename") for output in stopped.outputs] == [None, "KeyboardInterrupt"]
    assert after.outputs == []
    assert not marked("one")


async def test_time_that_is_over_ends_a_kernel_that_will_not_and_the_notebook_comes_back(
    backend: ScriptedBackend,
) -> None:
    stubborn = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('up', flush=True)\n"
        "while True: time.sleep(1)"
    )
    record = await offer(backend, notebook("print('before')", stubborn), timeout_seconds=8)
    end = await record.ended(60)
    assert end.error and end.error.code == "timed_out"
    assert end.result and end.result["notebook"] == "u1"
    before, stopped = code_cells(executed(backend.uploads[0].body))
    assert (printed(before), printed(stopped)) == ("before\n", "up\n")
    assert not marked("one")


async def test_a_cell_has_a_time_limit_of_its_own(backend: ScriptedBackend) -> None:
    record = await offer(backend, notebook("import time\ntime.sleep(60)"), cell_timeout_seconds=0.5)
    end = await record.ended(60)
    assert end.error and end.error.code == "timed_out"
    assert end.error.message.startswith("Cell 1 failed: it did not end within 0.5 seconds")
    assert code_cells(executed(backend.uploads[0].body))[0].outputs[-1].ename == "KeyboardInterrupt"


async def test_displays_are_updated_and_cleared_and_large_images_go_as_files(backend: ScriptedBackend) -> None:
    png = base64.b64encode(b"\x89PNG" + bytes(400_000)).decode()
    imports = "from IPython.display import display, clear_output, Image"
    updating = f"{imports}\nd = display('a', display_id=True)\nd.update('b')"
    clearing = "print('gone')\nclear_output()\nprint('kept')"
    image = f"import base64\ndisplay(Image(data=base64.b64decode({png!r})))"
    record = await offer(backend, notebook(updating, clearing, image))
    assert (await record.ended(60)).status == "completed"
    kinds = [output.output["output_type"] for output in outputs(record)]
    assert kinds == ["display_data", "update_display_data", "stream", "clear_output", "stream", "display_data"]
    first, second = (output.output for output in outputs(record)[:2])
    assert first["transient"] == second["transient"] != {}
    assert second["data"]["text/plain"] == "'b'"
    large = outputs(record)[-1].output["data"]
    assert list(large) == ["text/plain"]
    image_file, notebook_file = backend.uploads
    assert image_file[:3] == ("cell-3-1.png", "image/png", b"\x89PNG" + bytes(400_000))
    updated, cleared, _ = code_cells(executed(notebook_file.body))
    assert updated.outputs[0].data["text/plain"] == "'b'"
    assert printed(cleared) == "kept\n"


async def test_a_notebook_of_the_folder_is_named_by_its_path_and_what_came_of_it_stays_beside_it(
    backend: ScriptedBackend, programs
) -> None:
    folder = programs.folder / "home/.wegent-executor/workspace/task-one/analysis"
    folder.mkdir(parents=True)
    (folder / "model.ipynb").write_bytes(notebook("open('made', 'w').write('x')\nimport os\nprint(os.getcwd())"))
    backend.upload_answers = [web.json_response({"detail": "Your files take too much."}, status=413)]
    record = await backend.offer("one", "analysis/model.ipynb", shell="Notebook")
    end = await record.ended(60)
    assert end.status == "completed", "an upload that fails costs nobody the result"
    assert end.result == {"kernel": "python3", "cells": 1}
    assert str(folder / "model.executed.ipynb") in notices(record) and "too much" in notices(record)
    assert printed(executed((folder / "model.executed.ipynb").read_bytes()).cells[1]) == f"{folder}\n"
    assert (folder / "made").exists()
    for prompt in ("../task-two/secret.ipynb", "what is this?", "/etc/passwd", "x" * 5000):
        refused = await backend.offer(f"no-{len(prompt)}", prompt, shell="Notebook", task_id="task-one")
        end = await refused.ended()
        assert end.error and "There is no notebook" in end.error.message


async def test_a_notebook_that_is_sent_along_is_named_by_its_file_name(backend: ScriptedBackend, programs) -> None:
    for number, id in ((1, "one"), (2, "two")):
        backend.files["other"], backend.files["nb"] = ("data.csv", b"1"), ("m.ipynb", notebook(f"print({number})"))
        record = await backend.offer(
            id, "m.ipynb", shell="Notebook", task_id="task", options={"files": ["other", "nb"]}
        )
        assert (end := await record.ended(60)).status == "completed", end
        (cell,) = code_cells(executed(backend.uploads[-1].body))
        assert printed(cell) == f"{number}\n", "the one that came with this message"
    assert (programs.folder / "home/.wegent-executor/workspace/task/m.executed.ipynb").exists()


async def test_what_is_no_notebook_or_cannot_be_given_is_said_clearly(backend: ScriptedBackend) -> None:
    end = await (await offer(backend, b"not json", "one")).ended(60)
    assert end.error and "model.ipynb is not a notebook" in end.error.message
    end = await (await offer(backend, notebook("1"), "two", parameters={"a-b": 1})).ended(60)
    assert end.error and "'a-b' cannot be the name of a variable" in end.error.message
    await offer(backend, notebook("1"), "three", kernel="julia")
    await (await offer(backend, notebook("1"), "last")).ended(60)
    (decline,) = backend.declines
    assert not decline["retry"]
    assert decline["reason"] == "This device does not offer the kernel julia (offered: python3)."


async def test_an_old_notebook_for_a_kernel_that_is_not_here_runs_with_a_remark(backend: ScriptedBackend) -> None:
    old: Any = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(n)")])
    old.nbformat_minor = 2
    del old.cells[0]["id"]
    old.metadata = {"kernelspec": {"name": "conda-env-mine", "display_name": "Mine", "language": "python"}}
    record = await offer(backend, nbformat.writes(old).encode(), parameters={"n": 7})
    assert (await record.ended(60)).status == "completed"
    assert "conda-env-mine is not offered here; it runs with python3" in notices(record)
    assert printed(code_cells(executed(backend.uploads[0].body))[1]) == "7\n"


async def test_what_a_notebook_puts_in_the_place_of_the_executed_one_is_not_waited_for(
    backend: ScriptedBackend,
) -> None:
    pipe = "while :; do mkfifo pipe; mv -f pipe model.executed.ipynb; sleep 0.02; done"
    record = await offer(
        backend, notebook(f"import subprocess\nsubprocess.Popen({pipe!r}, shell=True, start_new_session=True)")
    )
    end = await record.ended(60)
    assert (end.status, end.result) == ("completed", {"kernel": "python3", "cells": 1})
    assert "model.executed.ipynb is not sent: no plain file." in notices(record)
    assert not backend.uploads
