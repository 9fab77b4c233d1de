"""How this computer's executor is, as a notebook sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wegent.control.messages import Status

Phase = Literal["starting", "running", "elsewhere", "again", "stopping", "stopped"]
"""``elsewhere``: somebody else started the one that runs. ``again``: it ended, and is started again soon."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A phase, with what the executor itself says of it (None: nothing yet).

    ``reason`` is a phrase of :mod:`notebook_ext.executor_words` with its ``values``: why it is not running.
    ``said`` is the end of what the executor has written, where that tells more.
    """

    phase: Phase
    status: Status | None = None
    reason: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    said: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether its start is over: it is connected, it cannot be, or it is not ours."""
        if self.phase == "running":
            return self.status is not None and self.status.connection.is_connected
        return self.phase in ("elsewhere", "stopped")
