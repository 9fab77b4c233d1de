"""What is wrong with the database, told in a sentence to the person who started a command."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class DatabaseTroubleError(Exception):
    """The database cannot be used; the message says why and what to do."""


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what a driver raises in the block into a :class:`DatabaseTroubleError` that shows no password."""
    from asyncpg import InterfaceError, PostgresError
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except (OSError, sqlite3.Error, PostgresError, InterfaceError, DBAPIError) as error:
        shown = re.sub(r"//[^@/]*@", "//", url)
        reason = getattr(error, "orig", None) or error
        raise DatabaseTroubleError(
            f"the database {shown} cannot be used: {reason}."
            " Check WEGENT_DATABASE_URL, and bring it up to date: wegent-server migrate"
        ) from None
