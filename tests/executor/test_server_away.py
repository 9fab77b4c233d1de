"""The server is away for long: work goes on, what waits stays within its bounds, and all that is left arrives."""

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.processes import Programs, eventually
from support.proxy import Proxy, proxied
from support.scripted_backend import Record, ScriptedBackend

from wegent.protocol.device_messages import Ack
from wegent.protocol.output_events import Notice

MIB = 1 << 20
ROOM = 4 * MIB
TALK = """
import pathlib, sys, time
gate, lines = pathlib.Path(sys.argv[1]), int(sys.argv[2])
print('before', flush=True)
while not gate.exists():
    time.sleep(0.01)
for number in range(lines):
    print(number, '.' * 990)
print('after', flush=True)
gate.with_suffix('.done').touch()
while sys.argv[3:]:
    time.sleep(1)
"""
LINES = 15_000


@pytest.fixture
async def way(backend: ScriptedBackend) -> AsyncIterator[Proxy]:
    """What the executor reaches the server through."""
    async with proxied(int(backend.url.rpartition(":")[2])) as proxy:
        yield proxy


def bounded(way: Proxy) -> dict[str, str]:
    """All may be sent, but little may wait."""
    return {
        "WEGENT_BACKEND_URL": way.url,
        "WEGENT_OUTPUT_MIB": "100",
        "WEGENT_OUTBOX_MIB": "1",
        "WEGENT_SLOTS": "1",
    }


def outbox_size(programs: Programs) -> int:
    files = (programs.folder / "home/.wegent-executor/outbox/one").glob("*.jsonl")
    return sum(path.stat().st_size for path in files)


def is_told_in_order(record: Record) -> bool:
    """Check that what is left is in order, with a notice where the rest was; return whether there was a rest."""
    (place,) = [place for place, event in enumerate(record.events) if isinstance(event, Notice)] or (None,)
    numbers = [int(number) for number in re.findall(r"^(\d+) \.{990}$", record.text(), re.MULTILINE)]
    assert numbers == sorted(set(numbers))
    assert record.text().startswith("before\n")
    if place is None:
        return False
    assert 1 <= place < 10
    assert "the server was away" in record.events[place].text  # type: ignore[union-attr]
    return True


async def begun(backend: ScriptedBackend, gate: Path, *words: str) -> Record:
    """Let the work begin; it goes on when there is a file ``gate``."""
    (gate.parent / "talk.py").write_text(TALK)
    prompt = f"exec {sys.executable} {gate.parent}/talk.py {gate} {LINES} {' '.join(words)}"
    record = await backend.offer("one", prompt)
    await record.until(lambda record: record.text() == "before\n")
    return record


async def go_away(way: Proxy, backend: ScriptedBackend) -> None:
    """Let the server be away, and the executor notice it."""
    await way.refuse()
    way.cut()
    await eventually(lambda: backend.socket is None)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_work_goes_on_and_what_is_left_arrives(
    backend: ScriptedBackend,
    start_executor,
    programs: Programs,
    way: Proxy,
    tmp_path: Path,
    is_restarted: bool,
) -> None:
    program = start_executor(**bounded(way))
    record = await begun(backend, tmp_path / "gate")
    await go_away(way, backend)
    (tmp_path / "gate").touch()
    await program.line("Subtask one is over: completed")
    assert "the oldest output makes room" in program.text
    assert outbox_size(programs) <= ROOM + MIB
    if is_restarted:
        program.kill()
        start_executor(**bounded(way))
    await way.listen()
    end = await record.ended(30)
    assert (end.status, end.result) == ("completed", {"exit_code": 0})
    assert end.seq == record.log.last
    assert is_told_in_order(record)
    assert record.text().endswith(f"{LINES - 1} {'.' * 990}\nafter\n")


async def test_killed_while_it_makes_room_it_tells_what_is_left(
    backend: ScriptedBackend, start_executor, programs: Programs, way: Proxy, tmp_path: Path
) -> None:
    program = start_executor(**bounded(way))
    record = await begun(backend, tmp_path / "gate", "for ever")
    await go_away(way, backend)
    (tmp_path / "gate").touch()
    await program.line("the oldest output makes room")
    program.kill()
    assert outbox_size(programs) <= ROOM + 2 * MIB
    start_executor(**bounded(way))
    await way.listen()
    end = await record.ended(30)
    assert (end.status, end.error and end.error.code) == ("failed", "executor_restarted")
    assert end.seq == record.log.last
    is_told_in_order(record)


async def test_a_server_that_is_there_but_stores_nothing_is_waited_for(
    backend: ScriptedBackend, start_executor, programs: Programs, way: Proxy, tmp_path: Path
) -> None:
    backend.stores = False
    program = start_executor(**bounded(way), WEGENT_RECONNECT_MAX_SECONDS="10")
    gate = tmp_path / "gate"
    record = await begun(backend, gate)
    gate.touch()
    await record.until(lambda _: outbox_size(programs) > ROOM)
    beats = len(backend.heartbeats)
    await eventually(lambda: len(backend.heartbeats) > beats + 2)
    assert outbox_size(programs) <= ROOM + MIB
    assert not gate.with_suffix(".done").exists()
    await backend.close(1012)  # a moment is not long
    await backend.connected(2)
    backend.stores = True
    await backend.send("task:ack", Ack("one", record.log.last, record.log.last))
    assert (await record.ended(30)).status == "completed"
    assert "makes room" not in program.text
    assert record.text().count("\n") == LINES + 2
