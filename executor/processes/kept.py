"""Processes that outlive a subtask: kept for the next turn of its task, for a while, and not too many of them.

Such a process belongs to no subtask. It carries a mark of its own, and has a file in ``kept/`` of the executor's
home from before it starts until nothing of it runs: what an executor leaves that is killed, the next one ends.
Beside these files lies why what a task had is gone, so that the task's next turn can say so.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from executor.environment import Mark
from executor.outbox.box import write
from executor.processes.tree import Born, Child, Tree, born, is_alive, is_same
from executor.workspace import folder_name

log = logging.getLogger(__name__)

RESTARTED = "the executor was restarted"
DIED = "its process had died"
KILLED = "it had to be killed to end a turn"
CROWDED = "no more are kept at a time"
CHANGED = "another one was asked for"
SCARCE = "memory was scarce"
LOOK_SECONDS = 15.0
"""Between two looks at the memory while one rests."""
_NOTE = ".lost"
_TOLD_FOR = 30 * 86_400
"""Seconds for which it is remembered why something is gone."""


class Kind(msgspec.Struct, frozen=True):
    """How processes of one kind are kept: ``most`` at rest at a time, each for ``seconds``.

    None rests while less than ``memory`` bytes are free. One that ``has_state`` is missed: its task's next turn is
    told why it is gone. Those without are all alike: after a turn one more is started, to rest for whichever task.
    """

    name: str
    most: int
    seconds: float
    memory: int = 0
    has_state: bool = True

    @property
    def may_rest(self) -> bool:
        """Whether any is kept at all."""
        return self.most > 0 and self.seconds > 0

    def is_memory_low(self) -> bool:
        """Whether there is too little memory to keep any."""
        import psutil

        return self.memory > 0 and psutil.virtual_memory().available < self.memory


class Entry(msgspec.Struct, frozen=True):
    """A file of the ledger: the mark, who misses the process, and the leader of its group once that runs."""

    mark: str
    missed_by: str | None
    leader: Born | None = None


class _Recipe(NamedTuple):
    """What to start; ``about`` says what it is, in its shell's words."""

    kind: Kind
    argv: Sequence[str]
    env: Mapping[str, str]
    about: str


class Kept:
    """A process that may be kept for its task, or as a spare one for any.

    ``is_new`` says that it was started for this turn, and ``lost`` then why the former one is gone, if there was
    one. A shell calls :meth:`settle` once it is ready, and sets ``is_at_rest`` once its turn is over: what is not
    at rest when the subtask ends is not kept.
    """

    def __init__(self, recipe: _Recipe, task_id: str | None, child: Child, mark: Mark, lost: str | None) -> None:
        self.recipe = recipe
        self.kind = recipe.kind
        self.about = recipe.about
        self.task_id = task_id
        self.child = child
        self.mark = mark
        self.lost = lost
        self.is_new = True
        self.is_at_rest = False
        self._own: frozenset[Born] = frozenset()

    def settle(self, processes: Iterable[int]) -> None:
        """Note that these processes are its own: a turn's end spares them, and nothing that comes later."""
        self._own = frozenset(found for pid in processes if (found := born(pid)) is not None)

    def has_died(self) -> bool:
        """Whether its process has ended, as the system knows: the event loop may hear of it a moment later."""
        import psutil

        try:
            return self.child.has_exited or not is_alive(psutil.Process(self.child.pid))
        except psutil.Error:
            return True

    async def sweep(self, grace: float) -> None:
        """End what a turn left behind in it."""
        await Tree(self.mark, self.child.pid, spared=self._own).end(grace)


