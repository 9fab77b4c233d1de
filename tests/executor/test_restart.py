"""kill -9 of the executor, and what the next one does about what was left."""

from pathlib import Path

from support.marked import marked
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend


async def test_killed_in_mid_task_leaves_no_orphan_and_loses_no_output(
    backend: ScriptedBackend, start_executor
) -> None:
    first = start_executor()
    record = await backend.offer(
        "one", "seq 1 1000; trap '' INT TERM; setsid sleep 100 & while true; do sleep 1; done"
    )
    await record.until(lambda record: record.text().endswith("1000\n"))
    await eventually(lambda: len(marked("one")) >= 2)
    first.kill()
    assert marked("one")
    start_executor()
    end = await record.ended()
    assert (end.status, end.error and end.error.code) == ("failed", "executor_restarted")
    assert record.text() == "".join(f"{n}\n" for n in range(1, 1001))
    assert not marked("one")
    assert [running.subtask_id for running in backend.registers[1].running] == ["one"]
    next_one = await backend.offer("two", "echo runs")
    assert (await next_one.ended()).status == "completed"


async def test_output_that_was_never_sent_is_sent_after_the_restart(
    backend: ScriptedBackend, start_executor
) -> None:
    first = start_executor()
    record = await backend.offer("one", "sleep 0.3; echo while away; sleep 100")
    await record.until(lambda record: record.accepts)
    await eventually(lambda: marked("one"))
    backend.refuse_upgrade = 503
    await backend.close(1012)
    outbox = Path(first.log).parent / "home/.wegent-executor/outbox/one"
    await eventually(lambda: any(b"while away" in path.read_bytes() for path in outbox.glob("*.jsonl")))
    first.kill()
    backend.refuse_upgrade = None
    start_executor()
    await record.ended()
    assert record.text() == "while away\n"


async def test_killed_between_accept_and_start_it_never_starts(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    first = start_executor(WEGENT_FAULT="executor-after-accept")
    record = await backend.offer("one", f"touch {made}")
    assert await first.ended() == -9
    start_executor()
    end = await record.ended()
    assert (end.status, end.error and end.error.code) == ("failed", "executor_restarted")
    assert not made.exists()


async def test_killed_between_end_and_report_it_is_completed(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    first = start_executor(WEGENT_FAULT="executor-before-report")
    record = await backend.offer("one", f"echo said; echo x >> {made}")
    assert await first.ended() == -9
    assert record.completes == 0
    start_executor()
    end = await record.ended()
    assert (end.status, end.result) == ("completed", {"exit_code": 0})
    assert (record.text(), made.read_text()) == ("said\n", "x\n")


async def test_killed_before_the_accept_was_answered(backend: ScriptedBackend, start_executor) -> None:
    backend.answers_accepts = False
    first = start_executor()
    record = await backend.offer("one", "echo never")
    await record.until(lambda record: record.accepts)
    first.kill()
    backend.answers_accepts = True
    start_executor()
    end = await record.ended()
    assert (end.status, end.error and end.error.code, record.text()) == ("failed", "executor_restarted", "")


async def test_a_stop_verdict_after_a_restart_drops_the_outbox(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    first = start_executor()
    record = await backend.offer("one", "echo said; sleep 100")
    await record.until(lambda record: record.text())
    first.kill()
    record.state = "settled"
    start_executor()
    await record.until(lambda record: record.completes)
    await eventually(lambda: not list((programs.folder / "home/.wegent-executor/outbox").iterdir()))
    assert not marked("one")


async def test_a_damaged_outbox_is_dropped_and_does_not_keep_the_executor_from_starting(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    broken = programs.folder / "home/.wegent-executor/outbox/one"
    broken.mkdir(parents=True)
    (broken / "meta.json").write_text("{")
    start_executor()
    assert (await backend.connected()).running == []
    assert not broken.exists()


async def test_the_device_id_outlives_restarts(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    first = start_executor()
    device_id = (await backend.connected()).device_id
    await first.stop()
    home = programs.folder / "home/.wegent-executor"
    assert (home / "device_id").read_text().strip() == device_id
    start_executor()
    assert (await backend.connected(2)).device_id == device_id
