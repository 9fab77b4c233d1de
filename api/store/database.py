"""SQL through ``databases``: one writer lane and a few readers on SQLite, a pool on PostgreSQL.

SQLite takes one writer at a time; asking for that turn in the process first (the lane) and then with
BEGIN IMMEDIATE is what keeps many concurrent writers fast and free of "database is locked".
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self

import asyncpg
import databases
import sqlalchemy as sa
from databases.core import Connection
from sqlalchemy.dialects import postgresql, sqlite

from api.store.cancellation import to_its_end
from api.store.statements import Statement

BUSY_TIMEOUT_SECONDS = 15
READERS = 3
POOL_SIZE = 10
STATEMENT_SECONDS = 60

UNIQUE_VIOLATIONS = (sqlite3.IntegrityError, asyncpg.UniqueViolationError)
"""What a statement raises that would break a uniqueness rule."""
REFERENCE_VIOLATIONS = (sqlite3.IntegrityError, asyncpg.ForeignKeyViolationError)
"""What a statement raises that names a row which is gone."""
_TROUBLE = (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class _SQLiteConnection(sqlite3.Connection):
    """Sets what SQLite forgets between connections.

    ``synchronous = FULL``: a commit that was answered survives a power cut, as on PostgreSQL.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA foreign_keys = ON")
        # SQLite's own knows A to Z only; searching compares with it.
        self.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


class Database(ABC):
    """Connections to read with, and transactions to write in."""

    dialect: str

    @staticmethod
    @asynccontextmanager
    async def open(url: str) -> "AsyncIterator[Database]":
        """Connect to ``sqlite:///path`` or ``postgresql://…`` until the block ends."""
        kind = SQLite if url.startswith("sqlite") else PostgreSQL
        async with kind.connected(url) as database:
            yield database

    @abstractmethod
    def read(self) -> Any:
        """Return an async context manager that gives a connection for reading."""

    @abstractmethod
    def write(self) -> Any:
        """Return an async context manager: a transaction, committed at its end, rolled back on an exception."""

    @asynccontextmanager
    async def savepoint(self, connection: Connection) -> AsyncIterator[None]:
        """Let a statement that fails in the block undo only itself, within a transaction.

        SQLite undoes a failed statement alone anyway; PostgreSQL needs a savepoint for that.
        """
        if self.dialect == "sqlite":
            yield
            return
        await connection.execute("SAVEPOINT statement")
        try:
            yield
        except BaseException:
            await connection.execute("ROLLBACK TO SAVEPOINT statement")
            raise
        await connection.execute("RELEASE SAVEPOINT statement")

    def insert_or_ignore(self, table: sa.Table) -> Any:
        """Return an INSERT that does nothing where a uniqueness rule says that the row is there already."""
        kind = sqlite if self.dialect == "sqlite" else postgresql
        return kind.insert(table).on_conflict_do_nothing()

    def locking(self, query: sa.Select[Any], *, skip_locked: bool = False) -> sa.Select[Any]:
        """Return ``query`` so that the rows stay locked until the transaction's end.

        On SQLite a writing transaction is alone anyway.
        """
        return query if self.dialect == "sqlite" else query.with_for_update(skip_locked=skip_locked)


class _Whole:
    """A connection whose statements always run to their end, even when the wait for one is cancelled.

    Sessions are cancelled at any moment. A statement that is cancelled half-way leaves a cursor on SQLite, and
    with it an old snapshot for whoever gets the connection next; on PostgreSQL it leaves a connection that never
    comes back to the pool.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, query: Any) -> Any:
        """As :meth:`Connection.execute`."""
        return await to_its_end(self._connection.execute(_prepared(query)))

    async def fetch_one(self, query: Any) -> Any:
        """As :meth:`Connection.fetch_one`."""
        return await to_its_end(self._connection.fetch_one(_prepared(query)))

    async def fetch_all(self, query: Any) -> Any:
        """As :meth:`Connection.fetch_all`."""
        return await to_its_end(self._connection.fetch_all(_prepared(query)))

    async def fetch_val(self, query: Any) -> Any:
        """As :meth:`Connection.fetch_val`."""
        return await to_its_end(self._connection.fetch_val(_prepared(query)))


def _prepared(query: Any) -> Any:
    return query if isinstance(query, str) else Statement(query)


@asynccontextmanager
async def _transaction(connection: Connection, begin: str) -> AsyncIterator[_Whole]:
    """Give a connection in a transaction: committed at the block's end, rolled back on an exception."""
    try:
        await to_its_end(connection.execute(begin))
        yield _Whole(connection)
        await to_its_end(connection.execute("COMMIT"))
    except BaseException:
        # There is nothing to roll back where it did not begin, or was committed after all.
        with suppress(*_TROUBLE):
            await to_its_end(connection.execute("ROLLBACK"))
        raise


class SQLite(Database):
    """One writer, ``READERS`` readers, all held open."""

    dialect = "sqlite"

    def __init__(self, writer: Connection, readers: list[Connection]) -> None:
        self._writer = writer
        self._lane = asyncio.Lock()
        self._readers: asyncio.Queue[_Whole] = asyncio.Queue()
        for reader in readers:
            self._readers.put_nowait(_Whole(reader))

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str) -> AsyncIterator[Self]:
        """Open the file, and close it at the block's end."""
        async with AsyncExitStack() as stack:
            connections = []
            for _ in range(1 + READERS):
                database = databases.Database(url, factory=_SQLiteConnection)
                await stack.enter_async_context(database)
                connections.append(await stack.enter_async_context(database.connection()))
            yield cls(connections[0], connections[1:])

    @asynccontextmanager
    async def read(self) -> AsyncIterator[_Whole]:
        """Give one of the readers."""
        reader = await self._readers.get()
        try:
            yield reader
        finally:
            self._readers.put_nowait(reader)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[_Whole]:
        """Give the writer, in a transaction that holds SQLite's write lock from its start."""
        async with self._lane, _transaction(self._writer, "BEGIN IMMEDIATE") as connection:
            yield connection


class PostgreSQL(Database):
    """A pool of ``POOL_SIZE`` connections."""

    dialect = "postgresql"

    def __init__(self, database: databases.Database) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str) -> AsyncIterator[Self]:
        """Fill the pool, and empty it at the block's end."""
        async with databases.Database(
            url, min_size=1, max_size=POOL_SIZE, command_timeout=STATEMENT_SECONDS
        ) as database:
            yield cls(database)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        connection = self._database.connection()

        async def release() -> None:
            await connection.__aexit__()

        await to_its_end(connection.__aenter__(), undo=release)
        try:
            yield connection
        finally:
            await to_its_end(release())

    @asynccontextmanager
    async def read(self) -> AsyncIterator[_Whole]:
        """Give a connection of the pool."""
        async with self._connection() as connection:
            yield _Whole(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[_Whole]:
        """Give a connection of the pool, in a transaction."""
        async with self._connection() as connection, _transaction(connection, "BEGIN") as whole:
            yield whole
