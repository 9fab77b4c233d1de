"""The secrets of this device that must not leave it, and of one task: looked for again while it runs."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Never

from executor.config import Config
from executor.patterns import Patterns
from executor.redaction import Secrets
from executor.secret_files import SecretFiles
from executor.secret_values import in_environment

log = logging.getLogger(__name__)

READ_EVERY = 2.0
"""Seconds after which files are looked at again while a task runs."""
MOST = 5000
"""Secrets of one task; more files than that hold nobody's."""


class OwnerSecrets:
    """What the executor itself knows: its login, its environment, the owner's files."""

    def __init__(self, config: Config, token: Callable[[], str]) -> None:
        self._token = token
        self._folders = config.folders
        self._values = {config.token: "the login"}
        if config.redaction == "on":
            self._values |= in_environment(config.environ)
        self._files = SecretFiles(config.redact_files)
        self.patterns = Patterns(config.redact)

    def known(self) -> Mapping[str, str]:
        """Return all that was found until now, never less than before: a former token is still a secret."""
        self._values.setdefault(self._token(), "the login")
        return self._values

    async def read(self) -> None:
        """Look at the owner's files."""
        self._values |= await asyncio.to_thread(self._files.read, self._folders)

    async def read_below(self, folder: Path) -> dict[str, str]:
        """Return what is in such files below a task's folder, which may not be there yet."""
        return await asyncio.to_thread(self._files.read_below, [folder])


class TaskSecrets:
    """What one task's output must not tell: its owner's secrets, and those that it was given itself."""

    def __init__(self, owner: OwnerSecrets, env: Mapping[str, str], folder: Path) -> None:
        self._owner = owner
        self._folder = folder
        self._own = in_environment(env)
        self._counts = (0, 0)
        self._secrets = Secrets({})

    def __call__(self) -> Secrets:
        """Return what is to be looked for now."""
        known = self._owner.known()
        counts = len(known), len(self._own)
        if counts != self._counts:
            self._counts = counts
            self._secrets = Secrets(dict(list({**known, **self._own}.items())[:MOST]))
        return self._secrets

    async def read(self) -> None:
        """Look at the files."""
        await self._owner.read()
        self._own |= await self._owner.read_below(self._folder)

    async def watch(self) -> Never:
        """Look at the files again and again."""
        while True:
            await asyncio.sleep(READ_EVERY)
            try:
                await self.read()
            except Exception:
                log.exception("Files with secrets could not be read; what is known of them is still taken out.")
