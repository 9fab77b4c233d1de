"""The disk is full: each write that fails is told plainly, nothing accepted is lost, and it goes on with room."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support.marked import marked
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend
from support.small_disk import SmallDisk, small_disk

from executor.outbox.box import Meta, Outbox
from executor.processes.kept import Entry
from executor.processes.recovery import recover
from executor.processes.tree import Born
from wegent.protocol.output_events import Notice

TALK = "echo up; while [ ! -e {gate} ]; do sleep 0.02; done; yes 0123456789 | head -c 3000000; echo end"


@pytest.fixture
def disk(programs: Programs) -> Iterator[SmallDisk]:
    """The disk that the executor's home is on."""
    with small_disk(programs.folder / "home/.wegent-executor", 8) as mounted:
        yield mounted


async def test_output_that_cannot_be_kept_offers_that_cannot_be_taken_and_after_that_all_is_well(
    backend: ScriptedBackend, start_executor, disk: SmallDisk, tmp_path: Path
) -> None:
    program = start_executor()
    gate = tmp_path / "gate"
    record = await backend.offer("one", TALK.format(gate=gate))
    await record.until(lambda record: record.text() == "up\n")
    disk.fill()
    gate.touch()
    end = await record.ended()
    assert end.error is not None
    assert (end.status, end.error.code) == ("failed", "shell_failed")
    assert f"disk is full or fails (No space left on device: {disk.path})" in end.error.message
    assert "Make room on it and retry." in end.error.message
    assert end.seq == record.log.last
    assert not marked("one")

    disk.fill()  # what the first one had kept is gone
    await backend.offer("two", "true")
    decline = await eventually(lambda: backend.declines and backend.declines[-1])
    assert (decline["subtask_id"], decline["retry"]) == ("two", True)
    assert "cannot write to its disk" in decline["reason"]
    assert "No space left on device" in decline["reason"]

    disk.empty()
    assert (await (await backend.offer("two", "true")).ended()).status == "completed"
    assert program.returncode is None
    await eventually(lambda: not list((disk.path / "outbox").iterdir()))


async def test_an_end_that_cannot_be_written_is_told_all_the_same(
    backend: ScriptedBackend, start_executor, disk: SmallDisk, tmp_path: Path
) -> None:
    program = start_executor()
    gate = tmp_path / "gate"
    record = await backend.offer("one", f"echo up; while [ ! -e {gate} ]; do sleep 0.02; done; exit 7")
    await record.until(lambda record: record.text() == "up\n")
    disk.fill()
    gate.touch()
    end = await record.ended()
    assert (end.status, end.result) == ("failed", {"exit_code": 7})
    assert "it is reported from memory" in program.text


async def test_a_process_that_cannot_be_written_down_does_not_go_on(
    backend: ScriptedBackend, start_executor, disk: SmallDisk, tmp_path: Path
) -> None:
    start_executor()
    await backend.connected()
    ran = tmp_path / "ran"
    backend.answers_accepts = False
    record = await backend.offer("one", f"sleep 5; touch {ran}", options={"workdir": "."})
    await record.until(lambda record: record.accepts)
    disk.fill()
    backend.answers_accepts = True
    await backend.close(1012)
    end = await record.ended()
    assert end.error is not None
    assert "disk is full or fails (No space left on device" in end.error.message
    assert not marked("one")
    assert not ran.exists()


async def test_attached_files_that_do_not_fit(backend: ScriptedBackend, start_executor, disk: SmallDisk) -> None:
    backend.files["f1"] = ("big.bin", b"x" * (9 << 20))
    start_executor()
    end = await (await backend.offer("one", "true", options={"files": ["f1"]})).ended()
    assert end.error is not None
    assert "cannot be stored on the device" in end.error.message
    assert "No space left on device" in end.error.message


async def test_killed_and_started_again_on_a_full_disk_it_tells_what_it_knows(
    backend: ScriptedBackend, start_executor, disk: SmallDisk
) -> None:
    program = start_executor()
    record = await backend.offer("one", "echo up; sleep 60")
    await record.until(lambda record: record.text() == "up\n")
    program.kill()
    disk.fill()
    start_executor()
    end = await record.ended()
    assert (end.status, end.error and end.error.code) == ("failed", "executor_restarted")
    assert not marked("one")


async def test_all_output_in_a_file_ends_where_the_disk_is_nearly_full(
    backend: ScriptedBackend, start_executor, disk: SmallDisk
) -> None:
    start_executor(WEGENT_OUTPUT_MIB="1")
    record = await backend.offer("one", "yes 0123456789 | head -c 20000000; echo; echo end")
    end = await record.ended()
    assert end.status == "completed"
    assert record.text().endswith("\nend\n")
    told = [event.text for event in record.events if isinstance(event, Notice)]
    assert any(" has only the first " in text for text in told), told


async def test_a_home_without_room_is_said_to_be_one(start_executor, disk: SmallDisk) -> None:
    disk.fill()
    program = start_executor()
    assert await program.ended() == 1
    assert f"{disk.path} cannot be used: [Errno 28] No space left on device" in program.text
    assert "Make room there" in program.text


async def test_an_end_that_cannot_be_written_at_the_start_is_told_all_the_same(tmp_path: Path) -> None:
    """Where no small disk can be mounted: the device that is always full."""
    box = Outbox.create(tmp_path, Meta("one", "task", 1, "Command"))
    (box.folder / "outcome.tmp").symlink_to("/dev/full")
    box.spool.close()
    (left,) = await recover(tmp_path, 0.1)
    assert left.outcome is not None
    assert left.outcome.error is not None
    assert left.outcome.error.code == "executor_restarted"
    left.remove()


async def test_what_was_kept_and_cannot_be_written_off_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    ledger = tmp_path / "kept"
    ledger.mkdir()
    (ledger / "one.json").write_bytes(msgspec.json.encode(Entry("kept one", "one.lost", Born(2**22 + 1, 1.0))))
    (ledger / "one.lost").symlink_to("/dev/full")
    assert await recover(tmp_path, 0.1) == []
