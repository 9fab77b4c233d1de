"""What happens in a store when the API works, in short words: users, devices, turns, output, ends."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import sqlalchemy as sa

from api.config import Settings
from api.store import claims, output, registration, sending, settle, subtasks, tables, transitions
from api.store.database import Database
from api.store.devices import DeviceRow
from api.store.live_log import Appended, Entry
from api.store.migrate import upgrade
from api.store.store import Store, open_store
from api.store.subtasks import SubtaskRow
from wegent.protocol.chat_messages import Send
from wegent.protocol.device_messages import Register
from wegent.protocol.states import Event


@asynccontextmanager
async def migrated_store(database_url: str, redis_url: str, **environ: str) -> AsyncIterator[Store]:
    """Open a store on an empty database that gets its tables first."""
    await asyncio.to_thread(upgrade, database_url)
    urls = {"WEGENT_DATABASE_URL": database_url, "WEGENT_REDIS_URL": redis_url}
    secret = {"WEGENT_SECRET_KEY": "a key for tests that is long enough", "WEGENT_DATA_DIR": "/nonexistent"}
    async with open_store(Settings.from_env({**secret, **urls, **environ})) as store:
        yield store


class Session(msgspec.Struct, frozen=True):
    """A registered device, as its session in an API process knows it."""

    device: DeviceRow
    id: str


class Work:
    """Does to a store what sessions and requests do."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def user(self, name: str = "") -> str:
        """Add a user without a usable password (hashing one takes long); return the id."""
        user_id = name or secrets.token_hex(4)
        values = {"id": user_id, "name": user_id, "password_hash": "none", "is_admin": False, "created_at": 1}
        async with self.store.database.write() as connection:
            await connection.execute(tables.users.insert().values(values))
        return user_id

    async def register(self, user_id: str, device_id: str = "d-1", **fields: Any) -> Session:
        """Register a device (anew)."""
        asked = {"name": device_id, "shells": ["ClaudeCode", "Command"], **fields}
        session = secrets.token_hex(4)
        message = Register(device_id=device_id, **asked)
        registered = await registration.register(self.store, user_id, message, session)
        return Session(registered.device, session)

    async def send(self, user_id: str, prompt: str = "hi", **fields: Any) -> SubtaskRow:
        """Send a prompt and return the row."""
        message = Send(client_id=fields.pop("client_id", "") or secrets.token_hex(8), prompt=prompt, **fields)
        return await self.row((await sending.send(self.store, user_id, message)).subtask_id)

    async def row(self, subtask_id: str) -> SubtaskRow:
        """Return a subtask as SQL has it now."""
        async with self.store.database.read() as connection:
            row = await subtasks.find(connection, subtask_id)
        assert row is not None
        return row

    async def claim(self, session: Session) -> list[SubtaskRow]:
        """Take what the device has slots for."""
        return [claim.row for claim in await claims.claim(self.store, session.device, session.id)]

    async def happen(self, row: SubtaskRow, event: Event, **fields: Any) -> SubtaskRow | None:
        """Let an event happen to a subtask."""
        async with self.store.database.write() as connection:
            return await transitions.happen(connection, row.id, event, **fields)

    async def start(self, session: Session) -> list[SubtaskRow]:
        """Claim and accept; the live logs are open then."""
        running = []
        for row in await self.claim(session):
            accepted = await self.happen(row, Event.ACCEPT, attempt=row.attempt)
            assert accepted is not None
            await self.store.log.open(row.id, row.stored_seq)
            running.append(accepted)
        return running

    async def running(self, user_id: str, session: Session, **fields: Any) -> SubtaskRow:
        """Send one prompt to a device that has nothing else to do, and start it."""
        await self.send(user_id, device_id=session.device.device_id, **fields)
        (row,) = await self.start(session)
        return row

    async def append(self, row: SubtaskRow, first: int, *texts: str) -> Appended:
        """Append text events to the live log, the first numbered ``first``."""
        events = msgspec.json.encode([{"type": "text", "text": text} for text in texts])
        return await self.store.log.append(row.id, Entry.of(row.id, first, len(texts), events))

    async def complete(self, row: SubtaskRow, **fields: Any) -> SubtaskRow | None:
        """Settle a subtask as completed."""
        return await settle.settle(self.store, row.id, Event.COMPLETE, attempt=row.attempt, **fields)

    async def stored(self, row: SubtaskRow, *, late: bool = False) -> list[str]:
        """Return the texts that SQL has; fail where a number is missing, doubled or moved."""
        texts: list[str] = []
        start = cursor = ((await self.row(row.id)).seq or 0) if late else 0
        async with self.store.database.read() as connection:
            while pieces := await output.read(connection, row.id, cursor, late=late):
                for piece in pieces:
                    assert piece.first == cursor + 1, f"{piece.first} after {cursor}"
                    texts += [event["text"] for event in msgspec.json.decode(piece.events)]
                    cursor = piece.last
        assert start + len(texts) == cursor
        return texts

    async def dump(self) -> dict[str, list[Any]]:
        """Return every row of every table."""
        return await dump(self.store.database)


async def dump(database: Database) -> dict[str, list[Any]]:
    """Return every row of every table."""
    async with database.read() as connection:
        return {
            table.name: [
                tuple(record._mapping.values())
                for record in await connection.fetch_all(sa.select(table).order_by(*table.primary_key))
            ]
            for table in tables.metadata.sorted_tables
        }
