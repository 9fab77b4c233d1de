"""Secrets in files that match the owner's patterns, read again when they change."""

import glob
import json
import logging
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePath
from typing import NamedTuple

from executor.redaction.secret_forms import LEAST
from executor.redaction.secret_values import in_value, is_random

log = logging.getLogger(__name__)

DEFAULT = (
    *("~/.aws/credentials", "~/.netrc", "~/.pypirc", "~/.git-credentials", "~/.docker/config.json"),
    *("~/.ssh/id_*", "~/.config/gh/hosts.yml", "~/.kube/config", "~/.claude/.credentials.json"),
    "~/.wegent/secret_key",
    *("**/.env", "**/.env.*"),
)
MAX_FILES = 200
MAX_BYTES = 256 << 10
MAX_LINES = 5000
MAX_SEEN = 20_000
"""Names that are looked at in one folder's tree."""
_NO_SECRETS = (".pub", ".example", ".sample", ".template", ".dist")
_PASSED_BY = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", "site-packages"})

_PAIR = re.compile(
    r"""^\s*(?:export\s+|set\s+|-\s+)?["']?([A-Za-z_][\w. -]{0,80}?)["']?\s*[=:]\s*(\S.*?)\s*[,;]?\s*$"""
)
_QUOTED_PAIR = re.compile(r'"([\w. -]{1,80})"\s*:\s*("(?:[^"\\]|\\.)*")')
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+")
_NETRC = re.compile(r"\bpassword\s+(\S+)")


class _Known(NamedTuple):
    changed: tuple[int, int, int]
    values: dict[str, str]


class SecretFiles:
    """Files that match ``patterns``: paths of their own, or, where relative, below folders."""

    def __init__(self, patterns: Sequence[str]) -> None:
        expanded = [os.path.expanduser(pattern) for pattern in patterns]
        self._absolute = [pattern for pattern in expanded if os.path.isabs(pattern)]
        self._relative = [pattern.removeprefix("**/") for pattern in expanded if not os.path.isabs(pattern)]
        self._known: dict[str, _Known] = {}

    def read(self) -> dict[str, str]:
        """Return all secrets that are found now, with their files' names. It takes a while: not for a loop."""
        return self._in_all(path for pattern in self._absolute for path in _matching(pattern))

    def read_below(self, folders: Iterable[Path]) -> dict[str, str]:
        """Return the secrets in files below ``folders``, which tasks may write too."""
        if not self._relative:
            return {}
        return self._in_all(path for folder in folders for path in self._below(folder))

    def _in_all(self, paths: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in islice(paths, MAX_FILES):
            found |= self._values(path)
        return found

    def _below(self, folder: Path) -> Iterator[str]:
        seen = 0
        for where, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in _PASSED_BY]
            seen += len(files) + len(folders)
            for name in files:
                path = PurePath(where, name)
                if any(path.match(pattern) for pattern in self._relative):
                    yield str(path)
            if seen > MAX_SEEN:
                return

    def _values(self, path: str) -> dict[str, str]:
        try:
            now = os.stat(path)
            changed = (now.st_mtime_ns, now.st_size, now.st_ino)
            known = self._known.get(path)
            if known is None or known.changed != changed:
                text = _text(path) if stat.S_ISREG(now.st_mode) and not path.endswith(_NO_SECRETS) else ""
                known = self._known[path] = _Known(
                    changed, {value: os.path.basename(path) for value in values(text)}
                )
        except OSError as error:
            log.debug("Not looking for secrets in %s: %s", path, error)
            return {}
        return known.values


def _matching(pattern: str) -> Iterator[str]:
    return glob.iglob(pattern, recursive=True, include_hidden=True)


def _text(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(MAX_BYTES).decode("utf-8", "replace")


def values(text: str) -> set[str]:
    """Return the secrets in a file that says ``text``: KEY=VALUE, INI, JSON, YAML, netrc, PEM, or a bare key."""
    lines = text.splitlines()[:MAX_LINES]
    found = set()
    is_key = False
    for line in lines:
        bare = line.strip()
        if bare.startswith("-----"):
            is_key = "PRIVATE KEY" in bare and "BEGIN" in bare
        elif is_key and len(bare) >= LEAST:
            found.add(bare)
        else:
            found.update(_in_line(line))
    alone = text.strip()
    if not found and len(alone) >= LEAST and not re.search(r"[\s=:]", alone):
        found.add(alone)
    return found


def _in_line(line: str) -> Iterator[str]:
    pairs = [(name, json.loads(value, strict=False)) for name, value in _quoted(line)]
    if not pairs and (match := _PAIR.match(line)):
        pairs = [(match[1], _unquoted(match[2]))]
    for name, value in pairs:
        yield from in_value(name, value)
        if is_random(value):
            yield value
    for match in _NETRC.finditer(line):
        yield from in_value("password", match[1])
    for match in _URL.finditer(line):
        yield from in_value("", match[0])


def _quoted(line: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in _QUOTED_PAIR.findall(line) if _is_json(value)]


def _is_json(value: str) -> bool:
    try:
        json.loads(value, strict=False)
    except ValueError:
        return False
    return True


def _unquoted(value: str) -> str:
    for quote in "\"'":
        if len(value) >= 2 and value[0] == quote and value.find(quote, 1) > 0:
            return value[1 : value.rindex(quote)]
    return re.split(r"\s+#", value)[0]
