"""The benchmarks work: the smallest run measures everything. Only counts are looked at, never times."""

from pathlib import Path
from typing import Any

import msgspec
from support.processes import Programs

ROOT = Path(__file__).resolve().parents[2]


async def measured(programs: Programs, tmp_path: Path, part: str) -> Any:
    path = tmp_path / "results.json"
    program = programs.module("benchmarks", "--smallest", "--only", part, "--output", str(path), cwd=ROOT)
    assert await program.ended(120) == 0, program.text
    assert f"Written to {path}" in program.text
    return msgspec.json.decode(path.read_bytes())


async def test_every_frame_that_a_device_sent_was_relayed(programs: Programs, tmp_path: Path) -> None:
    found = await measured(programs, tmp_path, "relay")
    assert {one["flow"]["server"] for one in found["relay"]} == {"bare", "naive", "wegent"}
    for one in found["relay"]:
        assert one["frames"] > 0
        assert one["events"] == one["frames"] * one["flow"]["events_per_frame"]
        assert one["latency"]["count"] > 0
        assert len(one["server_us"]) == one["flow"]["processes"]
    assert found["machine"]["packages"]["quart"]
    assert (found["dispatch"], found["statements"], found["idle"]) == ([], None, [])


async def test_every_subtask_that_was_sent_is_counted(programs: Programs, tmp_path: Path) -> None:
    found = await measured(programs, tmp_path, "dispatch")
    plan = found["plan"]
    alone, together = found["dispatch"]
    assert (alone["senders"], alone["subtasks"]) == (1, plan["turns_alone"])
    assert together["senders"] == plan["senders"]
    assert together["subtasks"] == plan["senders"] * plan["turns_together"]
    for one in (alone, together):
        for step in ("answer", "execute", "accept", "complete", "done"):
            assert one[step]["count"] == one["subtasks"], step
    # Sent, offered, accepted, completed: each is a transaction.
    assert found["statements"]["per_subtask"]["COMMIT"] >= 4


async def test_idle_sockets_are_counted_step_by_step(programs: Programs, tmp_path: Path) -> None:
    found = await measured(programs, tmp_path, "idle")
    assert [one["kind"] for one in found["idle"]] == ["devices", "viewers"]
    for one in found["idle"]:
        assert [step["sockets"] for step in one["steps"]] == found["plan"]["idle_steps"]
        assert all(step["resident_bytes"] > 0 for step in one["steps"])


async def test_an_executor_is_started_and_weighed(programs: Programs, tmp_path: Path) -> None:
    found = await measured(programs, tmp_path, "executor")
    assert found["executor"]["starts"] == found["plan"]["executor_starts"]
    assert found["executor"]["resident_bytes"] > 0
    assert 0 < found["executor"]["seconds_to_registered"] <= found["executor"]["worst_seconds"]


async def test_the_page_shows_all_events_and_its_first_load_is_small(programs: Programs, tmp_path: Path) -> None:
    found = (await measured(programs, tmp_path, "page"))["page"]
    assert found["opening"]["click_ms"] > 0 and found["opening"]["load_ms"] > 0
    load = found["first_load"]
    assert 0 < load["script_bytes"] <= 300_000
    assert load["style_bytes"] > 0 and load["later_scripts"] > 0


async def test_the_first_words_of_claude_are_seen_bare_and_through_wegent(
    programs: Programs, tmp_path: Path
) -> None:
    found = (await measured(programs, tmp_path, "claude"))["claude"]
    assert {name: one["count"] for name, one in found.items()} == dict.fromkeys(found, 1)
    assert set(found) == {"bare_cold", "bare_warm", "cold", "warm", "spare"}
