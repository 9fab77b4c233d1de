"""The built page's files, which the package carries: found by name, kept in memory, plain or compressed."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from werkzeug.datastructures import Accept

FOLDER = Path(__file__).parent / "static"
INDEX = "index.html"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The ways in which the build compresses, best first, and how such a file's name ends."""
KEPT = 500
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
    "woff2": "font/woff2",
}
"""By the end of the name. Our own, since machines differ, and with nosniff a wrong one means no script at all."""

# No part is empty or begins with a dot, and nothing is a separator, whatever the system takes for one.
_PART = re.compile(r"[A-Za-z0-9_@~+-][A-Za-z0-9._@~+-]*")


def is_name(name: str) -> bool:
    """Return whether ``name`` could name a file of the page: no part of it climbs or hides."""
    return all(_PART.fullmatch(part) for part in name.split("/"))


class Body(NamedTuple):
    """What a file holds, and a tag that changes with it."""

    content: bytes
    etag: str


class PageFile(NamedTuple):
    """A file as it goes out."""

    body: Body
    media_type: str
    encoding: str | None


class _Stamp(NamedTuple):
    """What changes when a file is written anew."""

    modified: int
    size: int


class Page:
    """A folder of files; nothing outside it is ever given, and what the build replaces is read again."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._kept: dict[Path, tuple[_Stamp, Body]] = {}

    async def find(self, name: str, accepted: Accept) -> PageFile | None:
        """Return the file of that name, compressed if that is accepted and there; None if there is no such."""
        media_type = MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        plain = await self._read(name)
        if plain is None:
            return None
        for encoding, ending in ENCODINGS.items():
            if accepted.quality(encoding) > 0 and (body := await self._read(name + ending)) is not None:
                return PageFile(body, media_type, encoding)
        return PageFile(plain, media_type, None)

    async def _read(self, name: str) -> Body | None:
        path = self._path(name)
        if path is None:
            return None
        found = path.stat()
        stamp = _Stamp(found.st_mtime_ns, found.st_size)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        content = await asyncio.to_thread(path.read_bytes)
        body = Body(content, hashlib.sha256(content).hexdigest()[:32])
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[path] = stamp, body
        return body

    def _path(self, name: str) -> Path | None:
        """Return where a file of the folder is; None for what is none, or leads out of it."""
        if not is_name(name):
            return None
        folder = self._folder.resolve()
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
