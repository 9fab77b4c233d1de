"""A project's own CLAUDE.md, read here: as text alone, without the settings beside it that could run code."""

import sys
from collections.abc import Iterator
from pathlib import Path

MOST = 40 << 10 if sys.platform != "win32" else 12 << 10
"""Bytes in all. They go to the CLI on its command line, which Windows bounds most tightly."""
_NAMES = ("CLAUDE.md", ".claude/CLAUDE.md")


def read(folder: Path, most: int = MOST) -> str:
    """Return what the project around ``folder`` tells Claude, up to ``most`` bytes; empty if nothing.

    The project is the Git work tree that ``folder`` is in, else ``folder`` itself. Files nearer to ``folder`` come
    last, and lose nothing to those above.
    """
    root = _root(folder)
    found: list[str] = []
    for path in _files(folder, root):
        told = _told(path, root, most)
        if told:
            found.insert(0, told)
            most -= len(told.encode())
    return "\n\n".join(found)


def _root(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return folder


def _files(folder: Path, root: Path) -> Iterator[Path]:
    for inside in (folder, *folder.parents):
        for name in reversed(_NAMES):
            yield inside / name
        if inside == root:
            return


def _told(path: Path, root: Path, most: int) -> str:
    """Return a file's text under a heading; what is no plain file of the project is left out."""
    head = f"Instructions for this project, from {path}:\n\n"
    room = most - len(head.encode())
    try:
        if room <= 0 or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
            return ""
        with path.open("rb") as file:
            content = file.read(room)
    except OSError as error:
        print(f"cannot read {path}: {error}", file=sys.stderr)
        return ""
    text = content.decode(errors="ignore").replace("\0", "").strip()
    return head + text if text else ""
