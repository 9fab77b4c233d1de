"""A device in the test's own process, where a test can reach what flags cannot say."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from support.marked import marked
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend

from executor.config import Config
from executor.device import Device
from executor.link import Link
from executor.outbox.backlog import Backlog
from executor.outbox.box import Meta, Outbox
from executor.subtask import Subtask
from wegent.client.credentials import Login
from wegent.protocol.output_events import Approval, ApprovalDone
from wegent.protocol.timing import Timing


class Running:
    """A device and its link."""

    def __init__(self, device: Device, link: Link) -> None:
        self.device = device
        self.link = link


@pytest.fixture
async def running(backend: ScriptedBackend, tmp_path: Path) -> AsyncIterator[Running]:
    """A device that offers Command although its owner did not name it."""
    config = Config(
        url=backend.url,
        login=Login(backend.url, "token", source="arguments"),
        home=tmp_path / "home",
        name="box",
        shells=("Command",),
        environ=dict(os.environ),
        timing=Timing(cancel=0.5, terminate=0.3, reconnect_max=0.2),
    )
    async with asyncio.TaskGroup() as group:
        device = Device(config, "device", group)
        link = Link(config, device)
        linked = group.create_task(link.run())
        await backend.connected()
        yield Running(device, link)
        linked.cancel()


async def test_code_that_the_owner_did_not_name_needs_an_approval(
    backend: ScriptedBackend, running: Running, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    record = await backend.offer("one", f"echo x >> {made}")
    await record.until(lambda record: record.events)
    asked = record.events[0]
    assert isinstance(asked, Approval)
    assert (asked.tool, asked.input["prompt"]) == ("Command", f"echo x >> {made}")
    assert not made.exists()
    await backend.give(record, "i1", {"type": "approval", "id": asked.id, "choice": "allow", "by": "ann"})
    assert (await record.ended()).status == "completed"
    assert made.read_text() == "x\n"
    assert record.events[1] == ApprovalDone(asked.id, "allow", "ann")


async def test_a_denial_runs_nothing(backend: ScriptedBackend, running: Running, tmp_path: Path) -> None:
    made = tmp_path / "made"
    record = await backend.offer("one", f"touch {made}")
    await record.until(lambda record: record.events)
    asked = record.events[0]
    assert isinstance(asked, Approval)
    await backend.give(record, "i1", {"type": "approval", "id": asked.id, "choice": "deny"})
    end = await record.ended()
    assert (end.status, end.error and end.error.code) == ("failed", "declined")
    assert not made.exists()


async def test_a_stop_while_an_approval_waits(backend: ScriptedBackend, running: Running) -> None:
    record = await backend.offer("one", "true")
    await record.until(lambda record: record.events)
    await backend.cancel(record, 60)
    assert (await record.ended(5)).status == "cancelled"


async def test_after_sleep_it_connects_anew_at_once(backend: ScriptedBackend, running: Running) -> None:
    running.link.reconnect("the computer slept")
    register = await backend.connected(2)
    assert register.connection == 2


async def test_output_waits_on_disk_only_up_to_a_bound(tmp_path: Path) -> None:
    outbox = Outbox.create(tmp_path, Meta("one", "task", 1, "Command"))
    outbox.spool._segment_bytes = 50
    subtask = Subtask(outbox, None, lambda: None, Backlog(outbox.spool, 100, patience=60))
    for _ in range(4):
        subtask.append([b'{"pad":"' + b"x" * 40 + b'"}'])
    waiting = asyncio.create_task(subtask.wait_for_room())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    subtask.resume(0)
    while subtask.sender.next_batch(1000):
        pass
    subtask.acknowledge(4, 3)
    async with asyncio.timeout(5):
        await waiting
    outbox.remove()


async def test_a_full_disk_stops_the_subtask_and_says_so(backend: ScriptedBackend, programs: Programs) -> None:
    """The limit of a file's size stands in for the end of the disk; the command gets it too."""
    env = {"WEGENT_BACKEND_URL": backend.url, "WEGENT_TOKEN": "t", "WEGENT_TERMINATE_SECONDS": "0.3"}
    argv = f"ulimit -f 128; exec {sys.executable} -P -m executor --shell Command"
    program = programs.start("sh", "-c", argv, env=env)
    await backend.connected()
    record = await backend.offer("one", "seq 1 100000; sleep 60")
    end = await record.ended()
    assert end.status == "failed"
    assert end.error is not None
    assert "disk is full" in end.error.message
    assert not marked("one")
    await program.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
async def test_orphans_do_not_stay_as_zombies(backend: ScriptedBackend, start_executor) -> None:
    program = start_executor()
    record = await backend.offer("one", "for i in 1 2 3; do setsid sleep 60 & done; sleep 0.2")
    await record.ended()

    def zombies() -> list[int]:
        found = []
        for child in psutil.Process(program.pid).children():
            with contextlib.suppress(psutil.Error):
                if child.status() == psutil.STATUS_ZOMBIE:
                    found.append(child.pid)
        return found

    await eventually(lambda: not zombies(), 10)
    assert (await (await backend.offer("two", "exit 4")).ended()).result == {"exit_code": 4}
