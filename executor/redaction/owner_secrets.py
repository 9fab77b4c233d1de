"""The secrets of this device that must not leave it, and of one task: looked for again while it runs."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Never

from executor.config import Config
from executor.redaction.patterns import Patterns
from executor.redaction.pieces import Secrets
from executor.redaction.secret_files import SecretFiles
from executor.redaction.secret_values import in_environment

log = logging.getLogger(__name__)

READ_EVERY = 2.0
"""Seconds after which files are looked at again while a task runs."""
MOST = 2000
"""Secrets of one task; more than that hold nobody's, and to look for them would hold up the rest."""


class OwnerSecrets:
    """What the executor itself knows: its login, its environment, the owner's files."""

    def __init__(self, config: Config, token: Callable[[], str]) -> None:
        self._token = token
        self._folders = config.folders
        self._values = {config.token: "the login"}
        if config.redaction == "on":
            self._values |= in_environment(config.environ)
        self._below: dict[str, str] = {}
        self._files = SecretFiles(config.redact_files)
        self.patterns = Patterns(config.redact)

    @property
    def token(self) -> str:
        """The login of now."""
        return self._token()

    def known(self) -> dict[str, str]:
        """Return all that was found until now, never less than before: a former token is still a secret.

        What stands below folders comes last: tasks write there too, and must not push anything out.
        """
        self._values.setdefault(self.token, "the login")
        return dict(islice({self.token: "the login", **self._values, **self._below}.items(), MOST))

    async def read(self) -> None:
        """Look at the owner's files."""
        self._values |= await asyncio.to_thread(self._files.read)
        if len(self._below) < MOST:
            self._below |= await asyncio.to_thread(self._files.read_below, self._folders)

    async def read_below(self, folder: Path) -> dict[str, str]:
        """Return what is in such files below a task's folder, which may not be there yet."""
        return await asyncio.to_thread(self._files.read_below, [folder])


class TaskSecrets:
    """What one task's output must not tell: its owner's secrets, and those that it was given itself."""

    def __init__(self, owner: OwnerSecrets, env: Mapping[str, str], folder: Path) -> None:
        self._owner = owner
        self._folder = folder
        self._own = in_environment(env)
        self._known: dict[str, str] = {}
        self._secrets = Secrets({})

    def __call__(self) -> Secrets:
        """Return what is to be looked for now."""
        if self._owner.token not in self._known:  # renewed, or nothing was read yet
            self._known = self._all()
            self._secrets = Secrets(self._known)
        return self._secrets

    async def read(self) -> None:
        """Look at the files."""
        await self._owner.read()
        if len(self._own) < MOST:
            self._own |= await self._owner.read_below(self._folder)
        known = self._all()
        if known.keys() != self._known.keys():
            self._secrets = await asyncio.to_thread(Secrets, known)
            self._known = known

    def _all(self) -> dict[str, str]:
        return dict(islice({**self._owner.known(), **self._own}.items(), MOST))

    async def watch(self) -> Never:
        """Look at the files again and again."""
        while True:
            await asyncio.sleep(READ_EVERY)
            try:
                await self.read()
            except Exception:
                log.exception("Files with secrets could not be read; what is known of them is still taken out.")
