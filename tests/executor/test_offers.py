"""What an executor takes of what it is offered, and what it declines, with a real executor process."""

from pathlib import Path

import pytest
from support.marked import marked
from support.processes import Programs, eventually
from support.scripted_backend import ScriptedBackend

from executor.outbox.box import Meta, Outbox
from wegent.protocol.errors import Code


async def test_workdir_is_inside_an_offered_folder_or_refused_for_good(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    offered, other = tmp_path / "offered", tmp_path / "other"
    (offered / "inner").mkdir(parents=True)
    other.mkdir()
    (offered / "way-out").symlink_to(other)
    start_executor("--workspace", str(offered))
    record = await backend.offer("one", "pwd", options={"workdir": str(offered / "inner")})
    await record.ended()
    assert record.text() == f"{offered / 'inner'}\n"
    for number, workdir in enumerate((str(other), str(offered / "way-out"), "../..")):
        await backend.offer(f"bad{number}", "pwd", options={"workdir": workdir})
    await eventually(lambda: len(backend.declines) == 3)
    assert not any(decline["retry"] for decline in backend.declines)
    assert all("offered" in decline["reason"] for decline in backend.declines)
    assert (await backend.connected()).folders == [str(offered)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shell": "ClaudeCode"}, "does not offer ClaudeCode"),
        ({"options": {"permission_mode": "bypassPermissions"}}, "--permission-mode bypassPermissions"),
        ({"options": {"permission_mode": "never"}}, "is none of"),
        ({"options": {"env": {"A": 1}}}, "env"),
        ({"options": {"env": {"WEGENT_SUBTASK_ID": "x"}}}, "WEGENT_SUBTASK_ID"),
        ({"options": {"images": ["../x"]}}, "images"),
        ({"options": {"mcp_servers": {"x": {"url": "http://h"}}}}, "mcp_servers.x needs a command"),
        ({"options": {"mcp_servers": {"x": {"type": "http", "url": "file:///h"}}}}, "http://"),
        ({"options": {"mcp_servers": {"x": {"command": "a", "args": ["${ANTHROPIC_API_KEY}"]}}}}, "variables"),
        ({"options": {"mcp_servers": {"x": {"command": "a", "env": {"WEGENT_HOME": "/"}}}}}, "WEGENT_"),
        ({"prompt": " "}, "empty"),
    ],
)
async def test_what_can_never_work_here_is_declined_with_the_reason(
    backend: ScriptedBackend, start_executor, fields: dict, words: str
) -> None:
    start_executor()
    await backend.offer("one", **({"prompt": "true"} | fields))
    await eventually(lambda: backend.declines)
    assert words in backend.declines[0]["reason"]
    assert backend.declines[0]["retry"] is False
    assert "task:accept" not in backend.heard


async def test_more_than_the_slots_is_declined_for_now(backend: ScriptedBackend, start_executor) -> None:
    start_executor("--slots", "2")
    records = [await backend.offer(name, "sleep 30") for name in ("one", "two")]
    await eventually(lambda: len(marked("one")) and len(marked("two")))
    await backend.offer("three", "true")
    await eventually(lambda: backend.declines)
    assert backend.declines == [
        {"subtask_id": "three", "attempt": 1, "reason": "All 2 slots are taken.", "retry": True}
    ]
    for record in records:
        await backend.cancel(record, 1)
    for record in records:
        assert (await record.ended()).status == "cancelled"
    third = await backend.offer("three", "true", attempt=2)
    assert (await third.ended()).status == "completed"


async def test_a_refused_accept_starts_nothing_and_is_forgotten(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    backend.accept_error = Code.NOT_CURRENT
    start_executor()
    made = tmp_path / "made"
    record = await backend.offer("one", f"touch {made}")
    await record.until(lambda record: record.accepts)
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == [])
    assert not made.exists()
    assert record.completes == 0


async def test_an_offer_that_comes_twice_runs_once(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    start_executor()
    made = tmp_path / "made"
    record = await backend.offer("one", f"echo x >> {made}; sleep 0.3")
    for _ in range(3):
        await backend.offer("one", f"echo x >> {made}; sleep 0.3")
    await record.ended()
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == [])
    assert made.read_text() == "x\n"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"options": {"env": {"BIG": "x" * (3 << 19)}}}, "a frame may have"),
        ({"prompt": "x" * (513 << 10)}, "prompt"),
    ],
)
async def test_an_offer_that_is_too_long_is_declined_for_good_on_the_same_connection(
    backend: ScriptedBackend, start_executor, fields: dict, words: str
) -> None:
    start_executor()
    await backend.offer("one", **({"prompt": "true"} | fields))
    await eventually(lambda: backend.declines)
    assert (backend.declines[0]["subtask_id"], backend.declines[0]["retry"]) == ("one", False)
    assert words in backend.declines[0]["reason"]
    assert (await (await backend.offer("two", "true")).ended()).status == "completed"
    assert len(backend.registers) == 1


async def test_cloud_subtasks_work_in_a_fresh_folder_that_is_removed(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    start_executor("--mode", "cloud")
    record = await backend.offer("one", "pwd; touch left", task_id="same")
    await record.ended()
    again = await backend.offer("two", "ls; pwd", task_id="same")
    await again.ended()
    assert (await backend.connected()).kind == "cloud"
    assert record.text().strip() != again.text().strip()
    assert "left" not in again.text()
    assert not list((programs.folder / "home/.wegent-executor/workspace").iterdir())


async def test_in_the_cloud_an_offered_folder_is_neither_taken_nor_deleted(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    shared = tmp_path / "datasets"
    shared.mkdir()
    (shared / "precious").touch()
    start_executor("--mode", "cloud", "--workspace", str(shared))
    for number, workdir in enumerate((str(shared), ".", "inner")):
        await backend.offer(f"bad{number}", "true", options={"workdir": workdir})
    await eventually(lambda: len(backend.declines) == 3)
    assert not any(decline["retry"] for decline in backend.declines)
    assert all("options.workdir" in decline["reason"] for decline in backend.declines)
    assert (shared / "precious").exists()


def test_only_the_folder_made_for_it_is_deleted_as_scratch(tmp_path: Path) -> None:
    home, shared = tmp_path / "home", tmp_path / "datasets"
    own = home / "workspace/cloud-one"
    for folder in (shared, own):
        folder.mkdir(parents=True)
    for scratch in (shared, own / "..", home / "workspace", home / "workspace/..", own):
        outbox = Outbox.create(home, Meta("one", "task", 1, "Command", scratch=str(scratch)))
        outbox.remove_scratch()
        outbox.remove()
        assert shared.exists()
        assert (home / "workspace").exists()
    assert not own.exists()
