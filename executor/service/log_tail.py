"""Shows the end of a log file, and goes on with what comes, also after the file was rotated."""

import sys
import time
from collections import deque
from pathlib import Path

LINES = 200
LOOK_EVERY = 0.5


def show(path: Path, follow: bool) -> int:
    """Put the newest lines on standard output; return 0, or 1 where there is no log."""
    try:
        file = path.open(errors="replace")
    except FileNotFoundError:
        sys.stderr.write(f"There is no log at {path} yet.\n")
        return 1
    sys.stdout.writelines(deque(file, LINES))
    sys.stdout.flush()
    while follow:
        for line in file:
            sys.stdout.write(line)
        sys.stdout.flush()
        time.sleep(LOOK_EVERY)
        if path.exists() and path.stat().st_size < file.tell():
            file.close()
            file = path.open(errors="replace")
    file.close()
    return 0
