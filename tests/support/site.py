"""Wegent as people have it: ``wegent-server up``, executors, and the real Claude CLI on a scripted model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.model_endpoint import ModelEndpoint, Reply, claude_env, model_endpoint
from support.processes import Program, Programs, eventually
from support.stack import FAST, StackUser
from support.upped import Upped

from api.config import Settings
from api.store import tokens, users
from api.store.database import Database

PASSWORD = "password of admin"
ALL_SHELLS = ("--shell", "ClaudeCode", "--shell", "Command")


class Site:
    """A server with one user, admin, whose first device is this computer."""

    def __init__(self, up: Upped, model: ModelEndpoint, workspace: Path, claude: dict[str, str]) -> None:
        self.up = up
        self.model = model
        self.workspace = workspace
        """The folder that devices offer."""
        self._claude = claude

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.up.url

    @property
    def settings(self) -> Settings:
        """What the server reads."""
        return Settings.from_env(
            {**self.up.environ, "WEGENT_DATA_DIR": str(self.up.data), "WEGENT_PUBLIC_URL": self.up.url}
        )

    def script(self, *replies: Reply) -> None:
        """Let the model answer its next requests with these."""
        self.model.replies += replies

    async def user(self, name: str) -> StackUser:
        """Add a user, with a token of all scopes."""
        password = f"password of {name}"
        async with Database.open(self.settings.database_url) as database:
            row = await users.create(database, name, password)
            issued = await tokens.issue(database, self.settings, row.id, name="test")
        return StackUser(row.id, name, password, issued.token)

    async def token(self, *scopes: str, user: str = "admin") -> str:
        """Make a token, as ``wegent-server token`` does (``cloud`` is only for the operator's executors)."""
        given = {"scopes": scopes} if scopes else {}
        async with Database.open(self.settings.database_url) as database:
            row = await users.find(database, user)
            assert row is not None
            return (await tokens.issue(database, self.settings, row.id, name="test", **given)).token

    def begin_executor(self, name: str, token: str, *flags: str, mode: str = "local") -> Program:
        """Start a real executor of its own and wait for nothing; the same name is the same device."""
        home = self.up.programs.root / "executors" / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "device_id").write_text(name)
        login = {"WEGENT_BACKEND_URL": self.url, "WEGENT_TOKEN": token, "WEGENT_HOME": str(home)}
        shells = () if "--shell" in flags else ALL_SHELLS
        folder = ("--workspace", str(self.workspace))
        argv = ("--mode", mode, *shells, *folder, *flags)
        return self.up.programs.module("executor.main", *argv, name=name, env={**FAST, **self._claude, **login})

    async def start_executor(self, name: str, *flags: str) -> Program:
        """Start one more device of admin, and wait until it is online."""
        program = self.begin_executor(name, await self.token(), "--name", name, *flags)
        await self.online(name)
        return program

    async def start_cloud(self) -> Program:
        """Start an executor of the operator's pool, and wait until it is there."""
        program = self.begin_executor("pool", await self.token("cloud"), "--name", "pool", mode="cloud")

        async def is_there() -> bool:
            return bool((await self.up.call("GET", "/cloud"))["executors"])

        await eventually(is_there, 30, "the cloud is there")
        return program

    async def devices(self) -> list[Any]:
        """Return admin's devices."""
        return list((await self.up.call("GET", "/devices"))["items"])

    async def rename_first(self, name: str) -> None:
        """Give this computer, the only device there is, a name."""
        (here,) = await self.devices()
        await self.up.call("PATCH", f"/devices/{here['device_id']}", json={"name": name})

    async def online(self, device_id: str) -> None:
        """Wait until a device of admin is online."""

        async def is_online() -> bool:
            found = await self.devices()
            return any(one["device_id"] == device_id and one["status"] != "offline" for one in found)

        await eventually(is_online, 30, f"{device_id} is online")

    def api_pid(self) -> int:
        """Return the API process of `up`."""
        (pid,) = self.up.children("api.cli", "api")
        return pid


@asynccontextmanager
async def running_site(
    programs: Programs, folder: Path, workspace: Path | None = None, **env: str
) -> AsyncIterator[Site]:
    """Start it all on an empty home until the block ends; devices offer ``workspace``."""
    if workspace is None:
        workspace = folder / "work"
        workspace.mkdir()
    async with model_endpoint() as model:
        claude = claude_env(folder, model)
        del claude["HOME"]
        up = Upped(programs, WEGENT_ADMIN_PASSWORD=PASSWORD, **{**FAST, **claude, **env})
        await up.start("--workspace", str(workspace))
        yield Site(up, model, workspace, claude)
        programs.close()
