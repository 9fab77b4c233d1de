"""Files that a task sends back: stored on the server for whoever sent the task, and told by a ``file`` event."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from io import BytesIO

import aiohttp
import msgspec

from executor.files.transfers import TIMEOUT, Transfer, check_passing
from executor.redaction.redactor import BinarySecretError, Redactor
from wegent.client import network
from wegent.client.errors import ConnectionFailedError
from wegent.client.file_name import safe
from wegent.client.files import file_form
from wegent.protocol.output_events import AnyEvent, File, Notice
from wegent.protocol.resources import MAX_FILE, StoredFile
from wegent.protocol.time_limit import time_limit

WITHIN = 600.0
"""Seconds that one file has to reach the server."""


class UploadError(Exception):
    """A file that cannot be sent; the message is for whoever waits for it."""


class Uploads:
    """Sends files of one subtask to the server at ``url``, with the token that is valid at the time."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        subtask_id: str,
        emit: Callable[[AnyEvent], Awaitable[None]],
        redactor: Redactor,
    ) -> None:
        self._url = url
        self._token = token
        self._subtask_id = subtask_id
        self._emit = emit
        self._redactor = redactor
        self._transfer = Transfer(self._tell_trouble)

    async def send(self, name: str, media_type: str, content: bytes) -> File:
        """Store a file and tell of it; tried again while the server is away. Raise :class:`UploadError`."""
        name = safe(self._redactor.text(name))
        try:
            content = await asyncio.to_thread(self._redactor.content, name, content)
        except BinarySecretError as error:
            raise UploadError(str(error)) from None
        if len(content) > MAX_FILE:
            raise UploadError(f"{name} has more than {MAX_FILE >> 20} MiB, which is the most that can be sent.")
        try:
            async with time_limit(WITHIN), network.session(self._url, timeout=TIMEOUT) as http:
                stored = await self._transfer.repeat(partial(self._store, http, name, media_type, content))
        except ConnectionFailedError as error:
            raise UploadError(f"{name} cannot be sent: {error}") from None
        except TimeoutError:
            raise UploadError(
                f"{name} could not be sent within {WITHIN:g} seconds. Check the device's connection to the server."
            ) from None
        file = File(name, stored.media_type, stored.size, stored.id)
        await self._emit(file)
        return file

    async def _store(self, http: aiohttp.ClientSession, name: str, media_type: str, content: bytes) -> StoredFile:
        async with http.post(
            f"{self._url}/files",
            params={"subtask_id": self._subtask_id},
            data=file_form(name, media_type, BytesIO(content)),
            headers={"Authorization": f"Bearer {self._token()}"},
            allow_redirects=False,
        ) as answer:
            check_passing(answer)
            told = await answer.read()
        if answer.status != 201:
            raise UploadError(f"{name} cannot be sent: {_reason(answer, told)}.")
        try:
            return msgspec.json.decode(told, type=StoredFile)
        except msgspec.DecodeError as error:
            raise UploadError(f"{name} was sent, but the server's answer cannot be read: {error}.") from None

    async def _tell_trouble(self, reason: str) -> None:
        await self._emit(Notice("warning", f"Files cannot be sent yet ({reason}); trying again."))


def _reason(answer: aiohttp.ClientResponse, told: bytes) -> str:
    """Return why the server did not take a file: in its own words (RFC 9457), where it has some."""
    try:
        detail = msgspec.json.decode(told)["detail"]
    except (msgspec.DecodeError, KeyError, TypeError):
        detail = ""
    return f"the server answered HTTP {answer.status} {detail or answer.reason}".rstrip(".")
