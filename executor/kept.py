"""Processes that outlive a subtask: kept for the next turn of its task, for a while, and not too many of them.

``kept/`` is their ledger. A file says which process is kept, so that what is left of it after a crash is ended,
and afterwards why it is gone, so that the task's next turn can say so.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from executor.environment import Mark
from executor.processes import Born, Child, Tree, born, is_same
from executor.workspace import folder_name

log = logging.getLogger(__name__)

RESTARTED = "the executor was restarted"
DIED = "its process had died"
KILLED = "it had to be killed to end a turn"
CROWDED = "no more are kept at a time"
CHANGED = "another one was asked for"
_TOLD_FOR = 30 * 86_400
"""Seconds for which it is remembered why something is gone."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the ledger says of one key: the process that is kept, or why it is gone."""

    key: str
    leader: Born | None = None
    lost: str | None = None


class Kept:
    """A process that may be kept; ``about`` says what it is, in its shell's words.

    ``is_new`` says that it was started for this turn, and ``lost`` then why the former one is gone, if there was
    one. A shell calls :meth:`settle` once it is ready, and sets ``is_at_rest`` once its turn is over: what is not
    at rest when the subtask ends is not kept.
    """

    def __init__(self, key: str, about: str, child: Child, mark: Mark, lost: str | None) -> None:
        self.key = key
        self.about = about
        self.child = child
        self.lost = lost
        self.is_new = True
        self.is_at_rest = False
        self._mark = mark
        self._own: frozenset[Born] = frozenset()

    def settle(self, processes: Iterable[int]) -> None:
        """Note that these processes are its own: a turn's end spares them, and nothing that comes later."""
        self._own = frozenset(found for pid in processes if (found := born(pid)) is not None)

    async def sweep(self, grace: float) -> None:
        """End what a turn left behind in it."""
        await Tree(self._mark, self.child.pid, spared=self._own).end(grace)


class Keeper:
    """Keeps up to ``most`` processes at rest, each for ``seconds``; ends them in ``group``."""

    def __init__(self, home: Path, most: int, seconds: float, grace: float, group: asyncio.TaskGroup) -> None:
        self._home = home
        self._most = most
        self._seconds = seconds
        self._grace = grace
        self._group = group
        self._resting: dict[str, Kept] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._lent: set[Kept] = set()
        self._ending: dict[str, asyncio.Task[None]] = {}

    async def lend(
        self,
        key: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        cwd: Path,
        about: str = "",
        is_choosy: bool = True,
    ) -> Kept:
        """Return what is kept under ``key``, else start ``argv``; raise OSError where that cannot be.

        One that is ``about`` something else is ended and replaced, unless the borrower is not choosy.
        """
        if key in self._ending:  # the ledger has one line for both
            await asyncio.wait({self._ending[key]})
        kept = self._resting.pop(key, None)
        if kept is not None:
            self._timers.pop(key).cancel()
            if kept.child.has_exited:
                await self._end(kept, DIED)
            elif is_choosy and kept.about != about:
                await self._end(kept, CHANGED)
            else:
                kept.is_new, kept.lost, kept.is_at_rest = False, None, False
                self._lent.add(kept)
                return kept
        return await self._start(key, argv, env, cwd, about)

    async def _start(self, key: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path, about: str) -> Kept:
        lost = (await asyncio.to_thread(_read, self._home, key)).lost
        mark = _mark(self._home, key)
        child = await Child.start(argv, cwd=cwd, env=env, mark=mark, needs_input=True)
        kept = Kept(key, about, child, mark, lost)
        self._lent.add(kept)
        try:
            await asyncio.to_thread(_write, self._home, Entry(key, born(child.pid)))
        except BaseException:  # nobody would give it back
            self._lent.discard(kept)
            child.tree.end_now()
            raise
        return kept

    async def give_back(self, kept: Kept) -> None:
        """Keep it for a further turn, without what this one left in it; end it if that cannot be."""
        await kept.sweep(self._grace)
        if not kept.is_at_rest or kept.child.has_exited or kept.key in self._resting:
            await self._end(kept, DIED if kept.is_at_rest else KILLED)
            return
        self._lent.discard(kept)
        self._resting[kept.key] = kept
        why = f"nothing was asked of it for {_minutes(self._seconds)}"
        timer = asyncio.get_running_loop().call_later(self._seconds, self._drop, kept, why)
        self._timers[kept.key] = timer
        if len(self._resting) > self._most:
            self._drop(next(iter(self._resting.values())), CROWDED)

    def _drop(self, kept: Kept, why: str) -> None:
        """End one that rests, without waiting."""
        if self._resting.get(kept.key) is kept:
            del self._resting[kept.key]
            self._timers.pop(kept.key).cancel()
            log.info("Ending what was kept for %s: %s.", kept.key, why)
            self._lent.add(kept)  # until it is gone
            ending = self._group.create_task(self._end(kept, why))
            self._ending[kept.key] = ending
            ending.add_done_callback(lambda _: self._ending.pop(kept.key, None))

    async def _end(self, kept: Kept, why: str | None) -> None:
        await kept.child.tree.end(self._grace)
        kept.child.close()
        self._lent.discard(kept)
        await _note_loss(self._home, kept.key, why)

    async def end_all(self, why: str = RESTARTED) -> None:
        """End everything that rests."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        resting, self._resting = list(self._resting.values()), {}
        await asyncio.gather(*(self._end(kept, why) for kept in resting))

    def end_now(self) -> None:
        """Kill everything, lent or not, without waiting."""
        for kept in (*self._resting.values(), *self._lent):
            kept.child.tree.end_now()


async def recover(home: Path, grace: float) -> None:
    """End what a former process kept, and note why it is gone."""
    for path in sorted((home / "kept").glob("*.json")):
        entry = await asyncio.to_thread(_decoded, path)
        if entry.leader is not None:
            leader = entry.leader.pid if is_same(entry.leader) else None
            tree = Tree(_mark(home, entry.key), leader)
            if await tree.survivors():
                log.info("Ending what was kept for %s.", entry.key)
                await tree.end(grace)
            await _note_loss(home, entry.key, RESTARTED)
        elif time.time() - path.stat().st_mtime > _TOLD_FOR:
            path.unlink()


async def _note_loss(home: Path, key: str, why: str | None) -> None:
    try:
        await asyncio.to_thread(_write, home, Entry(key, lost=why))
    except OSError as error:
        log.error("Cannot write down why what was kept for %s is gone: %s", key, error)


def _mark(home: Path, key: str) -> Mark:
    return Mark(str(home), f"kept {key}")


def _path(home: Path, key: str) -> Path:
    return home / "kept" / f"{folder_name(key)}.json"


def _read(home: Path, key: str) -> Entry:
    path = _path(home, key)
    return _decoded(path) if path.exists() else Entry(key)


def _decoded(path: Path) -> Entry:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Entry)
    except (OSError, msgspec.DecodeError) as error:
        log.warning("Cannot read %s: %s", path, error)
        return Entry("")


def _write(home: Path, entry: Entry) -> None:
    path = _path(home, entry.key)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.encode(entry))
    os.replace(temporary, path)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
