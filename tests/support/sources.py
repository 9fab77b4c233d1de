"""The project's own source files, read as syntax trees: what the rules of the house are tested on."""

import ast
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("wegent", "api", "worker", "executor", "notebook_ext")


class Module(NamedTuple):
    """One Python file of a room."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def lines(self) -> int:
        """How long the file is."""
        return len(self.path.read_text().splitlines())

    def imports(self) -> Iterator[str]:
        """Yield the full name of everything imported, wherever in the file; of `from a import b`, `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}: relative imports hide which room is meant"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def strings(self) -> set[str]:
        """Return every string literal in the file."""
        return {
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }


def modules(*rooms: str) -> list[Module]:
    """Return the modules of these rooms (a room, or a package in it), all rooms' if none is named."""
    found = []
    for room in rooms or ROOMS:
        for path in sorted((ROOT / room.replace(".", "/")).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, path, ast.parse(path.read_text(), path)))
    return found


def is_within(name: str, packages: AbstractSet[str]) -> bool:
    """Whether a dotted name is one of ``packages`` or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def is_standard(name: str) -> bool:
    """Whether a dotted name belongs to the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names
