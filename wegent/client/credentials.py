"""Who this computer is logged in as: logins that the client, the terminal and the executor share.

They lie in ``credentials.json`` in ``$WEGENT_HOME``, else ``~/.wegent-executor``, readable by its owner only; the
tokens themselves in the keyring where that was asked for.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from wegent.client import claims, keyrings
from wegent.client.errors import LoginError
from wegent.client.login_file import Entry, Shelf, locked, read, write

DEFAULT_URL = "http://127.0.0.1:8000"
"""Where a server is looked for when nothing says where it is."""

Source = Literal["arguments", "environment", "file"]


class Login(msgspec.Struct, frozen=True):
    """A token for one server; ``source`` says where it came from, ``shelf`` and ``key`` where it is kept."""

    url: str
    token: str
    user: str | None = None
    expires_at: str | None = None
    source: Source = "file"
    shelf: Shelf = "backends"
    origin: str = ""
    """Of a token that was given: the hash of the first one, under which its successors are kept."""

    def __repr__(self) -> str:
        """Show whose login it is, and not the token."""
        return f"Login(url={self.url!r}, user={self.user!r}, source={self.source!r})"

    @property
    def key(self) -> str:
        """The name that it is kept under on its shelf."""
        return self.origin or normalised(self.url)


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that the executor and the client keep their files in."""
    return Path(environ.get("WEGENT_HOME") or "~/.wegent-executor").expanduser()


def credentials_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the logins are kept."""
    return home(environ) / "credentials.json"


def normalised(url: str) -> str:
    """Return ``url`` as logins are kept under; raise :class:`LoginError` if it is not a server's address."""
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise LoginError(f"{url!r} is not a server's address.", hint="It looks like https://wegent.example.org.")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def load(
    url: str | None = None, environ: Mapping[str, str] = os.environ, shelf: Shelf = "backends"
) -> Login | None:
    """Return the login for ``url``, else for ``WEGENT_BACKEND_URL``, else the default one; None if there is none.

    ``WEGENT_TOKEN`` goes before the file, but only to the server that it was set for: ``WEGENT_BACKEND_URL``,
    or without that to ``url`` or the default address. An executor (``shelf`` is ``devices``) has a login of its
    own where it was given one, else its owner's.
    """
    token = environ.get("WEGENT_TOKEN", "").strip()
    named = environ.get("WEGENT_BACKEND_URL", "").strip()
    chosen = normalised(url) if url else normalised(named) if named else None
    if token and (not url or not named or chosen == normalised(named)):
        return Login(chosen or DEFAULT_URL, token, source="environment")
    book = read(credentials_file(environ))
    chosen = chosen or book.default_of(shelf)
    if chosen is None:
        return None
    places: tuple[Shelf, ...] = ("devices", "backends") if shelf == "devices" else (shelf,)
    for place in places:
        entry = book.shelf(place).get(chosen)
        if entry is not None:
            found = Login(chosen, "", entry.user, entry.expires_at, "file", place)
            return msgspec.structs.replace(found, token=_token(found, entry, environ))
    return None


def resolve(url: str | None, token: str | None, environ: Mapping[str, str]) -> Login:
    """Return whom to be: what is given, else the environment, else what ``wegent login`` saved."""
    if token:
        return Login(normalised(url or default_url(environ)), token, source="arguments")
    login = load(url, environ)
    if login is None:
        server = normalised(url) if url else default_url(environ)
        if is_device(server, environ):
            raise LoginError(
                f"This computer is logged in to {server} as a device only, and a device may not send tasks.",
                hint="To send from it too, log in yourself: `wegent login`.",
            )
        named = f" --url {server}" if url else ""
        raise LoginError(f"You are not logged in to {server}.", hint=f"Log in: `wegent login{named}`.")
    return login


def whoami(answer: Mapping[str, Any]) -> str:
    """Return the name of the user that a login or ``/auth/me`` answers with."""
    user = answer.get("user", answer)
    return str(user.get("name", "") if isinstance(user, Mapping) else user)


def given(login: Login, environ: Mapping[str, str] = os.environ) -> Login:
    """Return the newest successor that is kept here of a token that came by a flag or the environment, else it."""
    origin = hashlib.sha256(f"{normalised(login.url)} {login.token}".encode()).hexdigest()
    placed = msgspec.structs.replace(login, shelf="given", origin=origin)
    entry = read(credentials_file(environ)).given.get(origin)
    if entry is None or entry.token is None:
        return placed
    return msgspec.structs.replace(placed, token=entry.token, expires_at=entry.expires_at)


