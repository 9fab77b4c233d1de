"""``wegent-server up``: everything on this computer, in one terminal, with nothing to set up."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from api import first_login, orphans, readiness
from api.addresses import PortTakenError, check_port_is_free, local_url
from api.config import Settings, ensure_secret_key
from api.embedded_redis import NoRedisError, prepare
from api.store.database import Database
from api.store.migrate import upgrade
from api.store.trouble import TroubleError, told
from api.supervisor import Program, StartError, Supervisor, first_of
from wegent.client.credentials import Login, default_url
from wegent.client.errors import LoginError

if sys.platform != "win32":
    import fcntl

READY_SECONDS = 60.0
ONE_SIGNAL_SECONDS = 0.5
"""Two signals this close are one wish: a terminal that closes, or a runner that asks twice."""
EXECUTOR_REPORT_SECONDS = 7.0
"""What the executor needs beyond the grace of its tasks, to report how they ended."""
_SECRETS = {"WEGENT_SECRET_KEY", "WEGENT_DATABASE_URL", "WEGENT_REDIS_URL", "WEGENT_ADMIN_PASSWORD"}
_SHELLS = ("ClaudeCode", "Notebook", "Python", "Command")
"""What this computer offers, as far as it can run there."""
_OTHER_LOGINS = {"WEGENT_TOKEN", "WEGENT_BACKEND_URL"}
_EXECUTOR_ENDS = {
    2: "its settings cannot be; its log says which.",
    3: "its login is no longer good. Start `wegent-server up` again: it makes a new one.",
    4: "another executor took this device over. End that one, then start `wegent-server up` again.",
    5: "it is too old for this server. Upgrade it.",
}


class Options(msgspec.Struct, frozen=True):
    """What the command line said."""

    has_executor: bool = True
    workspaces: tuple[str, ...] = ()


def tell(text: str) -> None:
    """Tell the person who started us."""
    print(text, flush=True)


def warn(text: str) -> None:
    """Tell what happened since; standard output ends with the line that says that all is ready."""
    print(text, file=sys.stderr, flush=True)


async def run(environ: Mapping[str, str], options: Options) -> int:
    """Start everything, keep it running until a signal, and end it; return the exit code."""
    if sys.platform == "win32":
        warn("wegent-server up needs Linux or macOS (on Windows: WSL), because Redis does.")
        return 1
    try:
        data_dir = Settings.from_env({**environ, "WEGENT_SECRET_KEY": "not asked yet"}).data_dir
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _only_one(data_dir):
            return await Run(environ, options, data_dir).run()
    except (StartError, NoRedisError, PortTakenError, TroubleError, LoginError) as error:
        warn(f"wegent-server: {error}")
        return 1


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder; the lock goes with the process, however that ends."""
    with open(data_dir / "up.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartError(
                f"another `wegent-server up` (process {lock.read().strip()}) uses the data folder {data_dir}."
                " Stop that one, or give this one its own: WEGENT_DATA_DIR=… and --bind 127.0.0.1:8001."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class Run:
    """One run of ``up``: what it was told, and what it started."""

    def __init__(self, environ: Mapping[str, str], options: Options, data_dir: Path) -> None:
        self._environ = dict(environ)
        self._options = options
        self._data_dir = data_dir
        self._stop = asyncio.Event()
        if not self._environ.get("WEGENT_SECRET_KEY"):
            ensure_secret_key(data_dir)
        self._settings = Settings.from_env(self._environ)
        self._url = local_url(self._settings.bind)

    async def run(self) -> int:
        """Do it all; return the exit code."""
        orphans.adopt()
        try:
            async with Supervisor(self._data_dir / "logs", warn) as supervisor:
                with self._signals(supervisor):
                    await first_of(self._start(supervisor), self._stop.wait(), supervisor.failure())
                    if not self._stop.is_set():
                        supervisor.has_started = True
                        tell(f"Wegent is ready at {self._settings.public_url}")
                        await first_of(
                            self._stop.wait(),
                            supervisor.failure(),
                            orphans.reap(lambda: supervisor.pids),
                            self._renew_login(),
                        )
                    warn("Stopping: tasks that run here are ended first. Press Ctrl-C again to end at once.")
                    await supervisor.stop()
        finally:
            if killed := orphans.kill():
                warn(f"Killed {killed} left-over processes.")
        return 0

    @contextmanager
    def _signals(self, supervisor: Supervisor) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        last = -ONE_SIGNAL_SECONDS

        def on_signal() -> None:
            nonlocal last
            if self._stop.is_set() and loop.time() - last > ONE_SIGNAL_SECONDS:
                supervisor.hurry.set()
            self._stop.set()
            last = loop.time()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, on_signal)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def _start(self, supervisor: Supervisor) -> None:
        check_port_is_free(self._settings.bind)
        tell(f"Wegent keeps its data and its logs in {self._data_dir}")
        await self._start_redis(supervisor)
        await self._prepare_database()
        supervisor.start(self._server_part("api", stop_seconds=15))
        supervisor.start(self._server_part("worker", stop_seconds=10))
        await readiness.wait_for_api(self._url, READY_SECONDS)
        async with Database.open(self._settings.database_url) as database:
            login = await first_login.ensure_login(database, self._settings, self._url, self._environ)
            if self._options.has_executor:
                if first_login.forget_device_login(self._url, self._environ):
                    tell(f"This computer's executor uses {login.user}'s login from now on, not one of its own.")
                supervisor.start(self._executor())
                device = await readiness.wait_for_device(login, self._environ, READY_SECONDS)
                await first_login.ensure_default_device(database, login, device)
                tell(f"This computer is the device {device.name!r}, with {device.slots.total} slots.")
        tell(f"Send it a task from another terminal:  {_example(login, self._environ)}")

    async def _start_redis(self, supervisor: Supervisor) -> None:
        if not self._environ.get("WEGENT_REDIS_URL"):
            embedded = prepare(self._data_dir)
            self._environ["WEGENT_REDIS_URL"] = embedded.url
            supervisor.start(Program(name="redis", argv=embedded.argv, environ=self._environ, stop_seconds=5))
        self._settings = Settings.from_env(self._environ)
        await readiness.wait_for_redis(self._settings.redis_url)

    async def _prepare_database(self) -> None:
        url = self._settings.database_url
        with told(url):
            await asyncio.to_thread(upgrade, url)
            async with Database.open(url) as database:
                password = await first_login.ensure_admin(database, self._settings)
        if password is not None:
            tell(f"Made the user admin. Its password, shown only this once: {password}")

    def _server_part(self, name: str, stop_seconds: float) -> Program:
        argv = (sys.executable, "-P", "-m", "api.cli", name)
        return Program(name=name, argv=argv, environ=self._environ, stop_seconds=stop_seconds)

    def _executor(self) -> Program:
        """Return the executor, which gets none of the server's secrets and logs in to this server only."""
        kept = {name: value for name, value in self._environ.items() if name not in _SECRETS | _OTHER_LOGINS}
        flags = ["--mode", "local", "--allow-results"]
        for shell in _SHELLS:
            flags += ["--shell", shell]
        for folder in self._options.workspaces:
            flags += ["--workspace", folder]
        return Program(
            name="executor",
            argv=(sys.executable, "-P", "-m", "executor.main", *flags),
            environ={**kept, "WEGENT_BACKEND_URL": self._url},
            stop_seconds=self._settings.timing.grace + EXECUTOR_REPORT_SECONDS,
            # Asked, not killed: it ends what it runs.
            death_signal=signal.SIGTERM,
            final=_EXECUTOR_ENDS,
        )

    async def _renew_login(self) -> None:
        while True:
            try:
                async with Database.open(self._settings.database_url) as database:
                    await first_login.renew_login(database, self._settings, self._url, self._environ)
            except Exception as error:
                warn(f"This computer's login could not be renewed; trying again in an hour: {error}")
            await asyncio.sleep(first_login.RENEW_CHECK_SECONDS)


def _example(login: Login, environ: Mapping[str, str]) -> str:
    """Return a command that works when it is pasted into another terminal."""
    beside = Path(sys.argv[0]).with_name("wegent")
    program = "wegent" if shutil.which("wegent") or not beside.exists() else str(beside)
    elsewhere = f" --url {login.url}" if default_url(environ) != login.url else ""
    return f"{program}{elsewhere} run --shell Command 'echo Hello from $(hostname)'"
