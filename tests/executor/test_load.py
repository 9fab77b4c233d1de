"""How busy this computer is: shares, measured without waiting for anybody."""

import os
import time
from pathlib import Path

import psutil
import pytest
from support.processes import eventually
from support.scripted_backend import ScriptedBackend

from executor.load import LoadMeter, mean_share
from tests.executor.conftest import StartExecutor


def smi(folder: Path, script: str) -> str:
    """Put an ``nvidia-smi`` of our own into a folder, and return a PATH that begins with it."""
    folder.mkdir(exist_ok=True)
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho asked >> {folder}/asked\nenv > {folder}/seen\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


async def test_load_is_measured_in_shares(tmp_path: Path) -> None:
    meter = LoadMeter(str(tmp_path))
    meter.measure()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        pass
    load = meter.measure()
    assert load.keys() == {"cpu", "memory"}
    assert 0.5 / (psutil.cpu_count() or 1) <= load["cpu"] <= 1  # one core was busy
    assert 0 < load["memory"] < 1
    assert meter.latest == load


def test_several_cards_are_told_as_one() -> None:
    assert mean_share("100\n0\n5\n") == 0.35
    for nothing in ("", "\n", "[N/A]\n"):
        with pytest.raises(ValueError):
            mean_share(nothing)


async def test_heartbeats_tell_what_the_cards_do_and_do_not_wait_for_it(
    backend: ScriptedBackend, start_executor: StartExecutor, tmp_path: Path
) -> None:
    start_executor(
        PATH=smi(tmp_path / "bin", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo 40; echo 60")
    )
    await eventually(lambda: len(backend.loads) >= 3)
    assert not any("gpu" in load for load in backend.loads)
    (tmp_path / "go").touch()
    await eventually(lambda: backend.loads[-1].get("gpu") == 0.5)
    assert "WEGENT_TOKEN" not in (tmp_path / "bin/seen").read_text()


async def test_a_tool_that_fails_is_not_asked_again(
    backend: ScriptedBackend, start_executor: StartExecutor, tmp_path: Path
) -> None:
    start_executor(PATH=smi(tmp_path / "bin", "echo NVIDIA-SMI has failed; exit 9"))
    await eventually(lambda: len(backend.loads) >= 5)
    assert (tmp_path / "bin/asked").read_text() == "asked\n"
    assert not any("gpu" in load for load in backend.loads)
