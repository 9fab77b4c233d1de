"""Places where a test can kill the executor exactly there; nothing at all unless one was named at start."""

import os
import signal

AFTER_ACCEPT = "executor-after-accept"
"""The server has answered yes, the work has not begun."""
BEFORE_REPORT = "executor-before-report"
"""The work has ended and that is on disk, the server has not been told."""
POINTS = (AFTER_ACCEPT, BEFORE_REPORT)


def reach(point: str, armed: str | None) -> None:
    """Die as by ``kill -9`` if ``point`` is the one that ``WEGENT_FAULT`` named."""
    if armed == point:
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
