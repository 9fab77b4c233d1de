"""Who this computer is logged in as: one file that the client, the terminal and the executor share.

``credentials.json`` lies in ``$WEGENT_HOME``, else ``~/.wegent-executor``, readable by its owner only::

    {"default": url, "backends": {url: {"token": …, "user": …, "expires_at": …}}}
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from wegent.client.errors import LoginError

if sys.platform != "win32":
    import fcntl

DEFAULT_URL = "http://127.0.0.1:8000"
"""Where a server is looked for when nothing says where it is."""

Source = Literal["arguments", "environment", "file"]


class Login(msgspec.Struct, frozen=True):
    """A token for one server; ``source`` says where it came from."""

    url: str
    token: str
    user: str | None = None
    expires_at: str | None = None
    source: Source = "file"

    def __repr__(self) -> str:
        """Show whose login it is, and not the token."""
        return f"Login(url={self.url!r}, user={self.user!r}, source={self.source!r})"


class _Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    token: str
    user: str | None = None
    expires_at: str | None = None


class _Book(msgspec.Struct, frozen=True):
    default: str | None = None
    backends: dict[str, _Entry] = {}


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


def load(url: str | None = None, environ: Mapping[str, str] = os.environ) -> Login | None:
    """Return the login for ``url``, else for ``WEGENT_BACKEND_URL``, else the default one; None if there is none.

    ``WEGENT_TOKEN`` goes before the file, but only to the server that it was set for: ``WEGENT_BACKEND_URL``,
    or without that to ``url`` or the default address.
    """
    token = environ.get("WEGENT_TOKEN", "").strip()
    named = environ.get("WEGENT_BACKEND_URL", "").strip()
    chosen = normalised(url) if url else normalised(named) if named else None
    if token and (not url or not named or chosen == normalised(named)):
        return Login(chosen or DEFAULT_URL, token, source="environment")
    book = _read(credentials_file(environ))
    chosen = chosen or book.default
    entry = book.backends.get(chosen) if chosen else None
    if chosen is None or entry is None:
        return None
    return Login(chosen, entry.token, entry.user, entry.expires_at, "file")


def default_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return the server that is meant when none is named."""
    named = environ.get("WEGENT_BACKEND_URL", "").strip()
    if named:
        return normalised(named)
    return _read(credentials_file(environ)).default or DEFAULT_URL


def save(login: Login, make_default: bool = False, environ: Mapping[str, str] = os.environ) -> None:
    """Keep ``login``; it becomes the default one if there is none, or if asked."""
    url = normalised(login.url)
    path = credentials_file(environ)
    with _locked(path):
        book = _read(path)
        backends = {**book.backends, url: _Entry(login.token, login.user, login.expires_at)}
        default = url if make_default or book.default not in backends else book.default
        _write(path, _Book(default, backends))


def forget(url: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Drop the login for ``url``; return whether there was one."""
    url = normalised(url)
    path = credentials_file(environ)
    with _locked(path):
        book = _read(path)
        backends = {known: entry for known, entry in book.backends.items() if known != url}
        if len(backends) == len(book.backends):
            return False
        default = next(iter(backends), None) if book.default == url else book.default
        _write(path, _Book(default, backends))
    return True


def _read(path: Path) -> _Book:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Book)
    except FileNotFoundError:
        return _Book()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LoginError(
            f"{path} cannot be read: {error}.", hint="Delete it and log in: `wegent login`."
        ) from None


def _write(path: Path, book: _Book) -> None:
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
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time: a login must not undo what a renewal has just written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "a") as lock:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
