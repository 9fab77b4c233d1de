"""Files that were attached to a message: fetched into the task's own folder before its shell starts."""

import asyncio
import filecmp
import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import BinaryIO

import aiohttp

from executor.files.transfers import TIMEOUT, Transfer, check_passing
from wegent.client import network
from wegent.client.errors import ConnectionFailedError
from wegent.client.file_name import numbered, safe
from wegent.protocol.output_events import Notice
from wegent.protocol.resources import MAX_FILE
from wegent.protocol.time_limit import time_limit

FOLDER = "attachments"
ALL_WITHIN = 600.0
"""Seconds in which all files of a message must be here."""
_CHUNK = 256 << 10


class AttachmentError(Exception):
    """An attached file that cannot be had; the message is for the sender."""


class Attachments:
    """Fetches files of the server at ``url`` into ``folder``, with the token that is valid at the time."""

    def __init__(
        self, url: str, token: Callable[[], str], folder: Path, tell: Callable[[Notice], Awaitable[None]]
    ) -> None:
        self._url = url
        self._token = token
        self._folder = folder
        self._tell = tell
        self._transfer = Transfer(self._tell_trouble)

    async def fetch(self, ids: Sequence[str]) -> list[Path]:
        """Return where the files are now, in the order of ``ids``; raise :class:`AttachmentError`."""
        if not ids:
            return []
        try:
            await asyncio.to_thread(self._prepare)
            async with time_limit(ALL_WITHIN), network.session(self._url, timeout=TIMEOUT) as http:
                paths: list[Path] = []
                for id in dict.fromkeys(ids):
                    paths.append(await self._transfer.repeat(partial(self._download, http, id, tuple(paths))))
                return paths
        except TimeoutError:
            raise AttachmentError(
                f"The attached files could not be fetched within {ALL_WITHIN:g} seconds. Check the device's"
                " connection to the server, then retry."
            ) from None
        except ConnectionFailedError as error:
            raise AttachmentError(f"The attached files cannot be fetched: {error}") from None
        except OSError as error:
            raise AttachmentError(f"The attached files cannot be stored on the device: {error}.") from None

    def _prepare(self) -> None:
        """Make the folder; a link that a task left in its place must not lead what comes elsewhere."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._folder.is_symlink():
            raise AttachmentError(f"{self._folder} is a link; attached files go only to a folder. Remove it.")

    async def _tell_trouble(self, reason: str) -> None:
        await self._tell(Notice("warning", f"The attached files cannot be fetched yet ({reason}); trying again."))

    async def _download(self, http: aiohttp.ClientSession, id: str, taken: Sequence[Path]) -> Path:
        headers = {"Authorization": f"Bearer {self._token()}"}
        url = f"{self._url}/files/{id}"
        part = self._folder / f".{id}.part"
        async with http.get(url, headers=headers, allow_redirects=False) as answer:
            _check(answer, id)
            try:
                await _write(answer.content, part, id)
                named = answer.content_disposition.filename if answer.content_disposition else None
                return await asyncio.to_thread(self._keep, part, safe(named or id), taken)
            finally:
                part.unlink(missing_ok=True)

    def _keep(self, part: Path, name: str, taken: Sequence[Path]) -> Path:
        """Give the file its name; a retry finds its files here already, and makes no second copies of them."""
        for number in count(1):
            path = self._folder / numbered(name, number)
            if not os.path.lexists(path):
                return part.replace(path)
            is_same = path not in taken and path.is_file() and not path.is_symlink()
            if is_same and filecmp.cmp(part, path, shallow=False):
                return path
        raise AssertionError("count never ends")


def listed(paths: Sequence[Path]) -> str:
    """Return the words that tell a model of its files; empty without any."""
    if not paths:
        return ""
    return "\n\nFiles attached to this message:\n" + "".join(f"- {path}\n" for path in paths)


def _check(answer: aiohttp.ClientResponse, id: str) -> None:
    if answer.status == 200:
        return
    check_passing(answer)
    if answer.status == 404:
        raise AttachmentError(
            f"The attached file {id} is not on the server (any more): files are kept for 24 hours."
            " Attach it again and send the message anew."
        )
    raise AttachmentError(
        f"The attached file {id} cannot be fetched: the server answered HTTP {answer.status} {answer.reason}."
    )


def _anew(path: Path) -> BinaryIO:
    """Make a file: what was left in its place may be a link, or a pipe that nobody reads."""
    path.unlink(missing_ok=True)
    return path.open("xb")


async def _write(content: aiohttp.StreamReader, part: Path, id: str) -> None:
    size = 0
    with _anew(part) as file:
        async for chunk in content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > MAX_FILE:
                raise AttachmentError(f"The attached file {id} has more than {MAX_FILE >> 20} MiB.")
            await asyncio.to_thread(file.write, chunk)
