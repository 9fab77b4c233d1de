"""The example notebooks, run cell by cell in a real kernel against a real Wegent."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from support.model_endpoint import text, tool
from support.notebooks import code_cells, printed
from support.site import Site
from support.sources import ROOT
from support.stack import FAST

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs_and_for_any_kernel(path: Path) -> None:
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    assert not [cell for cell in code_cells(found) if cell.outputs or cell.execution_count is not None]
    assert found.metadata.kernelspec.name == "python3"
    assert found.metadata.language_info == {"name": "python"}, "no version of whoever ran it last"


async def test_the_quickstart_asks_follows_carries_variables_and_comes_back(site: Site, tmp_path: Path) -> None:
    site.script([text("It is 2.")], [text("Then it is 20.")], [text("The largest is 3.")])
    cells = code_cells(await executed("quickstart", site, tmp_path))
    devices, asked, further, carried, panel, prompt, remote, total, back = cells
    assert "laptop" in shown(devices)
    assert printed(asked) == "It is 2.\n"
    assert printed(further) == "Then it is 20."
    assert shown(carried) == "2"
    assert "gpu-box" in shown(panel)
    assert "The largest is 3." in shown(prompt, "text/html")
    assert "'total': 6" in shown(remote)
    assert shown(total) == "6"
    assert shown(back) == "'It is 2.'"


async def test_many_devices_share_the_work_and_the_failed_one_is_accounted_for(site: Site, tmp_path: Path) -> None:
    cells = code_cells(await executed("many_devices", site, tmp_path))
    mean, who, outcomes, error = cells[3:]
    assert abs(float(shown(mean)) - 3.14) < 0.1
    assert not printed(mean), "none failed"
    assert "Counter(" in shown(who)
    assert sum(1 for name in ("laptop", "gpu-box") if name in shown(who)), "others than the default one work too"
    assert shown(outcomes) == "['Result', 'TaskFailedError', 'Result']"
    assert "ZeroDivisionError" in printed(error)


async def test_a_remote_notebook_takes_parameters_and_gives_back_outputs_and_errors(
    site: Site, tmp_path: Path
) -> None:
    cells = code_cells(await executed("remote_notebook", site, tmp_path))
    progress, came_back, failed, partly = cells[1], cells[2], cells[4], cells[5]
    assert "cell 1 of " in printed(progress)
    assert "from 400 samples" in printed(came_back)
    assert [output for output in came_back.outputs if "image/png" in output.get("data", {})]
    saved = nbformat.read(tmp_path / "model-executed.ipynb", as_version=4)
    assert [cell for cell in code_cells(saved) if "injected-parameters" in cell.metadata.get("tags", [])]
    assert "ZeroDivisionError" in printed(failed)
    assert int(shown(partly)) > 1


async def test_approvals_are_answered_from_code_and_by_a_rule(site: Site, tmp_path: Path) -> None:
    site.script(
        [tool("Bash", command="printf 'one\\ntwo\\n' > notes.txt", description="write it")],
        [tool("Bash", command="rm notes.txt", description="clear it")],
        [text("notes.txt has 2 lines.")],
    )
    cells = code_cells(await executed("approvals", site, tmp_path))
    question, decided = cells[1], cells[3]
    assert "Bash" in printed(question)
    assert "notes.txt" in printed(question)
    assert "'allow'" in printed(question)
    assert printed(decided) == "denied: rm notes.txt\nnotes.txt has 2 lines.\n"
    assert "Nothing is deleted here." in site.model.said[-1]


def test_every_notebook_is_run_here() -> None:
    run = {"quickstart", "many_devices", "remote_notebook", "approvals"}
    assert {path.stem for path in NOTEBOOKS} - run == {"model"}, "which remote_notebook sends"


async def executed(name: str, site: Site, folder: Path) -> NotebookNode:
    """Run a copy of an example, logged in to the site; fail with the traceback of a cell that fails."""
    for path in NOTEBOOKS:
        shutil.copy(path, folder)
    found = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    client = NotebookClient(found, timeout=120, resources={"metadata": {"path": str(folder)}})
    login = {"WEGENT_BACKEND_URL": site.url, "WEGENT_TOKEN": site.up.login.token}
    own = {"WEGENT_HOME": str(folder / "wegent"), "IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(ROOT)}
    environ = site.up.programs.environment(**FAST, **login, **own)
    async with client.async_setup_kernel(env=environ):
        for index, cell in enumerate(found.cells):
            await client.async_execute_cell(cell, index)
    return found


def shown(cell: NotebookNode, kind: str = "text/plain") -> str:
    """Return what a cell displays, as plain text or in another form."""
    bundles = [output.data for output in cell.outputs if "data" in output]
    return "\n".join(bundle.get(kind, "") for bundle in bundles)
