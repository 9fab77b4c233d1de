"""After a crash: nothing of the former process goes on running, and every subtask of it has an end to report."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from executor.environment import Mark
from executor.outbox import box as outbox
from executor.outbox.box import Outbox
from executor.processes import kept
from executor.processes.tree import Tree, is_same
from wegent.protocol.device_messages import Complete, ReportedError
from wegent.protocol.errors import MEANINGS, Code

log = logging.getLogger(__name__)


async def recover(home: Path, grace: float) -> list[Outbox]:
    """End what still runs of the subtasks that a former process left, and give each an outcome.

    One that had ended keeps the end that it had; any other one failed with ``executor_restarted``.
    """
    await kept.recover(home, grace)
    found = outbox.leftovers(home)
    for box in found:
        await _end_processes(box, Mark(str(home), box.meta.subtask_id), grace)
        await asyncio.to_thread(box.remove_scratch)
        if box.outcome is None:
            log.info(
                "Subtask %s was interrupted by a restart; it will be reported as failed.", box.meta.subtask_id
            )
            box.write_outcome(interrupted(box.meta.subtask_id, box.meta.attempt, box.spool.given))
    return found


def interrupted(subtask_id: str, attempt: int, seq: int) -> Complete:
    """Return the end of a subtask that an executor's restart cut off."""
    code = Code.EXECUTOR_RESTARTED
    return Complete(subtask_id, attempt, seq, "failed", ReportedError(code, MEANINGS[code].message))


async def _end_processes(box: Outbox, mark: Mark, grace: float) -> None:
    """The mark finds nearly all; a group is only ours while its leader is the process that was written down."""
    leaders: Iterable[int | None] = [process.pid for process in box.meta.processes if is_same(process)] or [None]
    for leader in leaders:
        tree = Tree(mark, leader)
        survivors = await tree.survivors()
        if survivors:
            log.info("Ending %d processes left of subtask %s.", len(survivors), box.meta.subtask_id)
            await tree.end(grace)
