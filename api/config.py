"""The server's settings, read once from the environment into one frozen object."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import msgspec

from wegent.protocol.timing import InvalidSettingError, Timing, positive_integer

DEFAULT_BIND = "127.0.0.1:8000"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the API and the worker need to know; every field has an environment variable."""

    database_url: str
    redis_url: str
    secret_key: str
    data_dir: Path
    bind: str = DEFAULT_BIND
    public_url: str = f"http://{DEFAULT_BIND}"
    admin_password: str | None = None
    queue_limit: int = 1000
    timing: Timing = Timing()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read ``WEGENT_…``; raise :class:`InvalidSettingError` that names the variable that cannot be.

        Where ``WEGENT_SECRET_KEY`` is not set, the key that ``wegent-server up`` left in the data folder is used.
        """
        data_dir = Path(environ.get("WEGENT_DATA_DIR") or "~/.wegent").expanduser().absolute()
        bind = environ.get("WEGENT_BIND") or DEFAULT_BIND
        return cls(
            database_url=environ.get("WEGENT_DATABASE_URL") or f"sqlite:///{data_dir / 'wegent.db'}",
            redis_url=environ.get("WEGENT_REDIS_URL") or "redis://127.0.0.1:6379/0",
            secret_key=environ.get("WEGENT_SECRET_KEY") or read_secret_key(data_dir),
            data_dir=data_dir,
            bind=_checked_bind(bind),
            public_url=_checked_url(environ.get("WEGENT_PUBLIC_URL") or f"http://{bind}"),
            admin_password=environ.get("WEGENT_ADMIN_PASSWORD") or None,
            queue_limit=positive_integer(environ, "WEGENT_QUEUE_LIMIT", 1000),
            timing=Timing.from_env(environ),
        )

    def __repr__(self) -> str:
        """Show where things are, and no secret."""
        return f"Settings(bind={self.bind!r}, public_url={self.public_url!r}, data_dir={str(self.data_dir)!r})"


def _secret_key_file(data_dir: Path) -> Path:
    return data_dir / "secret_key"


def read_secret_key(data_dir: Path) -> str:
    """Return the key that ``wegent-server up`` made; raise :class:`InvalidSettingError` if there is none."""
    try:
        return _secret_key_file(data_dir).read_text().strip()
    except FileNotFoundError:
        raise InvalidSettingError(
            "WEGENT_SECRET_KEY is not set. Set it to a random string that all API processes share,"
            " for example the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        ) from None


def ensure_secret_key(data_dir: Path) -> str:
    """Return the data folder's key, making one (readable by its owner only) at the first start."""
    path = _secret_key_file(data_dir)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_secret_key(data_dir)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return read_secret_key(data_dir)


def _checked_bind(bind: str) -> str:
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InvalidSettingError(f"WEGENT_BIND={bind!r} must be host:port, for example 127.0.0.1:8000")
    return bind


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidSettingError(f"WEGENT_PUBLIC_URL={url!r} must be like https://wegent.example.org")
    return f"{parts.scheme}://{parts.netloc}"
