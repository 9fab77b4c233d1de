"""Attached files: fetched before the shell starts, into the task's own folder, or it is said why not."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from support.claude_records import of
from support.model_endpoint import model_endpoint, text, tool
from support.processes import Programs, eventually
from support.scripted_backend import Record, ScriptedBackend

from executor.files import attachments
from executor.files.attachments import AttachmentError, Attachments
from wegent.protocol.output_events import Approval, Notice, ToolResult
from wegent.protocol.resources import MAX_FILE

SHOW = 'cd "$WEGENT_ATTACHMENTS" && pwd && for file in *; do echo "$file: $(cat "$file")"; done'


def folder(programs: Programs, task: str = "task-one") -> Path:
    return programs.folder / "home/.wegent-executor/workspace" / task / "attachments"


async def offer(
    backend: ScriptedBackend, files: Sequence[str], prompt: str = SHOW, name: str = "one", **more: Any
) -> Record:
    await backend.connected()
    options = {"files": files} | more.pop("options", {})
    return await backend.offer(name, prompt, **({"options": options} | more))


async def test_a_command_finds_its_files_by_name(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    backend.files = {"f1": ("数据.csv", b"a"), "f_2": ("../x.txt", b"b"), "f-3": ("x.txt", b"c")}
    start_executor()
    record = await offer(backend, ["f1", "f_2", "f-3"])
    assert (await record.ended()).status == "completed"
    assert record.text().splitlines() == [str(folder(programs)), "x (2).txt: c", "x.txt: b", "数据.csv: a"]
    assert backend.file_requests == [("f1", "token"), ("f_2", "token"), ("f-3", "token")]
    assert not list(folder(programs).glob(".*"))


async def test_they_are_in_the_tasks_own_folder_wherever_it_works(
    backend: ScriptedBackend, start_executor, programs: Programs, tmp_path: Path
) -> None:
    backend.files = {"f1": ("x.txt", b"b")}
    project = tmp_path / "project"
    project.mkdir()
    start_executor("--workspace", str(project))
    record = await offer(backend, ["f1"], "pwd; " + SHOW, options={"workdir": str(project)})
    assert (await record.ended()).status == "completed"
    assert record.text().splitlines() == [str(project), str(folder(programs)), "x.txt: b"]
    assert not list(project.iterdir())


async def test_a_later_message_has_the_earlier_ones_files_and_a_retry_makes_no_copies(
    backend: ScriptedBackend, start_executor
) -> None:
    backend.files = {"f1": ("x.txt", b"a"), "f2": ("x.txt", b"a"), "f3": ("x.txt", b"new")}
    start_executor()
    for name, files in (("one", ["f1", "f2"]), ("two", ["f1", "f2"]), ("three", ["f3"]), ("four", [])):
        record = await offer(backend, files, name=name, task_id="conversation")
        assert (await record.ended()).status == "completed"
    assert record.text().splitlines()[1:] == ["x (2).txt: a", "x (3).txt: new", "x.txt: a"]


async def test_without_files_there_is_no_folder(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    record = await offer(backend, [], 'echo "[$WEGENT_ATTACHMENTS]"; ls')
    await record.ended()
    assert record.text() == "[]\n"


async def test_in_the_cloud_they_go_with_the_subtasks_folder(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    backend.files = {"f1": ("x.txt", b"a")}
    start_executor("--mode", "cloud")
    record = await offer(backend, ["f1"], SHOW + "; touch ../here")
    await record.ended()
    assert record.text().endswith("x.txt: a\n")
    place = Path(record.text().splitlines()[0])
    assert place.is_relative_to(folder(programs).parent.parent)
    await eventually(lambda: not place.parent.exists())


async def test_a_file_that_is_gone_fails_the_subtask_and_says_so(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    end = await (await offer(backend, ["f1"])).ended()
    assert end.error is not None
    assert (end.status, end.error.code) == ("failed", "shell_failed")
    assert "f1" in end.error.message and "24 hours" in end.error.message


@pytest.mark.parametrize("status", [302, 403])
async def test_any_other_refusal_is_told_at_once(backend: ScriptedBackend, start_executor, status: int) -> None:
    backend.file_answers = [web.Response(status=status, headers={"Location": "http://127.0.0.1:9/"})]
    start_executor()
    end = await (await offer(backend, ["f1"])).ended()
    assert end.error is not None
    assert str(status) in end.error.message
    assert len(backend.file_requests) == 1


class CutOff(web.Response):
    """An answer that ends before all of it is there."""

    async def write_eof(self, data: bytes = b"") -> None:
        assert self._payload_writer is not None and self._req is not None
        await self._payload_writer.write(b"half of it")
        assert self._req.transport is not None
        self._req.transport.close()


async def test_trouble_on_the_way_is_told_once_and_tried_again(backend: ScriptedBackend, start_executor) -> None:
    backend.files = {"f1": ("x.txt", b"a")}
    backend.file_answers = [
        web.Response(status=503),
        CutOff(body=b"x" * 100),
        web.Response(status=401),
    ]
    start_executor()
    record = await offer(backend, ["f1"])
    assert (await record.ended()).status == "completed"
    assert record.text().splitlines()[1:] == ["x.txt: a"]
    (notice,) = of(record, Notice)
    assert "HTTP 503" in notice.text


async def test_a_stop_ends_the_wait_for_them(backend: ScriptedBackend, start_executor) -> None:
    backend.file_answers = [web.Response(status=503, headers={"Retry-After": "60"})]
    start_executor()
    record = await offer(backend, ["f1"])
    await record.until(lambda record: of(record, Notice))
    await backend.cancel(record)
    assert (await record.ended(5)).status == "cancelled"


@pytest.mark.parametrize("files", [["../x"], [""], ["x" * 65], ["a\n"], [str(n) for n in range(21)], "abc", [7]])
async def test_what_is_no_list_of_files_is_declined(backend: ScriptedBackend, start_executor, files) -> None:
    start_executor()
    await offer(backend, files)
    await eventually(lambda: backend.declines)
    assert backend.declines[0]["retry"] is False
    assert "files" in backend.declines[0]["reason"]
    assert not backend.file_requests


async def test_claude_is_told_of_them_and_reads_them_without_a_question(
    backend: ScriptedBackend, start_claude, tmp_path: Path
) -> None:
    backend.files = {"f1": ("数据.csv", b"month,sum\nmay,42\n")}
    project = tmp_path / "project"
    project.mkdir()
    place = tmp_path / "claude-home/.wegent-executor/workspace/conversation/attachments"
    read = [
        tool("Read", file_path=str(place / "数据.csv")),
        tool("Bash", command=f"cat {place}/*", description="x"),
    ]
    async with model_endpoint(read, [text("42.")], read, [text("Still 42.")]) as endpoint:
        start_claude(endpoint, "--workspace", str(project))
        for name, files in (("one", ["f1"]), ("two", [])):
            record = await offer(
                backend,
                files,
                "What is the sum?",
                name,
                shell="ClaudeCode",
                task_id="conversation",
                options={"workdir": str(project)},
            )
            assert (await record.ended(60)).status == "completed"
            assert not of(record, Approval)
            results = of(record, ToolResult)
            assert [result.is_error for result in results] == [False, False]
            assert all("may,42" in str(result.content) for result in results)
    first, last = (str(endpoint.requests[number]["messages"]) for number in (0, -1))
    assert f"What is the sum?\\n\\nFiles attached to this message:\\n- {place / '数据.csv'}\\n" in first
    assert "Files attached" not in last


@pytest.fixture
def fetching(backend: ScriptedBackend, tmp_path: Path) -> Attachments:
    async def tell(notice: Notice) -> None:
        pass

    return Attachments(backend.url, lambda: "token", tmp_path / "task/attachments", tell)


async def test_a_file_that_is_too_large_is_not_kept(
    backend: ScriptedBackend, fetching: Attachments, tmp_path: Path
) -> None:
    backend.files = {"f1": ("most.bin", bytes(MAX_FILE)), "f2": ("more.bin", bytes(MAX_FILE + 1))}
    assert (await fetching.fetch(["f1"]))[0].stat().st_size == MAX_FILE
    with pytest.raises(AttachmentError, match="f2 has more than 24 MiB"):
        await fetching.fetch(["f2"])
    assert [path.name for path in (tmp_path / "task/attachments").iterdir()] == ["most.bin"]


async def test_all_of_them_have_a_time_limit(
    backend: ScriptedBackend, fetching: Attachments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "ALL_WITHIN", 0.5)
    backend.file_answers = [web.Response(status=503, headers={"Retry-After": "60"})]
    with pytest.raises(AttachmentError, match=r"within 0\.5 seconds"):
        await fetching.fetch(["f1"])


async def test_links_that_a_task_left_lead_nothing_elsewhere(
    backend: ScriptedBackend, fetching: Attachments, tmp_path: Path
) -> None:
    backend.files = {"f1": ("x.txt", b"new")}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.txt").write_text("old")
    place = tmp_path / "task/attachments"
    place.mkdir(parents=True)
    (place / "x.txt").symlink_to(elsewhere / "x.txt")
    assert await fetching.fetch(["f1"]) == [place / "x (2).txt"]
    place.rename(tmp_path / "kept")
    place.symlink_to(elsewhere)
    with pytest.raises(AttachmentError, match="is a link"):
        await fetching.fetch(["f1"])
    assert [path.read_text() for path in elsewhere.iterdir()] == ["old"]


async def test_nothing_that_a_task_left_in_a_files_place_is_written_to_or_waited_for(
    backend: ScriptedBackend, fetching: Attachments, tmp_path: Path
) -> None:
    backend.files = {"f1": ("x.txt", b"new"), "f2": ("y.txt", b"new"), "f3": ("z.txt", b"new")}
    place = tmp_path / "task/attachments"
    place.mkdir(parents=True)
    (tmp_path / "other").write_text("old")
    os.mkfifo(place / ".f1.part")
    (place / ".f2.part").hardlink_to(tmp_path / "other")
    (place / ".f3.part").symlink_to(tmp_path / "other")
    assert await fetching.fetch(["f1", "f2", "f3"]) == [place / name for name in ("x.txt", "y.txt", "z.txt")]
    assert [path.read_text() for path in sorted(place.iterdir())] == ["new"] * 3
    assert (tmp_path / "other").read_text() == "old"


@pytest.mark.parametrize("shell", ["ClaudeCode", "Python"])
async def test_no_shell_follows_a_link_that_is_put_in_its_folders_place_while_it_waits(
    backend: ScriptedBackend, start_claude, tmp_path: Path, shell: str
) -> None:
    folder, elsewhere = tmp_path / "offered/inner", tmp_path / "elsewhere"
    folder.mkdir(parents=True)
    elsewhere.mkdir()
    backend.files["f"] = ("a.txt", b"a")
    backend.file_answers = [web.Response(status=503, headers={"Retry-After": "1"})]
    async with model_endpoint([text("Fine.")]) as endpoint:
        start_claude(endpoint, "--shell", "Python", "--workspace", str(folder.parent))
        options = {"files": ["f"], "workdir": str(folder)}
        await backend.connected()
        record = await backend.offer("one", "open('it', 'w')", shell=shell, options=options)
        await record.until(lambda record: record.events)  # the file cannot be fetched yet
        folder.rmdir()
        folder.symlink_to(elsewhere)
        end = await record.ended(40)
    assert end.error is not None
    assert "leads elsewhere now" in end.error.message
    assert not endpoint.requests
    assert not list(elsewhere.iterdir())
