"""Whether a database has the tables that this version needs, asked before anything is served from it."""

from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from api.store import migrate
from api.store.database import Database


class OldSchemaError(Exception):
    """The tables are missing or older than this version needs."""


def check_file(url: str) -> None:
    """Raise FileNotFoundError for an SQLite file that is not there: opening would make an empty one."""
    if url.startswith("sqlite"):
        path = Path(sa.make_url(url).database or "")
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}")


async def check(database: Database) -> None:
    """Raise :class:`OldSchemaError` unless the tables are this version's, or a newer one's.

    Newer ones are right while an upgrade goes on: the database first, then one process after the other.
    """
    async with database.read() as connection:
        found = await connection.fetch_val("SELECT version_num FROM alembic_version")
    scripts = ScriptDirectory.from_config(migrate.config())
    if found is None or (found != scripts.get_current_head() and _is_known(scripts, found)):
        raise OldSchemaError(f"its tables are of the older version {found}")


def _is_known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False
