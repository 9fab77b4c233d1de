"""The computer that is examined: how it is set up, and what earlier checks have learned for later ones."""

from argparse import Namespace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from executor.kernels import Kernel
from executor.settings import Settings


class Proxy(NamedTuple):
    """What stands between here and the server, and the variable that says so."""

    url: str
    variable: str


class Patient:
    """``environ`` is what the executor would have, once the check of config.toml has added what that says."""

    def __init__(self, flags: Namespace, home: Path, environ: dict[str, str]) -> None:
        self.flags = flags
        self.home = home
        self.environ = environ
        self.settings = self.file = Settings()
        """What counts, and what config.toml says of it."""
        self.kernels: dict[str, Kernel] = {}
        self.url = ""
        self.proxy: Proxy | None = None
        self.token: str | None = None
        self.date: str | None = None
        """The ``Date`` header of the server's answer."""
        self.ahead = 0.0
        """Seconds by which this computer's clock is ahead of the server's."""

    @property
    def is_encrypted(self) -> bool:
        """Whether the server is reached by TLS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The server's port."""
        return urlsplit(self.url).port or (443 if self.is_encrypted else 80)
