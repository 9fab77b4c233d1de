"""Files that come down: `wegent get`, and what a followed task sends back."""

import asyncio
import sys
from pathlib import Path

from wegent.client.async_client import AsyncClient
from wegent.client.errors import FileError, WegentError
from wegent.client.files import download, keep, replace
from wegent.protocol.output_events import File
from wegent.terminal.json_lines import json_line
from wegent.terminal.screen import Screen
from wegent.terminal.session import Session
from wegent.terminal.words import Words


class Saver:
    """Downloads every file of one task into ``folder``, as it comes."""

    def __init__(self, client: AsyncClient, folder: Path, screen: Screen, words: Words, as_json: bool) -> None:
        self._client = client
        self._folder = folder
        self._screen = screen
        self._words = words
        self._as_json = as_json
        self.has_failed = False

    async def save(self, event: File) -> None:
        """Download one file and say where it is; that it cannot be had ends nothing."""
        try:
            path = str(await self._client.download(event, self._folder))
        except WegentError as error:
            self.has_failed = True
            data = {"code": error.code, "message": error.message, "hint": error.hint}
            self._tell({"type": "not_saved", "id": event.id, "error": data}, *self._failure(event, error))
        else:
            self._tell({"type": "saved", "id": event.id, "path": path}, self._words("saved", path=path), "dim")

    def exit_code(self, code: int) -> int:
        """Return a task's exit code, which is no success if a file is missing."""
        return code or int(self.has_failed)

    def _failure(self, event: File, error: WegentError) -> tuple[str, str]:
        message, hint = self._words.error(error)
        return self._words("not_saved", name=event.name, reason=f"{message} {hint}".strip()), "red"

    def _tell(self, data: object, text: str, style: str) -> None:
        if self._as_json:
            self._screen.out(json_line(data))
        else:
            self._screen.line(text, style)


async def get(session: Session, id: str, output: str | None, force: bool) -> int:
    """Download one file: under its own name, to ``output``, or to standard output for ``-``."""
    async with session.client() as client:
        got = await download(client.rest, id)
    if output == "-":
        sys.stdout.buffer.write(got.content)
        sys.stdout.buffer.flush()
        return 0
    path = await asyncio.to_thread(_put, session, Path(output or "."), got.name, got.content, force)
    if session.as_json:
        data = {"id": id, "name": got.name, "media_type": got.media_type, "size": len(got.content)}
        session.screen.out(json_line(data | {"path": str(path)}))
    else:
        session.screen.line(session.words("saved", path=str(path)))
    await session.screen.flush()
    return 0


def _put(session: Session, target: Path, name: str, content: bytes, force: bool) -> Path:
    if target.is_dir():
        return keep(target, name, content)
    if target.exists() and not force:
        raise FileError(session.words("is_there", path=str(target)), hint=session.words("is_there_hint"))
    replace(target, content)
    return target
