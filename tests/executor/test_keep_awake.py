"""Keeping the computer awake while tasks run, as its owner wants."""

import os
import sys
from pathlib import Path

import psutil
import pytest
from support.processes import eventually
from support.scripted_backend import ScriptedBackend

from executor import keep_awake
from executor.environment import Mark
from executor.processes import brand
from tests.executor.conftest import StartExecutor

INHIBIT = """#!/bin/sh
echo "held $*" >> {calls}
while [ "$1" != cat ]; do shift; done
"$@"
echo released >> {calls}
"""


def path_with(folder: Path, script: str) -> str:
    folder.mkdir()
    for name in ("systemd-inhibit", "caffeinate"):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_every_system_has_its_own_way() -> None:
    linux = keep_awake.command("linux", 7)
    assert linux is not None and linux[:2] == ["systemd-inhibit", "--what=idle:sleep"] and linux[-1] == "cat"
    assert keep_awake.command("darwin", 7) == ["caffeinate", "-i", "-w", "7"]
    assert keep_awake.command("win32", 7) is None


async def test_it_is_held_while_tasks_run_and_no_longer(
    backend: ScriptedBackend, start_executor: StartExecutor, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    path = path_with(tmp_path / "bin", INHIBIT.format(calls=calls))
    executor = start_executor("--keep-awake", PATH=path)
    await backend.connected()
    assert not calls.exists()
    one = await backend.offer("s1", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done")
    two = await backend.offer("s2", "true")
    await two.ended()
    await eventually(lambda: calls.exists())
    assert calls.read_text().count("held") == 1 and "--who=Wegent" in calls.read_text()
    (tmp_path / "go").touch()
    await one.ended()
    # A killed executor holds nothing either: the inhibitor's child reads its end.
    await (await backend.offer("s3", "true")).ended()
    await backend.offer("s4", "sleep 60")
    await eventually(lambda: calls.read_text().count("held") == 3)
    released = calls.read_text().count("released")
    executor.kill()
    await eventually(lambda: calls.read_text().count("released") == released + 1)
    start_executor()  # ends what the killed one left
    await backend.connected(2)


async def test_where_it_cannot_be_it_is_said_once_and_tasks_run(
    backend: ScriptedBackend, start_executor: StartExecutor, tmp_path: Path
) -> None:
    path = path_with(tmp_path / "bin", "#!/bin/sh\necho 'Access denied' >&2\nexit 1\n")
    executor = start_executor(PATH=path, WEGENT_KEEP_AWAKE="true")
    for name in ("s1", "s2"):
        assert (await (await backend.offer(name, "sleep 0.3")).ended()).status == "completed"
    await executor.line("cannot be kept awake")
    assert executor.text.count("cannot be kept awake") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a brand on")
async def test_it_does_not_end_with_a_task_that_starts_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path_with(tmp_path / "bin", "#!/bin/sh\nexec cat\n"))
    task, keeper = Mark(str(tmp_path), "one"), keep_awake.KeepAwake()
    with brand.inherited(task):  # an executor carries it for the moment of a start
        await keeper.hold()
    assert keeper._child is not None
    try:
        assert not brand.is_on(psutil.Process(keeper._child.pid), task)
    finally:
        await keeper.release()


def test_a_computer_with_a_battery_may_sleep_unless_it_is_kept_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_awake.psutil, "sensors_battery", lambda: object(), raising=False)
    assert keep_awake.may_sleep(is_kept_awake=False)
    assert not keep_awake.may_sleep(is_kept_awake=True)
    monkeypatch.setattr(keep_awake.psutil, "sensors_battery", lambda: None, raising=False)
    assert not keep_awake.may_sleep(is_kept_awake=False)
    monkeypatch.delattr(keep_awake.psutil, "sensors_battery", raising=False)
    assert not keep_awake.may_sleep(is_kept_awake=False)