def default_url(environ: Mapping[str, str] = os.environ, shelf: Shelf = "backends") -> str:
    """Return the server that is meant when none is named."""
    named = environ.get("WEGENT_BACKEND_URL", "").strip()
    if named:
        return normalised(named)
    book = read(credentials_file(environ))
    return book.default_of(shelf) or book.device_default or DEFAULT_URL


def is_device(url: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this computer's executor has a login of its own for ``url``."""
    return normalised(url) in read(credentials_file(environ)).devices


def check_place(
    url: str, in_keyring: bool | None, environ: Mapping[str, str] = os.environ, shelf: Shelf = "backends"
) -> None:
    """Raise :class:`LoginError` where :func:`save` could not keep a login for ``url``."""
    entry = read(credentials_file(environ)).shelf(shelf).get(normalised(url))
    if in_keyring or (in_keyring is None and entry is not None and entry.keyring):
        keyrings.check()


def save(
    login: Login,
    make_default: bool = False,
    environ: Mapping[str, str] = os.environ,
    in_keyring: bool | None = None,
) -> None:
    """Keep ``login``; it becomes the default one of its shelf if there is none, or if asked.

    ``in_keyring`` says where its token goes; None: where the one before was.
    """
    path = credentials_file(environ)
    with locked(path):
        book = read(path)
        entries = book.shelf(login.shelf)
        former = entries.get(login.key)
        was_in_keyring = former is not None and former.keyring
        entry = _kept(login, was_in_keyring if in_keyring is None else in_keyring, environ)
        if was_in_keyring and not entry.keyring:
            keyrings.drop(_account(login, environ))
        known = {key: kept for key, kept in entries.items() if key != login.key}
        book = book.with_shelf(login.shelf, {**known, login.key: entry})
        if make_default or book.default_of(login.shelf) not in entries:
            book = book.with_default(login.shelf, normalised(login.url))
        write(path, book)


def replace(former: Login, successor: Login, environ: Mapping[str, str] = os.environ) -> Login:
    """Keep what ``former`` was renewed to where that came from, and return the login that holds there now.

    Several programs may renew one login at a time, and a person may log in or out meanwhile: what is newer than
    ``successor``, or another login altogether, stays.
    """
    path = credentials_file(environ)
    with locked(path):
        book = read(path)
        entries = book.shelf(former.shelf)
        entry = entries.get(former.key)
        if entry is not None:
            held = _token(former, entry, environ)
            if held != former.token and not claims.is_former(held, successor.token):
                return msgspec.structs.replace(former, token=held, user=entry.user, expires_at=entry.expires_at)
        elif former.shelf != "given":
            return successor  # logged out here meanwhile: it is not brought back
        kept = _kept(successor, entry is not None and entry.keyring, environ)
        write(path, book.with_shelf(former.shelf, {**entries, former.key: kept}))
    return successor


def forget(url: str, environ: Mapping[str, str] = os.environ, shelf: Shelf = "backends") -> bool:
    """Drop the login for ``url``; return whether there was one."""
    url = normalised(url)
    path = credentials_file(environ)
    with locked(path):
        book = read(path)
        entries = dict(book.shelf(shelf))
        entry = entries.pop(url, None)
        if entry is None:
            return False
        book = book.with_shelf(shelf, entries)
        if url == (book.device_default if shelf == "devices" else book.default):
            book = book.with_default(shelf, next(iter(entries), None))
        write(path, book)
        if entry.keyring:
            keyrings.drop(_account(Login(url, "", shelf=shelf), environ))
    return True


def _kept(login: Login, in_keyring: bool, environ: Mapping[str, str]) -> Entry:
    """Return the file's entry of a login, whose token is put into the keyring where that was asked for."""
    if in_keyring:
        keyrings.put(_account(login, environ), login.token)
        return Entry(None, login.user, login.expires_at, keyring=True)
    return Entry(login.token, login.user, login.expires_at)


def _token(login: Login, entry: Entry, environ: Mapping[str, str]) -> str:
    """Return the token of an entry; raise :class:`LoginError` where the keyring does not give it."""
    token = keyrings.get(_account(login, environ)) if entry.keyring else entry.token
    if token is None:
        command = "wegent-executor login" if login.shelf == "devices" else "wegent login"
        raise LoginError(f"The keyring has no login for {login.url}.", hint=f"Log in again: `{command}`.")
    return token


def _account(login: Login, environ: Mapping[str, str]) -> str:
    """Return the name in the keyring: the file's own, so that another home has another."""
    return f"{login.shelf} {login.key} of {credentials_file(environ).absolute()}"
