"""Output that the device itself lost is said to be lost, and does not keep what is left from its end."""

import asyncio
import logging
from pathlib import Path

import pytest
from support.processes import eventually
from support.scripted_backend import Record, ScriptedBackend

from executor.outbox.box import Meta, Outbox
from executor.outbox.mending import MendedSpool
from executor.outbox.spool import FileSpool
from executor.subtask import Subtask
from wegent.protocol.device_messages import Complete, Execute
from wegent.protocol.output_events import Notice, Stream, decode_event, encode_event
from wegent.protocol.output_log import Receiver

COUNT = 40


@pytest.fixture
def outbox(programs) -> Path:
    """The outbox of subtask one, which ended with 40 events in several files; its executor is gone."""
    home = programs.folder / "home/.wegent-executor"
    box = Outbox.create(home, Meta("one", "task", 1, "Command"))
    box.spool._segment_bytes = 300
    for number in range(1, COUNT + 1):
        box.spool.append([encode_event(Stream("stdout", f"{number}\n"))])
    box.write_outcome(Complete("one", 1, COUNT, "completed", result={"exit_code": 0}))
    box.spool.close()
    assert len(segments(box.folder)) > 3
    return box.folder


def segments(outbox: Path) -> list[Path]:
    return sorted(outbox.glob("*.jsonl"))


def held(backend: ScriptedBackend, count: int) -> Record:
    """Let the server hold ``count`` events of subtask one."""
    offer = Execute(subtask_id="one", task_id="task", attempt=1, shell="Command", prompt="x")
    record = backend.records["one"] = Record(offer)
    record.state = "running"
    record.log = Receiver(count)
    return record


def told(record: Record, first: int) -> tuple[list[str], list[int], list[str]]:
    """Return what was received: the notices, and the numbers of output by their places and by what they say."""
    notices, places, said = [], [], []
    for seq, event in enumerate(record.events, first):
        if isinstance(event, Notice):
            notices.append(event.text)
        else:
            assert isinstance(event, Stream)
            if event.text:
                places.append(seq)
                said.append(event.text)
    return notices, places, said


async def test_files_missing_at_the_beginning(backend: ScriptedBackend, start_executor, outbox: Path) -> None:
    paths = segments(outbox)
    begin = int(paths[2].stem)
    for path in paths[:2]:
        path.unlink()
    record = held(backend, 3)
    start_executor()
    end = await record.ended()
    assert (end.status, end.seq, record.log.last) == ("completed", COUNT, COUNT)
    notices, places, said = told(record, 4)
    assert notices == [f"Output 4–{begin - 1} was lost on the device."]
    assert places == list(range(begin, COUNT + 1))
    assert said == [f"{number}\n" for number in places]
    await eventually(lambda: not outbox.exists())


@pytest.mark.parametrize("has_outcome", [True, False])
@pytest.mark.parametrize("server_holds", [0, 37, 40])
async def test_a_file_torn_in_the_middle(
    backend: ScriptedBackend, start_executor, outbox: Path, server_holds: int, has_outcome: bool
) -> None:
    if not has_outcome:
        (outbox / "outcome.json").unlink()
    _, torn, after, *_ = segments(outbox)
    torn.write_bytes(torn.read_bytes()[:-5])
    last = int(after.stem) - 2
    record = held(backend, server_holds)
    start_executor()
    end = await record.ended()
    assert (end.status, end.seq) == ("completed" if has_outcome else "failed", COUNT)
    notices, places, _ = told(record, server_holds + 1)
    lost = max(server_holds, last) + 1
    assert notices == ([f"Output {lost}–{COUNT} was lost on the device."] if lost < COUNT else [])
    assert places == list(range(server_holds + 1, last + 1))


async def test_what_the_server_loses_after_the_device_lost_it(
    backend: ScriptedBackend, start_executor, outbox: Path
) -> None:
    for path in segments(outbox):
        path.unlink()
    (outbox / "outcome.json").unlink()
    record = held(backend, COUNT)
    complete = backend._on_task_complete

    async def flush_first(socket, message) -> object:
        if record.completes == 0:
            record.log.last = 10  # as a flushed Redis, after it said what it holds
        return await complete(socket, message)

    backend._on_task_complete = flush_first  # type: ignore[method-assign]
    start_executor()
    await record.until(lambda record: record.raw and record.log.last == COUNT)
    assert told(record, 11)[0] == [f"Output 11–{COUNT} was lost on the device."]
    await backend.close(1012)  # on a new socket the report is repeated
    assert (await record.ended()).seq == COUNT


async def test_much_that_is_lost_costs_little(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    lost = 300_000
    box = Outbox.create(tmp_path, Meta("one", "task", 1, "Command"))
    box.write_outcome(Complete("one", 1, lost, "completed"))
    subtask = Subtask(box, None, lambda: None)
    subtask.resume(0)
    receiver, frames = Receiver(), 0
    while batch := subtask.sender.next_batch(64 << 10):
        receiver.ingest(batch.seq, batch.events)
        assert sum(map(len, batch.events)) <= 64 << 10
        subtask.acknowledge(receiver.last, receiver.last)
        frames += 1
        await asyncio.sleep(0)
    assert (receiver.last, subtask.report().seq) == (lost, lost)
    assert frames < 1000
    assert f"1–{lost}" in caplog.text
    assert len(segments(box.folder)) == 1
    box.remove()


def test_it_says_something_for_each_lost_number_and_nothing_else_changes(tmp_path: Path) -> None:
    files = FileSpool(tmp_path, segment_bytes=1)
    events = [encode_event(Stream("stdout", f"{number}")) for number in range(1, 6)]
    for event in events:
        files.append([event])
    files.forget(3)
    spool = MendedSpool(files)
    assert (spool.first, spool.last) == (4, 5)
    spool.mend(2, 7)
    assert (spool.first, spool.last) == (2, 7)
    found = [decode_event(spool.read(seq, 1)[0]) for seq in range(2, 8)]
    assert found == [
        Notice("warning", "Output 2–3 was lost on the device."),
        Stream("stderr", ""),
        Stream("stdout", "4"),
        Stream("stdout", "5"),
        Notice("warning", "Output 6–7 was lost on the device."),
        Stream("stderr", ""),
    ]
    assert spool.read(8, 100) == []
    spool.forget(4)
    assert spool.first == 5
    spool.mend(5, 5)
    assert (spool.first, spool.last) == (5, 5)
    files.close()
