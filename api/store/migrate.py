"""Brings a database to the schema of ``tables.py`` with Alembic. Safe to run by several processes at once."""

import asyncio
import time
from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

BUSY_SECONDS = 60
_ADVISORY_LOCK = 0x5765_6765_6E74  # "Wegent": one migrator at a time on PostgreSQL


def config() -> Config:
    """Return Alembic's configuration, which works from a checkout and from a wheel alike."""
    configuration = Config()
    configuration.set_main_option("script_location", str(files("api.store") / "migrations"))
    return configuration


def upgrade(url: str) -> None:
    """Create or upgrade the schema at ``sqlite:///path`` or ``postgresql://…``."""
    if url.startswith("sqlite"):
        path = Path(sa.make_url(url).database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        with engine.connect() as connection:
            _enable_wal(connection)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _upgrade_on(connection)
            connection.commit()
        engine.dispose()
    else:
        asyncio.run(_upgrade_postgresql(url))


def _enable_wal(connection: sa.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait for others with that, as it does elsewhere."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(sa.text("PRAGMA journal_mode = WAL"))
            connection.commit()
            return
        except sa.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            connection.rollback()
            time.sleep(0.05)


async def _upgrade_postgresql(url: str) -> None:
    engine = create_async_engine(sa.make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        await connection.run_sync(_upgrade_on)
    await engine.dispose()


def _upgrade_on(connection: sa.Connection) -> None:
    configuration = config()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")
