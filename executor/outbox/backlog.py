"""What of a subtask waits on disk for the server, and what happens when it becomes too much."""

import asyncio
import logging
import time

from executor.outbox.spool import FileSpool
from executor.output.limits import Limits
from wegent.protocol.time_limit import time_limit
from wegent.protocol.timing import Timing

log = logging.getLogger(__name__)


class Backlog:
    """Holds the work up while more than ``most`` bytes are in ``spool``, as long as there is a server to take it.

    One that has been away for more than ``patience`` seconds may stay away for hours: then the oldest output makes
    room, and the work goes on.
    """

    def __init__(
        self, spool: FileSpool, most: int = Limits().outbox, patience: float = Timing().reconnect_max
    ) -> None:
        self._spool = spool
        self._most = most
        self._patience = patience
        self._away_since: float | None = time.monotonic()
        self._changed = asyncio.Event()
        self._is_told = False

    def connect(self) -> None:
        """Note that the server is there."""
        self._away_since = None

    def disconnect(self) -> None:
        """Note that the server is away."""
        self._away_since = time.monotonic()
        self.look()

    def look(self) -> None:
        """Let what waits look again whether it still has to."""
        self._changed.set()

    async def wait_for_room(self, stopping: asyncio.Event) -> None:
        """Wait while there is too much, unless it is being stopped; raise OSError where the disk fails."""
        while self._spool.size > self._most and not stopping.is_set():
            if self._is_away and self._make_room():
                return
            self._changed.clear()
            try:
                async with time_limit(self._patience):
                    await self._changed.wait()
            except TimeoutError:
                continue

    @property
    def _is_away(self) -> bool:
        return self._away_since is not None and time.monotonic() - self._away_since >= self._patience

    def _make_room(self) -> bool:
        if not self._is_told:
            self._is_told = True
            log.warning("More than %d MiB wait for the server: the oldest output makes room.", self._most >> 20)
        return self._spool.drop_output(self._most)