class Keeper:
    """Keeps processes of ``kinds``, and of any other kind as of the ``usual`` one, with the tasks of ``group``."""

    def __init__(
        self, home: Path, usual: Kind, kinds: Sequence[Kind], grace: float, group: asyncio.TaskGroup
    ) -> None:
        self._home = home
        self._usual = usual
        self._kinds = {kind.name: kind for kind in kinds}
        self._grace = grace
        self._group = group
        self._running: set[Kept] = set()
        self._resting: dict[Kept, asyncio.Task[None]] = {}
        """The one used least recently first."""
        self._preparing: asyncio.Task[None] | None = None

    async def lend(
        self,
        kind: str,
        task_id: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        about: str = "",
        is_choosy: bool = True,
    ) -> Kept:
        """Return what is kept for the task, else a spare one, else start ``argv``; raise OSError where that fails.

        One that is ``about`` something else is ended and replaced, unless the borrower is not choosy.
        """
        recipe = _Recipe(self._kinds.get(kind) or replace(self._usual, name=kind), argv, env, about)
        if (own := self._found(recipe.kind, task_id)) is not None:
            self._take(own, task_id)
            has_died = own.has_died()
            if not has_died and (own.about == about or not is_choosy):
                return own
            self._group.create_task(self._end(own, DIED if has_died else CHANGED))
        if (spare := self._found(recipe.kind, None)) is not None:
            self._take(spare, task_id)
            return spare
        return await self._start(recipe, task_id)

    async def give_back(self, kept: Kept) -> None:
        """Keep it for a further turn, without what this one left in it; end it if that cannot be."""
        if kept.is_at_rest:
            await kept.sweep(self._grace)
        if kept.is_at_rest and not kept.child.has_exited and self._found(kept.kind, kept.task_id) is None:
            self._let_rest(kept)
        else:
            await self._end(kept, DIED if kept.is_at_rest else KILLED)
        if not kept.kind.has_state and (self._preparing is None or self._preparing.done()):
            self._preparing = self._group.create_task(self._prepare(kept.recipe))

    async def end_all(self, why: str = RESTARTED) -> None:
        """End everything."""
        if self._preparing is not None:
            await asyncio.wait({self._preparing})
        for resting in self._resting.values():
            resting.cancel()
        self._resting.clear()
        await asyncio.gather(*(self._end(kept, why) for kept in self._running))

    def end_now(self) -> None:
        """Kill everything, lent or not, without waiting."""
        for kept in self._running:
            kept.child.tree.end_now()

    def _found(self, kind: Kind, task_id: str | None) -> Kept | None:
        return next((kept for kept in self._resting if (kept.kind, kept.task_id) == (kind, task_id)), None)

    def _take(self, kept: Kept, task_id: str) -> None:
        self._resting.pop(kept).cancel()
        kept.task_id = task_id
        kept.is_new, kept.lost, kept.is_at_rest = False, None, False

    async def _prepare(self, recipe: _Recipe) -> None:
        """See to it that there is a spare one."""
        kind = recipe.kind
        if not kind.may_rest or kind.is_memory_low() or self._found(kind, None) is not None:
            return
        try:
            self._let_rest(await self._start(recipe, None))
        except OSError as error:
            log.warning("No process can be started ahead: %s", error)

    async def _start(self, recipe: _Recipe, task_id: str | None) -> Kept:
        mark = Mark(str(self._home), f"kept {recipe.kind.name} {task_id or ''} {uuid.uuid4().hex}")
        entry, note = _entry_path(mark), _note_path(self._home, recipe.kind, task_id)
        written = Entry(mark.subtask_id, None if note is None else note.name)
        entry.parent.mkdir(mode=0o700, exist_ok=True)
        write(entry, written)
        lost = note.read_text() if note is not None and note.exists() else None
        try:
            child = await Child.start(recipe.argv, cwd=self._home, env=recipe.env, mark=mark, needs_input=True)
        except BaseException:
            entry.unlink()
            raise
        kept = Kept(recipe, task_id, child, mark, lost)
        self._running.add(kept)
        try:
            write(entry, replace(written, leader=born(child.pid)))
            if note is not None:
                note.unlink(missing_ok=True)
        except OSError:  # nobody would give it back
            self._group.create_task(self._end(kept, lost))
            raise
        return kept

    def _let_rest(self, kept: Kept) -> None:
        self._resting[kept] = self._group.create_task(self._rest(kept))
        alike = [each for each in self._resting if each.kind == kept.kind and each.task_id is not None]
        if len(alike) > kept.kind.most:
            self._resting.pop(alike[0]).cancel()
            self._group.create_task(self._end(alike[0], CROWDED))

    async def _rest(self, kept: Kept) -> None:
        """Wait until it is to be kept no longer, and end it."""
        now = asyncio.get_running_loop().time
        over = now() + kept.kind.seconds
        why = f"nothing was asked of it for {_minutes(kept.kind.seconds)}"
        while (left := over - now()) > 0:
            if kept.kind.is_memory_low():
                why = SCARCE
                break
            if await kept.child.wait_within(min(left, LOOK_SECONDS)):
                why = DIED
                break
        del self._resting[kept]
        await self._end(kept, why)

    def _end(self, kept: Kept, why: str | None) -> Coroutine[None, None, None]:
        """Write down at once why it is gone, for whoever misses it, and return what ends it."""
        note = _note_path(self._home, kept.kind, kept.task_id)
        if note is not None and why is not None:
            _remember(note, why)
        return self._finish(kept)

    async def _finish(self, kept: Kept) -> None:
        await kept.child.tree.end(self._grace)
        kept.child.close()
        self._running.discard(kept)
        try:
            _entry_path(kept.mark).unlink(missing_ok=True)
        except OSError as error:
            log.warning("Cannot remove what is written of a kept process (%s); the next start will.", error)


async def recover(home: Path, grace: float) -> None:
    """End what a former process kept, and note why it is gone."""
    folder = home / "kept"
    for path in sorted(folder.glob("*.json")):
        try:
            entry = msgspec.json.decode(path.read_bytes(), type=Entry)
        except (OSError, msgspec.DecodeError) as error:
            log.warning("Cannot read %s: %s", path, error)
        else:
            log.info("Ending what was left of the kept process %s.", entry.mark)
            leader = entry.leader.pid if entry.leader is not None and is_same(entry.leader) else None
            await Tree(Mark(str(home), entry.mark), leader).end(grace)
            if entry.missed_by is not None:
                _remember(folder / entry.missed_by, RESTARTED)
        path.unlink()
    for note in folder.glob(f"*{_NOTE}"):
        if time.time() - note.stat().st_mtime > _TOLD_FOR:
            note.unlink()


def _entry_path(mark: Mark) -> Path:
    return Path(mark.home) / "kept" / f"{folder_name(mark.subtask_id)}.json"


def _note_path(home: Path, kind: Kind, task_id: str | None) -> Path | None:
    """Return where it is said why what a task had is gone; None for what nobody misses."""
    if task_id is None or not kind.has_state:
        return None
    return home / "kept" / f"{folder_name(f'{kind.name} {task_id}')}{_NOTE}"


def _remember(note: Path, why: str) -> None:
    try:
        note.write_text(why)
    except OSError as error:
        log.error("Cannot write down why what was kept for a task is gone: %s", error)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
