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

    def known(self) -> dict[str, str]:
        """Return the secrets that need no file; a token that was once in use stays one."""
        self._values.setdefault(self._token(), "the login")
        return self._values

    def read(self, folder: Path) -> dict[str, str]:
        """Return what is in files now, also below a task's ``folder``. It takes a while: not for a loop."""
        return self._files.read((*self._folders, folder))


class TaskSecrets:
    """What one task's output must not tell: its owner's secrets, and those that it was given itself."""

    def __init__(self, owner: OwnerSecrets, env: Mapping[str, str], folder: Path) -> None:
        self._owner = owner
        self._folder = folder
        self._own = in_environment(env)
        self._in_files: dict[str, str] = {}
        self._is_changed = True
        self._count = 0
        self._secrets = Secrets({})

    def __call__(self) -> Secrets:
        """Return what is to be looked for now."""
        known = self._owner.known()
        if self._is_changed or len(known) != self._count:
            self._is_changed, self._count = False, len(known)
            values = known | self._own | self._in_files
            self._secrets = Secrets(dict(list(values.items())[:MOST]))
        return self._secrets

    async def read(self) -> None:
        """Look at the files; what was once in one stays a secret of this task."""
        found = await asyncio.to_thread(self._owner.read, self._folder)
        if found.keys() - self._in_files.keys():
            self._in_files |= found
            self._is_changed = True

    async def watch(self) -> Never:
        """Look at the files again and again."""
        while True:
            await asyncio.sleep(READ_EVERY)
            try:
                await self.read()
            except Exception:
                log.exception("Files with secrets could not be read; what is known of them is still taken out.")
