"""Files that go up with a task; how far a large one is stands in the status line."""

import asyncio
from collections.abc import Sequence

from rich.filesize import decimal

from wegent.client.async_client import AsyncClient
from wegent.protocol.resources import StoredFile
from wegent.terminal.session import Session

SHOW_SECONDS = 0.2
"""Between two looks at how far it is; what is there sooner is not shown at all."""


async def upload_all(session: Session, client: AsyncClient, paths: Sequence[str]) -> list[StoredFile]:
    """Upload files, one after the other; nothing has been sent to a device until all are there."""
    return [await _upload(session, client, path) for path in paths]


async def _upload(session: Session, client: AsyncClient, path: str) -> StoredFile:
    gone = 0

    def note(count: int) -> None:
        nonlocal gone
        gone = count

    work = asyncio.ensure_future(client.upload(path, progress=note))
    try:
        while not (await asyncio.wait({work}, timeout=SHOW_SECONDS))[0]:
            session.screen.status(session.words("uploading", path=path, size=decimal(gone)))
            await session.screen.flush()
        return work.result()
    finally:
        work.cancel()
        session.screen.status("")
        await session.screen.flush()
