"""The connection: what the executor does after each way in which one can end."""

import asyncio
from pathlib import Path

import pytest
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend

from wegent.client import credentials
from wegent.protocol.errors import Code

COUNT = "for i in $(seq 1 40); do echo $i; sleep 0.05; done"
NUMBERS = "".join(f"{n}\n" for n in range(1, 41))


async def test_output_is_whole_however_often_the_connection_is_cut(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    record = await backend.offer("one", COUNT)
    for connection in range(1, 6):
        await backend.connected(connection)
        await record.until(lambda record, least=connection * 4: record.text().count("\n") >= least)
        assert backend.socket is not None
        if connection % 2:
            await backend.close(1012)
        else:
            backend.socket._req.transport.abort()  # type: ignore[union-attr]
    end = await record.ended()
    assert record.text() == NUMBERS
    assert (end.status, end.seq, record.accepts) == ("completed", record.log.last, 1)
    connections = [register.connection for register in backend.registers]
    assert connections == sorted(set(connections))
    assert len({register.instance for register in backend.registers}) == 1


async def test_what_the_server_lost_is_sent_again(backend: ScriptedBackend, start_executor) -> None:
    backend.stores = False
    start_executor()
    record = await backend.offer("one", COUNT)
    await record.until(lambda record: record.text().count("\n") >= 15)
    record.log.last, record.raw = 0, []  # as a flushed Redis
    await record.ended()
    assert record.text() == NUMBERS


async def test_a_report_is_repeated_until_it_is_answered(backend: ScriptedBackend, start_executor) -> None:
    backend.answers_completes = False
    start_executor()
    record = await backend.offer("one", "echo done")
    await record.until(lambda record: record.completes == 1)
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == ["one"])
    backend.answers_completes = True
    await backend.close(1012)
    await record.ended()
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == [])


async def test_a_settled_subtask_is_stopped_and_its_output_kept_as_late(
    backend: ScriptedBackend, start_executor
) -> None:
    start_executor()
    record = await backend.offer("one", "trap 'echo late; exit 1' INT; echo up; while true; do sleep 0.1; done")
    await record.until(lambda record: record.text() == "up\n")
    record.state = "settled"
    await backend.close(1012)
    await record.until(lambda record: record.completes)
    assert record.text() == "up\nlate\n"
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == [])


async def test_how_busy_the_computer_is_is_told_at_once(backend: ScriptedBackend, start_executor) -> None:
    backend.heartbeat_seconds = 60
    start_executor()
    await eventually(lambda: backend.loads)
    (load,) = backend.loads
    assert load["cpu"] >= 0
    assert 0 < load["memory"] <= 1


async def test_an_unanswered_heartbeat_means_a_new_connection(backend: ScriptedBackend, start_executor) -> None:
    backend.answers_heartbeats = False
    program = start_executor()
    await backend.connected(2)
    assert "heartbeat was not answered" in program.text


@pytest.mark.parametrize("code", [1012, 1011, 1000, 4400, 4408])
async def test_these_ends_are_followed_by_another_try(backend: ScriptedBackend, start_executor, code: int) -> None:
    start_executor()
    await backend.close(code)
    await backend.connected(2)


