"""``wegent-server up`` as a real process, with a home of the test's own."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil
from support.processes import Program, Programs, eventually, free_port

from wegent.client import credentials

MODEL_FREE = {"WEGENT_CANCEL_SECONDS": "1.5", "WEGENT_TERMINATE_SECONDS": "0.5"}


class Upped:
    """One run of ``up`` after the other on one data folder and one port."""

    def __init__(self, programs: Programs, **env: str) -> None:
        self.programs = programs
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = programs.folder / "home"
        self.data = self.home / ".wegent"
        self.environ = {**MODEL_FREE, "WEGENT_BIND": f"127.0.0.1:{self.port}", **env}
        self.program: Program

    def begin(self, *flags: str, **env: str) -> Program:
        """Start it, and wait for nothing."""
        self.program = self.programs.module(
            "api.cli", "up", *flags, name="up", env={**self.environ, **env}, is_split=True
        )
        return self.program

    async def start(self, *flags: str, **env: str) -> Program:
        """Start it, and return when it says that all is ready."""
        program = self.begin(*flags, **env)
        try:
            await program.line(r"^Wegent is ready at ", 60)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.errors}") from None
        return program

    @property
    def said(self) -> list[str]:
        """The lines on standard output."""
        return self.program.text.splitlines()

    @property
    def errors(self) -> str:
        """What stands on standard error."""
        return self.program.errors.read_text()

    def log(self, name: str) -> str:
        """What a child wrote."""
        path = self.data / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    @property
    def login(self) -> credentials.Login:
        """The login that `up` saved for this computer."""
        saved = credentials.load(self.url, self.client_environ)
        assert saved is not None
        return saved

    @property
    def client_environ(self) -> Mapping[str, str]:
        """What a `wegent` in the same home sees."""
        return {"WEGENT_HOME": str(self.home / ".wegent-executor")}

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """Make a request with the saved login and return its JSON; fail on an error."""
        headers = {"Authorization": f"Bearer {self.login.token}", "Accept": "application/json"}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.request(method, f"{self.url}{path}", headers=headers, **options) as response,
        ):
            body = await response.read()
            assert response.status < 300, f"{method} {path}: {response.status} {body!r}"
            return msgspec.json.decode(body) if body else None

    async def command(self, line: str) -> str:
        """Send a line for the shell and return its subtask's id."""
        sent = await self.call("POST", "/tasks", json={"prompt": line, "shell": "Command"})
        return str(sent["subtask_id"])

    async def settled(self, subtask_id: str) -> Any:
        """Wait until a subtask has ended and return it."""

        async def look() -> Any:
            found = await self.call("GET", f"/subtasks/{subtask_id}")
            return found if found["state"] in {"completed", "failed", "cancelled"} else None

        return await eventually(look, what=f"{subtask_id} is settled")

    def children(self, *words: str) -> list[int]:
        """Return the pids of processes of this run whose command line has these words."""
        found = []
        for process in self.programs.marked():
            with suppress(psutil.Error):  # it may end while it is looked at
                if all(word in process.cmdline() for word in words):
                    found.append(process.pid)
        return found


def is_private(path: Path) -> bool:
    """Whether only its owner can read it."""
    return path.stat().st_mode & 0o077 == 0
