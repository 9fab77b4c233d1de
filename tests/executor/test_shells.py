"""What all shells have in common, each with what it really runs: folder, environment, end, stop, time, company."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.marked import marked
from support.model_endpoint import ModelEndpoint, model_endpoint, refuse, text, tool
from support.notebooks import notebook
from support.processes import eventually
from support.scripted_backend import Record, ScriptedBackend

pytestmark = pytest.mark.timeout(180)

SHELLS = ("ClaudeCode", "Notebook", "Python", "Command")
HEARTBEAT_SECONDS = 0.3


class Case:
    """One shell that can be made to run a line for /bin/sh, whatever it runs by itself."""

    def __init__(self, shell: str, backend: ScriptedBackend, endpoint: ModelEndpoint) -> None:
        self.shell = shell
        self.backend = backend
        self.endpoint = endpoint

    async def offer(self, id: str, line: str, options: dict[str, Any] | None = None, **fields: Any) -> Record:
        """Offer a turn that runs ``line``."""
        options, prompt = dict(options or {}), "Do it."
        code = f"import subprocess\nsubprocess.run({line!r}, shell=True, check=True)"
        if self.shell == "ClaudeCode":
            fails = "exit 3" in line
            run = tool("Bash", command=line, description="x")
            self.endpoint.replies = [[refuse(400, "no such model")]] * 20 if fails else [[run], [text("Done.")]]
        elif self.shell == "Notebook":
            self.backend.files[id] = ("work.ipynb", notebook(code))
            options["notebook"] = id
        else:
            prompt = code if self.shell == "Python" else line
        return await self.backend.offer(id, prompt, shell=self.shell, options=options, **fields)


@pytest.mark.parametrize("shell", SHELLS)
class TestShells:
    """Run over every shell."""

    @pytest.fixture
    async def case(
        self, shell: str, backend: ScriptedBackend, start_claude, tmp_path: Path
    ) -> AsyncIterator[Case]:
        backend.heartbeat_seconds = HEARTBEAT_SECONDS
        (tmp_path / "project").mkdir()
        async with model_endpoint() as endpoint:
            flags = ("--workspace", str(tmp_path / "project"), "--permission-mode", "bypassPermissions")
            start_claude(endpoint, "--shell", shell, *flags, IS_SANDBOX="1")
            yield Case(shell, backend, endpoint)

    async def test_it_works_in_its_folder_with_its_environment_and_goes_on_in_further_turns(
        self, case: Case, backend: ScriptedBackend, tmp_path: Path
    ) -> None:
        folder = tmp_path / "project"
        options = {"workdir": str(folder), "env": {"COLOR": "teal"}}
        end = await (await case.offer("one", 'echo "$COLOR $WEGENT_TOKEN" > out', options, task_id="t")).ended(60)
        assert (end.status, (folder / "out").read_text()) == ("completed", "teal \n")
        session = (end.result or {}).get("session_id")
        again = await case.offer(
            "two", "cat out out > twice", {"workdir": str(folder)}, task_id="t", history_session=session
        )
        assert (await again.ended(60)).status == "completed"
        assert (folder / "twice").read_text() == "teal \n" * 2
        own = await case.offer("three", "pwd > out", task_id="t")
        assert (await own.ended(60)).status == "completed"
        written = next((tmp_path / "claude-home").glob(".wegent-executor/workspace/t/out"))
        assert written.read_text() == f"{written.parent}\n"
        failed = await case.offer("four", "exit 3", task_id="t")
        end = await failed.ended(60)
        assert (end.status, end.error and end.error.code) == ("failed", "shell_failed")
        assert end.error and end.error.message

    async def test_it_stops_when_it_is_told_to_and_when_its_time_is_over(self, case: Case, tmp_path: Path) -> None:
        up = tmp_path / "up"
        record = await case.offer("one", f"touch {up}; tail -f /dev/null")
        await eventually(up.exists, 60)
        await case.backend.cancel(record)
        assert (await record.ended(30)).status == "cancelled"
        assert not marked("one")
        end = await (await case.offer("two", "tail -f /dev/null", timeout_seconds=4)).ended(60)
        assert (end.status, end.error and end.error.code) == ("failed", "timed_out")
        assert not marked("two")

    async def test_five_run_at_a_time_and_heartbeats_stay_on_time(self, case: Case, tmp_path: Path) -> None:
        backend, ids = case.backend, [f"five-{number}" for number in range(5)]
        (tmp_path / "gate").mkdir()
        if case.shell == "ClaudeCode":
            case.endpoint.replies = [[text("one two three four five", pause=1)]] * 5
            records = [await backend.offer(id, "Go.", shell="ClaudeCode") for id in ids]
        else:
            line = f"touch {tmp_path}/gate/$$; until test -e {tmp_path}/open; do sleep 0.05; done"
            records = [await case.offer(id, line) for id in ids]
        begun, before = time.monotonic(), len(backend.heartbeats)
        if case.shell != "ClaudeCode":
            await eventually(lambda: len(list((tmp_path / "gate").iterdir())) == 5, 100, "all five run")
            await eventually(
                lambda: any(sorted(beat) == ids for beat in backend.heartbeats), 10, "all are told of"
            )
            (tmp_path / "open").touch()
        for record in records:
            assert (await record.ended(100)).status == "completed"
        assert any(sorted(beat) == ids for beat in backend.heartbeats)
        beats = len(backend.heartbeats) - before
        assert beats >= (time.monotonic() - begun) / HEARTBEAT_SECONDS / 3
