"""Processes that may outlive a turn: what was slow to start is kept for a while for the next one.

A host belongs to no subtask. It carries a mark of its own, and a file in ``hosts/`` of the executor's home from
before it starts until nothing of it runs: what an executor leaves that is killed, the next one ends. At most
:data:`MOST_KEPT` wait for a further turn of their task, and one is spare for any.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from executor.environment import Mark
from executor.outbox import write
from executor.processes import Born, Child, Tree, born, is_same

log = logging.getLogger(__name__)

MOST_KEPT = 2
LOOK_SECONDS = 15.0
"""Between two looks at the memory while a host waits."""
LOW_MEMORY = 1 << 30
"""Bytes that must be free: else nothing is kept."""
END_WITHIN = 2.0
_SPARE = ""


class _Entry(msgspec.Struct, frozen=True):
    """A file of the ledger: the mark, and the leader of the process group."""

    mark: str
    leader: Born | None = None


class Hosts:
    """The hosts of one executor, kept for ``seconds`` after a turn (0: not at all)."""

    def __init__(self, home: Path, seconds: float, group: asyncio.TaskGroup) -> None:
        self._home = home
        self._seconds = seconds
        self._group = group
        self._waiting: dict[Child, tuple[str, asyncio.Task[None]]] = {}
        """For which task, the oldest first."""
        self._is_preparing = False
        self._is_closed = False

    async def give(self, argv: Sequence[str], env: Mapping[str, str], task_id: str) -> Child:
        """Return a host that is the caller's: the task's own, else a spare one, else a new one."""
        for wanted in (task_id, _SPARE):
            for child, (kept_for, _) in list(self._waiting.items()):
                if kept_for == wanted and not child.has_exited:
                    self._take(child)
                    return child
        return await self.start(argv, env)

    async def start(self, argv: Sequence[str], env: Mapping[str, str]) -> Child:
        """Return a new host; one whose caller is stopped meanwhile becomes a spare one."""
        starting = self._group.create_task(self._try_start(argv, env))
        try:
            started = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._keep_started)
            raise
        if isinstance(started, Exception):
            raise started
        return started

    @property
    def are_kept(self) -> bool:
        """Whether a host may wait for a further turn at all."""
        return self._seconds > 0 and not self._is_closed

    def keep(self, child: Child, task_id: str = _SPARE) -> None:
        """Let a host wait for a further turn of the task; what else came from it is ended by the turn's runner."""
        ending = self._group.create_task(self._end_when_idle(child))
        self._waiting[child] = (task_id, ending)
        is_spare = task_id == _SPARE
        rivals = [each for each, (kept_for, _) in self._waiting.items() if (kept_for == _SPARE) == is_spare]
        for each in rivals[: -1 if is_spare else -MOST_KEPT]:
            self._let_go(each)

    def prepare(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """See to it that there is a spare host soon."""
        has_spare = any(kept_for == _SPARE for kept_for, _ in self._waiting.values())
        if not has_spare and not self._is_preparing and self.are_kept and not _is_memory_low():
            self._is_preparing = True
            self._group.create_task(self._prepare(argv, env))

    async def close(self) -> None:
        """End every host that waits, and keep none any more."""
        self._is_closed = True
        await asyncio.gather(*(self._let_go(child) for child in list(self._waiting)))

    def kill(self) -> None:
        """Kill every host that waits, at once."""
        for child in list(self._waiting):
            self._take(child)
            child.tree.end_now()

    async def _prepare(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        started = await self._try_start(argv, env)
        self._is_preparing = False
        if isinstance(started, Exception):
            log.warning("No process can be started ahead: %s", started)
        else:
            self.keep(started)

    async def _try_start(self, argv: Sequence[str], env: Mapping[str, str]) -> Child | Exception:
        """Return what went wrong instead of raising: a failed task would end the executor with its group."""
        try:
            return await self._start(argv, env)
        except Exception as error:  # whoever wants the host hears of it
            return error

    async def _start(self, argv: Sequence[str], env: Mapping[str, str]) -> Child:
        name = f"host-{uuid.uuid4().hex}"
        entry = self._home / "hosts" / f"{name}.json"
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(entry, _Entry(name))
        mark = Mark(str(self._home), name)
        child = await Child.start(argv, cwd=self._home, env=env, mark=mark, needs_input=True)
        write(entry, _Entry(name, await asyncio.to_thread(born, child.pid)))
        self._group.create_task(self._watch(child, entry))
        return child

    async def _watch(self, child: Child, entry: Path) -> None:
        """Forget a host once nothing of it runs."""
        await child.wait()
        if child in self._waiting:
            await self._let_go(child)
        await child.tree.end(END_WITHIN)
        try:
            await asyncio.to_thread(entry.unlink, missing_ok=True)
        except OSError as error:
            log.warning("Cannot remove %s (%s); the next start will.", entry, error)

    def _keep_started(self, starting: asyncio.Task[Child | Exception]) -> None:
        if not starting.cancelled() and isinstance(child := starting.result(), Child):
            self.keep(child)

    async def _end_when_idle(self, child: Child) -> None:
        left = self._seconds if self.are_kept else 0
        while left > 0 and not _is_memory_low():
            await asyncio.sleep(min(left, LOOK_SECONDS))
            left -= LOOK_SECONDS
        self._let_go(child)

    def _let_go(self, child: Child) -> asyncio.Task[None]:
        self._take(child)
        return self._group.create_task(_end(child))

    def _take(self, child: Child) -> None:
        """Take it out of the waiting ones; all that comes from it is the caller's to end."""
        _, ending = self._waiting.pop(child)
        if ending is not asyncio.current_task():
            ending.cancel()
        child.begin()


async def _end(child: Child) -> None:
    await child.tree.end(END_WITHIN)
    child.close()


async def end_left(home: Path, grace: float) -> None:
    """End the hosts that a former executor left in ``home``."""
    folder = home / "hosts"
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        with contextlib.suppress(msgspec.DecodeError):  # it was being written: the process was not started yet
            entry = msgspec.json.decode(path.read_bytes(), type=_Entry)
            leader = entry.leader.pid if entry.leader is not None and is_same(entry.leader) else None
            await Tree(Mark(str(home), entry.mark), leader).end(grace)
        path.unlink(missing_ok=True)


def _is_memory_low() -> bool:
    import psutil

    return psutil.virtual_memory().available < LOW_MEMORY
