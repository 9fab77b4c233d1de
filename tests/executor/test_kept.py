"""What the keeper of processes does where no shell shows it: little memory, a stopped borrower."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support import marked
from support.processes import eventually

from executor.processes.kept import Keeper, Kind

WAIT = ("cat",)
ENV = {"PATH": os.environ["PATH"]}
WARM = Kind("warm", 2, 600, has_state=False)
POOR = Kind("poor", 2, 600, memory=1 << 60, has_state=False)


@pytest.fixture
async def keeper(tmp_path: Path) -> AsyncIterator[Keeper]:
    async with asyncio.TaskGroup() as group:
        keeper = Keeper(tmp_path, Kind("usual", 2, 600), [WARM, POOR], 1, group)
        yield keeper
        await keeper.end_all()
    assert not marked.kept("")
    assert not ledger(tmp_path)


def ledger(home: Path) -> list[Path]:
    return list(home.glob("kept/*.json"))


async def lend_and_return(keeper: Keeper, kind: str, task: str) -> int:
    """Lend one for a turn that ends well; return its process id."""
    kept = await keeper.lend(kind, task, WAIT, ENV)
    kept.settle([kept.child.pid])
    kept.is_at_rest = True
    await keeper.give_back(kept)
    return kept.child.pid


async def test_each_kind_has_its_own_number_and_only_what_has_no_state_a_spare_one(
    keeper: Keeper, tmp_path: Path
) -> None:
    first = await lend_and_return(keeper, "warm", "a")
    await eventually(lambda: sum(b'"leader":[' in path.read_bytes() for path in ledger(tmp_path)) == 2)
    (spare,) = {process.pid for process in marked.kept("warm ")} - {first}
    assert await lend_and_return(keeper, "warm", "b") == spare
    assert await lend_and_return(keeper, "warm", "a") == first
    for task in ("a", "b", "c"):
        await lend_and_return(keeper, "other", task)
    await eventually(lambda: len(marked.kept("other ")) == 2)
    assert len(marked.kept("warm ")) == 3
    assert (await keeper.lend("other", "a", WAIT, ENV)).lost == "no more are kept at a time"


async def test_nothing_rests_and_nothing_is_spare_while_memory_is_short(keeper: Keeper) -> None:
    await lend_and_return(keeper, "poor", "a")
    await eventually(lambda: not marked.kept("poor "))


async def test_a_borrower_that_is_stopped_leaves_no_process_that_was_starting(
    keeper: Keeper, tmp_path: Path
) -> None:
    for steps in range(6):
        lending = asyncio.create_task(keeper.lend("usual", "a", WAIT, ENV))
        for _ in range(steps):
            await asyncio.sleep(0)
        lending.cancel()
        await asyncio.wait({lending}, timeout=10)
        if not lending.cancelled():
            await keeper.give_back(await lending)
        await eventually(lambda: not marked.kept("usual "))
        assert not ledger(tmp_path)


async def test_why_one_is_gone_is_not_forgotten_when_the_next_cannot_be_started(keeper: Keeper) -> None:
    await keeper.give_back(await keeper.lend("usual", "a", WAIT, ENV))
    with pytest.raises(OSError, match="no-such-program"):
        await keeper.lend("usual", "a", ("no-such-program",), ENV)
    assert (await keeper.lend("usual", "a", WAIT, ENV)).lost == "it had to be killed to end a turn"