async def test_deletion_stops_the_work_and_registers_anew(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    record = await backend.offer("one", "echo up; sleep 60")
    await record.until(lambda record: record.text())
    await backend.close(4404)
    register = await backend.connected(2)
    assert register.running == []
    assert record.completes == 0


@pytest.mark.parametrize(("code", "exit_code"), [(4401, 3), (4403, 3), (4409, 4), (4426, 5)])
async def test_these_ends_are_final(backend: ScriptedBackend, start_executor, code: int, exit_code: int) -> None:
    program = start_executor()
    await backend.connected()
    backend.login_refusal = Code.TOKEN_EXPIRED if code == 4401 else None
    await backend.close(code)
    assert await program.ended() == exit_code


async def test_the_code_counts_although_the_line_is_gone_before_it_is_answered(
    backend: ScriptedBackend, start_executor
) -> None:
    register, leaving = backend._on_device_register, []

    async def register_and_leave(socket, message) -> object:
        async def leave() -> None:
            await socket._writer.close(4426)
            socket._req.transport.close()

        leaving.append(asyncio.create_task(leave()))
        return await register(socket, message)

    backend._on_device_register = register_and_leave  # type: ignore[method-assign]
    program = start_executor()
    assert await program.ended() == 5
    assert len(backend.registers) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_from_the_environment_is_final(
    backend: ScriptedBackend, start_executor, status: int
) -> None:
    backend.refuse_upgrade = status
    program = start_executor()
    assert await program.ended() == 3
    assert "wegent-executor login" in program.text


async def test_a_server_in_trouble_is_tried_again(backend: ScriptedBackend, start_executor) -> None:
    backend.refuse_upgrade = 503
    program = start_executor()
    await program.line("HTTP 503")
    backend.refuse_upgrade = None
    await backend.connected()


async def test_work_goes_on_until_somebody_logs_in_again(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    environ = {"WEGENT_HOME": str(programs.folder / "home/.wegent-executor")}
    credentials.save(credentials.Login(backend.url, "old"), environ=environ)
    program = start_executor(WEGENT_TOKEN="", WEGENT_BACKEND_URL="")
    record = await backend.offer("one", COUNT)
    await record.until(lambda record: record.text())
    backend.valid_token = "new"
    await backend.close(4401)
    await program.line("wegent-executor login")
    credentials.save(credentials.Login(backend.url, "new"), environ=environ)
    await backend.connected(2)
    assert (await record.ended()).status == "completed"
    assert record.text() == NUMBERS
    assert backend.tokens[0] == "old"
    assert backend.tokens[-1] == "new"


async def test_an_executor_too_old_finishes_what_runs(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    program = start_executor()
    made = tmp_path / "made"
    record = await backend.offer("one", f"echo up; sleep 1; touch {made}")
    await record.until(lambda record: record.text())
    await backend.close(4426)
    assert await program.ended() == 5
    assert made.exists()


async def test_an_event_too_big_for_the_way_becomes_a_notice(backend: ScriptedBackend, start_executor) -> None:
    """A frame is halved on each 1009; what cannot be halved is left out, and said so."""
    start_executor()
    record = await backend.offer("one", "head -c 60000 /dev/zero | tr '\\0' x; echo; sleep 0.5; echo after")
    refused: list[int] = []
    receive = backend._on_task_progress

    async def refuse_big(socket, progress) -> None:
        size = sum(map(len, progress.events))
        if size > 30_000:
            refused.append(len(progress.events))
            await socket.close(code=1009)
            return
        await receive(socket, progress)

    backend._on_task_progress = refuse_big  # type: ignore[method-assign]
    end = await record.ended(30)
    assert end.status == "completed"
    assert refused[-1] == 1
    assert any("too big for the connection" in getattr(event, "text", "") for event in record.events)
    assert record.text().endswith("after\n")


async def test_without_a_login_it_says_how_to_get_one(backend: ScriptedBackend, start_executor) -> None:
    program = start_executor(WEGENT_TOKEN="")
    assert await program.ended() == 3
    assert "wegent-executor login" in program.text


async def test_a_server_that_is_away_is_told_of_once_a_try(start_executor) -> None:
    program = start_executor(WEGENT_BACKEND_URL="http://127.0.0.1:1")
    await program.line(r"Not connected: Cannot reach http://127.0.0.1:1: [^.]*\. Is the [^?]*address\?$")


async def test_one_executor_per_home(backend: ScriptedBackend, start_executor) -> None:
    first = start_executor()
    await backend.connected()
    second = start_executor()
    assert await second.ended() == 1
    assert f"process {first.pid}" in second.text
    first.kill()
    third = start_executor()
    await backend.connected(2)
    assert third.returncode is None
