"""What a device offers: shells that can run there, others' shells, and the kernels that its owner wants."""

import re
import sys
from pathlib import Path

import pytest
from support.claude_records import answer, approval
from support.notebooks import notebook
from support.processes import Programs
from support.scripted_backend import ScriptedBackend
from support.sources import ROOT

from executor import kernels, shells
from executor.shells.base import Here
from wegent.protocol.output_events import CellOutput, Text
from wegent.protocol.timing import InvalidSettingError

pytestmark = pytest.mark.timeout(120)


async def test_a_notebook_is_offered_unasked_and_asks_before_it_runs(
    backend: ScriptedBackend, programs: Programs
) -> None:
    env = {"WEGENT_BACKEND_URL": backend.url, "WEGENT_TOKEN": "token"}
    program = programs.module("executor.main", name="executor", env=env)
    register = await backend.connected()
    assert (register.shells, register.kernels) == (["ClaudeCode", "Notebook"], ["python3"])
    backend.files["nb"] = ("a.ipynb", notebook("1"))
    record = await backend.offer("one", shell="Notebook", options={"notebook": "nb"})
    asked = await approval(record)
    assert (asked.tool, asked.input["options"]) == ("Notebook", {"notebook": "nb"})
    assert backend.file_requests == []
    await answer(backend, record, asked, "allow")
    assert (await record.ended(60)).status == "completed"
    await program.stop()


async def test_the_owner_chooses_kernels_and_adds_pythons(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    environment = Path(sys.executable).parent.parent
    start_executor("--shell", "Python", "--python", f"mine={environment}", "--kernel", "mine")
    assert (await backend.connected()).kernels == ["mine"]
    record = await backend.offer("one", "import sys; sys.executable", shell="Python", options={"kernel": "mine"})
    end = await record.ended(60)
    assert end.result and end.result["kernel"] == "mine"
    (output,) = [event.output for event in record.events if isinstance(event, CellOutput)]
    assert output["data"]["text/plain"] == repr(str(environment / "bin/python"))
    await backend.offer("two", "1", shell="Python", options={"kernel": "python3"})
    await (await backend.offer("three", "1", shell="Python")).ended(60)
    assert [decline["reason"] for decline in backend.declines] == [
        "This device does not offer the kernel python3 (offered: mine)."
    ]


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--kernel", "nothere", "There is no kernel nothere here. Installed: python3."),
        ("--python", "gpu=/nowhere", "there is no Python"),
        ("--shell", "Nothing", "There is no shell Nothing. The shells are ClaudeCode, Notebook, Python, Command"),
    ],
)
async def test_what_cannot_be_offered_is_said_at_the_start(
    start_executor, flag: str, value: str, told: str
) -> None:
    program = start_executor("--shell", "Command", flag, value)
    assert await program.ended() == 2
    assert told in program.text


def test_kernels_that_cannot_start_or_be_read_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    for name, spec in {
        "good": '{"argv": ["/bin/sh", "{connection_file}"], "language": "sh", "display_name": "Sh"}',
        "gone": '{"argv": ["/nowhere/bin/python"], "language": "python"}',
        "torn": '{"argv": [',
        "empty": '{"argv": []}',
    }.items():
        (tmp_path / "kernels" / name).mkdir(parents=True)
        (tmp_path / "kernels" / name / "kernel.json").write_text(spec)
    found = kernels.offered(None, [])
    assert list(found) == ["good", "python3"]
    assert kernels.default(found) == "python3"
    assert kernels.default({"good": found["good"]}) == "good"
    with pytest.raises(InvalidSettingError, match="Installed: good, python3"):
        kernels.offered(["gone"], [])


def test_a_shell_that_cannot_run_here_says_why() -> None:
    assert "pip install ipykernel" in (shells.unusable("Notebook", Here({}, {})) or "")
    assert "pip install ipykernel" in (shells.unusable("Python", Here({}, {})) or "")
    missing = shells.unusable("ClaudeCode", Here({"WEGENT_CLAUDE_SDK": "no_such_sdk"}, {}))
    assert missing is not None and "pip install" in missing
    assert shells.unusable("Command", Here({}, {})) is None


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an installed package: the example of the docs, and bad ones beside it."""
    _, chapter = (ROOT / "docs/shells.md").read_text().split("## A shell of your own")
    found = re.search(r"```python\n(.*?)```\n.*?```toml\n(.*?)```", chapter, re.DOTALL)
    assert found is not None
    code, _, (entry,) = found[1], found[2], re.findall(r"^(Greeter = .*)$", found[2], re.MULTILINE)
    folder = tmp_path / "site"
    (folder / "greeter-1.dist-info").mkdir(parents=True)
    (folder / "greeter.py").write_text(code)
    (folder / "broken.py").write_text("raise RuntimeError('out of order')")
    (folder / "greeter-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1\n")
    points = [
        entry.replace('"', ""),
        "Broken = broken:Broken",
        "NoShell = greeter:codecs",
        "Command = greeter:Greeter",
    ]
    (folder / "greeter-1.dist-info/entry_points.txt").write_text("\n".join(["[wegent.shells]", *points]))
    return folder


async def test_another_package_adds_a_shell_and_a_broken_one_is_only_left_out(
    backend: ScriptedBackend, start_executor, site: Path
) -> None:
    names = ("Greeter", "Broken", "NoShell", "Command")
    flags = [flag for name in names for flag in ("--shell", name)]
    program = start_executor(*flags, PYTHONPATH=str(site))
    register = await backend.connected()
    assert register.shells == ["Greeter", "Command"]
    assert "Broken is not offered: broken:Broken cannot be imported: RuntimeError: out of order" in program.text
    assert "NoShell is not offered" in program.text
    assert "The shell Command of greeter:Greeter is left out: there is one of that name." in program.text
    record = await backend.offer("one", "Ann; rm -rf", shell="Greeter", options={"times": 2})
    end = await record.ended()
    assert (end.status, end.result) == ("completed", {"times": 2})
    said = "".join(event.text for event in record.events if isinstance(event, Text))
    assert said == "Hello, Ann; rm -rf!\n" * 2
    end = await (await backend.offer("two", "Ann", shell="Greeter", options={"times": "x"})).ended()
    assert end.error and "options.times" in end.error.message
    endless = await backend.offer("three", "Ann", shell="Greeter", options={"times": 9999, "pause": 60})
    await endless.until(lambda record: record.events)
    await backend.cancel(endless)
    assert (await endless.ended()).status == "cancelled"
    assert (await (await backend.offer("four", "true")).ended()).status == "completed"
