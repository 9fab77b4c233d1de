"""Files that come back from a task's folder: those asked for, where the owner allows it, none from elsewhere."""

import os
from pathlib import Path

import pytest
from aiohttp import web
from support.claude_records import of
from support.processes import Programs, eventually
from support.scripted_backend import Record, ScriptedBackend

from executor.files.results import MAX_FILES, find
from wegent.protocol.output_events import File, Notice


async def offer(backend: ScriptedBackend, prompt: str, *patterns: str, **more: object) -> Record:
    return await backend.offer("one", prompt, options={"results": patterns, **more})


async def test_what_was_asked_for_is_sent_and_told_before_the_end(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    start_executor("--allow-results")
    prompt = "mkdir -p out/deep; echo 1 > out/a.png; echo 22 > out/deep/数据.csv; echo no > other; echo done"
    record = await offer(backend, prompt, "out/*.png", "**/*.csv", "out/a.png")
    assert (await record.ended()).status == "completed"
    assert [(each.name, each.body, each.subtask_id) for each in backend.uploads] == [
        ("a.png", b"1\n", "one"),
        ("数据.csv", b"22\n", "one"),
    ]
    assert of(record, File) == [File("a.png", "image/png", 2, "u1"), File("数据.csv", "text/csv", 3, "u2")]
    assert record.text() == "done\n"


async def test_they_come_back_from_what_failed_too_and_from_the_workdir(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    (tmp_path / "project").mkdir()
    start_executor("--allow-results", "--workspace", str(tmp_path / "project"))
    record = await offer(backend, "echo x > log; exit 3", "log", workdir=str(tmp_path / "project"))
    assert (await record.ended()).status == "failed"
    assert [each.body for each in backend.uploads] == [b"x\n"]
    record = await backend.offer(
        "two", "echo y > slow; sleep 60", options={"results": ["slow"], "timeout_seconds": 1}
    )
    end = await record.ended()
    assert end.error is not None and end.error.code == "timed_out"
    assert backend.uploads[-1].body == b"y\n"


async def test_nothing_comes_from_what_was_cancelled(backend: ScriptedBackend, start_executor) -> None:
    start_executor("--allow-results")
    record = await offer(backend, "echo x > log; echo begun; sleep 60", "log")
    await record.until(lambda record: record.text())
    await backend.cancel(record)
    assert (await record.ended()).status == "cancelled"
    assert not backend.uploads


async def test_being_stopped_ends_the_wait_for_a_server_that_takes_none(
    backend: ScriptedBackend, start_executor
) -> None:
    backend.upload_answers = [web.Response(status=503, headers={"Retry-After": "60"})]
    start_executor("--allow-results")
    record = await offer(backend, "echo x > log", "log")
    await record.until(lambda record: of(record, Notice))
    await backend.cancel(record)
    assert (await record.ended(5)).status == "completed", "its work was done"


async def test_what_cannot_be_sent_is_told(backend: ScriptedBackend, start_executor, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    start_executor("--allow-results")
    prompt = (
        f"ln -s {tmp_path}/secret leak; ln -s {tmp_path} way; ln -s good also; echo x > good; mkfifo pipe;"
        " mkdir folder; truncate -s 25M big; touch .hidden"
    )
    record = await offer(backend, prompt, "*", "way/secret", "folder", "missing*")
    assert (await record.ended()).status == "completed"
    assert [each.name for each in backend.uploads] == ["good"]
    (notice,) = of(record, Notice)
    assert notice.level == "warning"
    for told in (
        "leak (a link that leads out of the folder)",
        "way/secret (a link that leads out of the folder)",
        "pipe (no plain file)",
        "folder (no plain file)",
        "big (it has more than 24 MiB)",
        "nothing matches missing*",
    ):
        assert told in notice.text
    assert "hidden" not in notice.text


async def test_a_server_that_refuses_one_is_told_of_and_the_others_go_on(
    backend: ScriptedBackend, start_executor
) -> None:
    backend.upload_answers = [web.json_response({"detail": "Too much."}, status=413)]
    start_executor("--allow-results")
    record = await offer(backend, "touch a b", "*")
    await record.ended()
    assert [file.name for file in of(record, File)] == ["b"]
    assert "a cannot be sent: the server answered HTTP 413 Too much" in of(record, Notice)[0].text


async def test_without_its_owners_leave_a_device_sends_nothing(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    await offer(backend, "touch x", "x")
    await eventually(lambda: backend.declines)
    assert backend.declines[0]["retry"] is False
    assert "--allow-results" in backend.declines[0]["reason"]


@pytest.mark.parametrize(
    "pattern", ["/etc/passwd", "../x", "a/../../x", "C:\\x", "..\\x", "", "a\0", "**x", "x" * 201, "\\\\host\\x"]
)
async def test_patterns_that_lead_out_of_the_folder_are_declined(
    backend: ScriptedBackend, start_executor, pattern: str
) -> None:
    start_executor("--allow-results")
    await offer(backend, "true", pattern)
    await eventually(lambda: backend.declines)
    assert backend.declines[0]["retry"] is False and "results" in backend.declines[0]["reason"]


def test_hidden_files_and_attachments_go_only_where_they_are_named(tmp_path: Path) -> None:
    for name in (".env", "x/.git/config", "x/y", "attachments/sent"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert find(tmp_path, ["**/*"], tmp_path / "attachments").paths == [Path("x/y")]
    assert find(tmp_path, [".env", "*/.git/*"], tmp_path / "none").paths == [Path(".env"), Path("x/.git/config")]


def test_there_is_a_limit_to_how_many(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 2):
        (tmp_path / f"{number:02}").touch()
    found = find(tmp_path, ["*"], tmp_path / "none")
    assert [path.name for path in found.paths] == [f"{number:02}" for number in range(MAX_FILES)]
    assert found.left_out == [f"2 further files (at most {MAX_FILES} are sent)"]


@pytest.mark.skipif(os.name == "nt", reason="no such links")
def test_a_folder_that_is_itself_reached_by_a_link_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert find(tmp_path / "link", ["x"], tmp_path / "none").paths == [Path("x")]
