"""Errors as IPython and Jupyter show them: what happened, what to do next, and of the code only the reader's."""

import re
import traceback
from pathlib import Path

_OWN = str(Path(__file__).parents[1])
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""ECMA-48's SGR: the one control sequence that only changes how text looks."""
_CONTROL = re.compile(
    r"\x1b(?!\[[0-9;]*m)(\][^\x07\x1b]*(\x07|\x1b\\)?|\[[0-9;?]*[ -/]*[@-~]?)?|[\x00-\x08\x0b-\x1a\x7f-\x9f]"
)
RED = "\x1b[31m"
PLAIN = "\x1b[0m"


def uncoloured(text: str) -> str:
    """Return a text from elsewhere without control sequences."""
    return _COLOUR.sub("", harmless(text))


def harmless(text: str) -> str:
    """Return a text from elsewhere with its colours, and no other power over a terminal."""
    return _CONTROL.sub("", text)


def shown(error: BaseException, said: str, remote: str | None) -> list[str]:
    """Return what a notebook shows of an error: the reader's own lines, what is said, the remote traceback."""
    lines = [line.rstrip("\n") for line in traceback.format_list(_readers_frames(error))]
    lines.append(f"{RED}{type(error).__name__}{PLAIN}: {said}")
    if remote:
        lines += ["", f"{RED}Remote traceback:{PLAIN}", *harmless(remote).rstrip().splitlines()]
    notes = [
        note for note in getattr(error, "__notes__", ()) if not (remote and note.startswith("Remote traceback"))
    ]
    for note in notes:
        lines += ["", *note.splitlines()]
    return lines


def _readers_frames(error: BaseException) -> traceback.StackSummary:
    """Return the frames above the client's, without those of the shell that runs the cell."""
    frames = traceback.extract_tb(error.__traceback__)
    own = next((n for n, frame in enumerate(frames) if frame.filename.startswith(_OWN)), len(frames))
    return traceback.StackSummary.from_list(
        [frame for frame in frames[:own] if f"{Path('IPython', 'core')}" not in frame.filename]
    )
