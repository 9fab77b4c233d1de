"""Files between this computer and the server."""

import asyncio
import os
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path

import aiohttp
import msgspec

from wegent.client.errors import FileError
from wegent.client.file_name import media_type_of, numbered, safe
from wegent.client.rest import Rest, path_of
from wegent.protocol.output_events import File
from wegent.protocol.resources import MAX_FILE, StoredFile

Content = str | os.PathLike[str] | bytes
"""A file's path, or what is in it."""
Attachment = str | os.PathLike[str] | StoredFile | File
"""A file's path, or one that the server has."""


class Download(msgspec.Struct, frozen=True):
    """A file that the server gave; ``name`` is a safe one."""

    name: str
    media_type: str
    content: bytes


def file_form(name: str, media_type: str, content: BytesIO) -> aiohttp.FormData:
    """Return the body of ``POST /files``; ``name`` must be a safe one. It can be sent once.

    Names go as UTF-8, as browsers send them (HTML, "multipart form data"); aiohttp's own quoting would reach
    the server as part of the name.
    """
    form = aiohttp.FormData(quote_fields=False)
    # From a file object it is sent in pieces, between which the loop can do other things.
    form.add_field("file", content, filename=name, content_type=media_type)
    return form


class _Counted(BytesIO):
    """Tells how much was read of it."""

    def __init__(self, content: bytes, tell: Callable[[int], object]) -> None:
        super().__init__(content)
        self._tell_read = tell

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self._tell_read(self.tell())
        return piece


async def upload(
    rest: Rest, file: Content, name: str | None = None, progress: Callable[[int], object] | None = None
) -> StoredFile:
    """Store a file for a day. ``progress`` is told how many bytes have gone, from whichever thread.

    Raises :class:`FileError` for one that cannot be read or has more than ``MAX_FILE`` bytes.
    """
    content = file if isinstance(file, bytes) else await asyncio.to_thread(_read, Path(file))
    named = safe(name or ("file" if isinstance(file, bytes) else Path(file).name))
    if len(content) > MAX_FILE:
        raise FileError(f"{named} has more than {MAX_FILE >> 20} MiB.", hint="Send less, or several files.")

    def form() -> aiohttp.FormData:
        body = BytesIO(content) if progress is None else _Counted(content, progress)
        return file_form(named, media_type_of(named), body)

    return await rest.call(StoredFile, "POST", "/files", form=form)


async def attach(rest: Rest, attachments: "list[Attachment]") -> list[str]:
    """Return the ids of files, once the server has all of them."""
    return [
        each.id if isinstance(each, StoredFile | File) else (await upload(rest, each)).id for each in attachments
    ]


async def download(rest: Rest, id: str, progress: Callable[[int], object] | None = None) -> Download:
    """Fetch a file of one's own; raise :class:`NotFoundError` once its day is over."""
    name, media_type, content = await rest.content(path_of("files", id), progress)
    return Download(safe(name or id), media_type, content)


async def put(path: Path, file: Download) -> Path:
    """Write a file into a folder under its own name, else to exactly ``path``; return where it is."""
    if await asyncio.to_thread(path.is_dir):
        return await asyncio.to_thread(keep, path, file.name, file.content)
    await asyncio.to_thread(replace, path, file.content)
    return path


def keep(folder: Path, name: str, content: bytes) -> Path:
    """Write a file into ``folder`` and return where: nothing else is overwritten, nothing outside is reached.

    The name is made safe, and numbered where another file has it already; the same file is kept once.
    """
    for number in count(1):
        path = folder / numbered(safe(name), number)
        try:
            if not path.is_symlink() and path.is_file() and path.read_bytes() == content:
                return path
            with path.open("xb") as file:
                file.write(content)
            return path
        except FileExistsError:
            continue
        except OSError as error:
            raise FileError(f"{path} cannot be written: {_reason(error)}.") from error
    raise AssertionError("count never ends")


def replace(path: Path, content: bytes) -> None:
    """Write a file to exactly ``path``, whole or not at all."""
    part = path.with_name(f".{path.name[:200]}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {_reason(error)}.") from error
    finally:
        part.unlink(missing_ok=True)


def made(folder: Path) -> Path:
    """Return a folder, which is made where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder} cannot be made a folder: {_reason(error)}.") from error
    return folder


def _read(path: Path) -> bytes:
    """Return a file, or one byte more than may be sent."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
