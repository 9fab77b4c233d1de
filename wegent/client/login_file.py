"""The file of logins: ``credentials.json``, which several programs read and write, each in one step.

::

    {"default": url, "backends": {url: {"token": …, "user": …, "expires_at": …}},
     "device_default": url, "devices": {url: …}, "given": {hash: …}}

``backends`` are people's logins, ``devices`` those that only an executor uses, ``given`` the successors of tokens
that an executor was started with. ``"keyring": true`` stands where the token is in the keyring.
"""

import logging
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import msgspec

from wegent.client.errors import LoginError

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

Shelf = Literal["backends", "devices", "given"]
"""The part of the file that a login is kept in."""
MOST_GIVEN = 8
"""Successors that are kept of tokens that were given: the newest ones."""
LOCKED_WITHIN = 20.0
LOCK_POLL = 0.05


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One login; without a token it is in the keyring."""

    token: str | None = None
    user: str | None = None
    expires_at: str | None = None
    keyring: bool = False


class Book(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the file holds."""

    default: str | None = None
    backends: dict[str, Entry] = {}
    device_default: str | None = None
    devices: dict[str, Entry] = {}
    given: dict[str, Entry] = {}

    def shelf(self, name: Shelf) -> dict[str, Entry]:
        """Return the logins of one part."""
        found: dict[str, Entry] = getattr(self, name)
        return found

    def with_shelf(self, name: Shelf, entries: Mapping[str, Entry]) -> "Book":
        """Return the book with other logins in one part."""
        kept = list(entries.items())[-MOST_GIVEN:] if name == "given" else entries
        return msgspec.structs.replace(self, **{name: dict(kept)})

    def with_default(self, name: Shelf, url: str | None) -> "Book":
        """Return the book with another server that is meant when none is named."""
        field = "device_default" if name == "devices" else "default"
        return msgspec.structs.replace(self, **{field: url})

    def default_of(self, name: Shelf) -> str | None:
        """Return the server that is meant when none is named."""
        return self.device_default or self.default if name == "devices" else self.default


def read(path: Path) -> Book:
    """Return what the file holds; raise :class:`LoginError` when it cannot be read.

    A file that others might read is made its owner's alone, and that is said.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Book()
    except OSError as error:
        raise LoginError(
            f"{path} cannot be read: {error.strerror}.", hint=f"Its mode should be 0600: {path}."
        ) from None
    _close_to_others(path)
    try:
        return msgspec.json.decode(content, type=Book)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LoginError(
            f"{path} cannot be read: {error}.", hint="Delete it and log in: `wegent login`."
        ) from None


def _close_to_others(path: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        if not stat.S_IMODE(path.stat().st_mode) & 0o077:
            return
        path.chmod(0o600)
    except FileNotFoundError:
        return  # logged out in this moment
    except OSError as error:
        raise LoginError(
            f"Others may read the logins in {path}, and that cannot be changed: {error.strerror}.",
            hint=f"Make it yours alone: chmod 600 {path}",
        ) from None
    log.warning("Others could read the logins in %s; its mode is 0600 now. If they are not to be trusted,"
                " revoke these logins in the settings and log in again.", path)  # fmt: skip


def write(path: Path, book: Book) -> None:
    """Replace the file in one step, so that nobody ever reads half of it."""
    text = msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n"
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One writer at a time: a login must not undo what a renewal has just written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "a") as lock:
        _take(lock, path)
        yield


def _take(lock: IO[str], path: Path) -> None:
    """Wait for a lock, but not for ever: who has it may wait for a person to unlock a keyring."""
    until = time.monotonic() + LOCKED_WITHIN
    while sys.platform != "win32":
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LoginError(
                    f"Another program has been changing {path} for {LOCKED_WITHIN:g} seconds.",
                    hint="Look for a login that waits for an answer, and answer or end it.",
                ) from None
        time.sleep(LOCK_POLL)
