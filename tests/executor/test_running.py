"""Offers, accepts, output, stops and ends of commands, with a real executor process."""

import sys
from pathlib import Path

from support.marked import marked
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend

FOR_EVER = "trap '' INT TERM; echo up; while true; do sleep 1; done"
STUBBORN = f"trap '' INT TERM; (setsid sh -c \"{FOR_EVER}\") & while true; do sleep 1; done"


async def test_a_command_streams_its_output_and_completes(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    await backend.connected()
    record = await backend.offer("one", "echo out; echo err >&2; printf 'é'")
    end = await record.ended()
    assert (end.status, end.result, end.error) == ("completed", {"exit_code": 0}, None)
    assert record.text("stdout") == "out\né"
    assert record.text("stderr") == "err\n"
    assert end.seq == record.log.last
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == [])


async def test_output_comes_while_the_command_runs(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    start_executor()
    gate = tmp_path / "gate"
    record = await backend.offer("one", f"echo before; while [ ! -e {gate} ]; do sleep 0.05; done; echo after")
    await record.until(lambda record: record.text() == "before\n")
    gate.touch()
    await record.ended()
    assert record.text() == "before\nafter\n"


async def test_a_non_zero_exit_is_a_failure_with_its_code(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    end = await (await backend.offer("one", "exit 3")).ended()
    assert (end.status, end.result) == ("failed", {"exit_code": 3})
    assert end.error is not None
    assert end.error.code == "shell_failed"


async def test_argv_runs_without_a_shell_and_env_is_added(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    argv = [sys.executable, "-c", "import os, sys; print(sys.argv[1], os.environ['EXTRA'])", "$HOME; a b"]
    record = await backend.offer("one", options={"argv": argv, "env": {"EXTRA": "more"}})
    await record.ended()
    assert record.text() == "$HOME; a b more\n"


async def test_a_program_that_is_not_there_is_a_missing_shell(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    end = await (await backend.offer("one", options={"argv": ["/no/such/program"]})).ended()
    assert end.error is not None
    assert end.error.code == "shell_missing"


async def test_output_that_is_not_utf8_and_large_output_arrive_whole(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    script = r"printf 'a\377b\0c\n'; seq 1 200000"
    record = await backend.offer("one", script)
    end = await record.ended(60)
    assert end.status == "completed"
    head, _, numbers = record.text().partition("\n")
    assert head == "a�b\0c"
    assert numbers == "".join(f"{n}\n" for n in range(1, 200_001))
    assert len(record.raw) < 500, "adjacent pieces are joined"


async def test_children_get_no_secret_of_the_executor(backend: ScriptedBackend, start_executor) -> None:
    start_executor(WEGENT_SECRET_KEY="hidden", SOMEBODYS_PASSWORD="hidden")
    record = await backend.offer("one", "env; tr '\\0' ' ' < /proc/$PPID/cmdline")
    await record.ended()
    assert "WEGENT_SUBTASK_ID=one" in record.text()
    assert "WEGENT_TOKEN" not in record.text()
    assert "hidden" not in record.text()


async def test_the_task_has_a_folder_of_its_own_that_its_turns_share(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    await (await backend.offer("one", "echo kept > file", task_id="../../conversation")).ended()
    record = await backend.offer("two", "cat file; pwd", task_id="../../conversation")
    await record.ended()
    kept, folder = record.text().splitlines()
    assert kept == "kept"
    assert Path(folder).parent.name == "workspace"


async def test_nothing_starts_before_the_accept_is_answered(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    backend.answers_accepts = False
    start_executor()
    made = tmp_path / "made"
    record = await backend.offer("one", f"echo x >> {made}")
    await record.until(lambda record: record.accepts)
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == ["one"])
    assert not made.exists()
    backend.answers_accepts = True
    await backend.close(1012)  # asked again by the register itself
    assert (await record.ended()).status == "completed"
    assert made.read_text() == "x\n"


async def test_a_stop_kills_a_tree_that_ignores_signals(backend: ScriptedBackend, start_executor) -> None:
    start_executor(WEGENT_CANCEL_SECONDS="7.5", WEGENT_TERMINATE_SECONDS="2.5")
    record = await backend.offer("one", STUBBORN)
    await record.until(lambda record: record.text() == "up\n")
    assert len(marked("one")) >= 3
    await backend.cancel(record, 3.5)
    end = await record.ended(3.5 + 1.5)
    assert end.status == "cancelled"
    assert not marked("one")


async def test_a_stop_lets_the_command_clean_up(backend: ScriptedBackend, start_executor) -> None:
    start_executor(WEGENT_CANCEL_SECONDS="30")
    record = await backend.offer("one", "trap 'echo cleaned; exit 0' INT; echo up; while true; do sleep 0.1; done")
    await record.until(lambda record: record.text() == "up\n")
    await backend.cancel(record, 60)
    assert (await record.ended(10)).status == "cancelled"
    assert record.text() == "up\ncleaned\n"


async def test_a_heartbeats_answer_stops_too(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    record = await backend.offer("one", "echo up; sleep 60")
    await record.until(lambda record: record.text())
    backend.stop = ["one"]
    assert (await record.ended()).status == "cancelled"


async def test_what_a_command_leaves_behind_is_ended_with_it(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    record = await backend.offer("one", "sleep 60 & setsid sleep 60 & echo started")
    end = await record.ended(10)
    assert (end.status, record.text()) == ("completed", "started\n")
    assert not marked("one")


async def test_time_runs_out(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    end = await (await backend.offer("one", "sleep 60", timeout_seconds=0.5)).ended()
    assert end.status == "failed"
    assert end.error is not None
    assert end.error.code == "timed_out"
    assert not marked("one")


async def test_stopping_the_executor_reports_what_ran_and_leaves_nothing(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    program = start_executor()
    record = await backend.offer("one", "echo up; " + STUBBORN)
    await record.until(lambda record: "up" in record.text())
    assert await program.stop() == 0
    end = await record.ended(1)
    assert (end.status, end.error and end.error.code) == ("failed", "executor_restarted")
    assert backend.heard[-1] == "device:goodbye"
    assert not marked("one")
    outboxes = programs.folder / "home/.wegent-executor/outbox"
    assert not list(outboxes.iterdir())


async def test_a_second_signal_kills_at_once(backend: ScriptedBackend, start_executor) -> None:
    program = start_executor(WEGENT_CANCEL_SECONDS="60")
    record = await backend.offer("one", "trap '' INT TERM; echo up; while true; do sleep 1; done")
    await record.until(lambda record: record.text())
    program.send(15)
    await program.line("Stopping")
    program.send(15)
    assert await program.ended(5) == 0
    await eventually(lambda: not marked("one"))


async def test_what_cannot_be_used_is_answered_with_an_error_and_changes_nothing(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    await backend.connected()
    await backend.send("no:such", {}, 3)
    await backend.send("task:execute", {"subtask_id": 5}, 4)
    await backend.send("ping", {}, 5)
    await eventually(lambda: len(backend.errors) == 2 and 5 in backend.acks)
    assert [(error["code"], error["ref"]) for error in backend.errors] == [("bad_message", 3), ("bad_message", 4)]
    assert (await (await backend.offer("one", "true")).ended()).status == "completed"


async def test_register_says_what_this_device_is(backend: ScriptedBackend, start_executor) -> None:
    start_executor("--label", "gpu=a100", "--name", "box", "--slots", "3")
    register = await backend.connected()
    assert (register.name, register.slots, register.labels) == ("box", 3, {"gpu": "a100"})
    assert register.shells == ["Command"]
    assert (register.connection, register.running) == (1, [])
    assert backend.tokens == ["token"]
