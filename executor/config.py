"""What the executor was told, read once: flags before environment before ``config.toml``."""

import glob
import os
import platform
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from executor import fault, kernels, shells
from executor.kernels import Kernel
from executor.output.limits import Limits
from executor.permission import PermissionMode
from executor.redaction import secret_files
from executor.redaction.patterns import Patterns
from executor.settings import Redaction, Settings
from executor.shells.base import Here
from wegent.client import credentials
from wegent.client.credentials import Login
from wegent.protocol.resources import DeviceKind
from wegent.protocol.timing import InvalidSettingError, Timing


class NoLoginError(Exception):
    """There is no token to connect with; the message says how to get one."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the executor needs to know; it does not change while it runs.

    ``login`` is the one to begin with: it is renewed while the executor runs. ``named_shells`` are those that the
    owner named with ``--shell``; ``shells`` are all that are offered. In ``trusted_projects`` the project's own
    settings count; Claude Code stays warm for ``warm_seconds``, and ``kept`` kernels rest between turns
    (:mod:`executor.processes.kept`), each for ``kept_seconds`` at most.
    """

    url: str
    login: Login
    home: Path
    kind: DeviceKind = "local"
    name: str = ""
    slots: int = 5
    shells: tuple[str, ...] = ()
    named_shells: frozenset[str] = frozenset()
    kernels: dict[str, Kernel] = {}
    folders: tuple[Path, ...] = ()
    trusted_projects: tuple[Path, ...] = ()
    permission_mode: PermissionMode = "ask"
    allow_results: bool = False
    approval_seconds: float = 43_200.0
    redaction: Redaction = "on"
    redact: tuple[str, ...] = ()
    redact_files: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    warm_seconds: int = 300
    keep_awake: bool = False
    once: bool = False
    """Whether it ends after one subtask."""
    is_tethered: bool = False
    """Whether it ends with the program that started it (:mod:`executor.tether`)."""
    environ: dict[str, str] = {}
    kept: int = 5
    kept_seconds: float = 1800
    limits: Limits = Limits()
    timing: Timing = Timing()
    armed_fault: str | None = None

    @classmethod
    def read(cls, flags: Namespace, environ: Mapping[str, str] = os.environ) -> Self:
        """Combine flags, environment and file; raise InvalidSettingError or :class:`NoLoginError`."""
        home = credentials.home(environ).absolute()
        file = Settings.of_file(home)
        environ = {**(file.environment or {}), **environ}
        said = Settings.of_flags(flags).over(Settings.of_environment(environ)).over(file)
        offered = kernels.offered(said.kernels, said.pythons or ())
        named = _checked_shells(said.shells or flags.usual_shells or ())
        login = find_login(flags.token, file.token, said.url, environ)
        slots = 1 if flags.once else said.slots or 5
        return cls(
            url=login.url,
            login=login,
            home=home,
            kind=flags.mode,
            name=said.name or f"{platform.system()} - {platform.node()}"[:200],
            slots=slots,
            shells=shells.usable(named or shells.DEFAULTS, Here(environ, offered)),
            named_shells=frozenset(named),
            kernels=offered,
            folders=tuple(_checked_folder(folder) for folder in said.workspaces or ()),
            trusted_projects=tuple(_checked_folder(folder) for folder in said.trusted_projects or ()),
            permission_mode=said.permission_mode or "ask",
            allow_results=bool(said.allow_results),
            approval_seconds=said.approval_seconds or 43_200.0,
            redaction=said.redaction or "on",
            redact=_checked_patterns(said.redact or []),
            redact_files=_files(said, home),
            labels=said.labels or {},
            kept=0 if flags.mode == "cloud" else 5 if said.kept is None else said.kept,
            kept_seconds=said.kept_seconds or 1800,
            warm_seconds=0 if flags.mode == "cloud" else 300 if said.warm_seconds is None else said.warm_seconds,
            keep_awake=said.keep_awake or False,
            once=flags.once,
            is_tethered=flags.is_tethered,
            environ=environ,
            limits=Limits.of(said, slots, flags.mode == "cloud"),
            timing=Timing.from_env(environ),
            armed_fault=_checked_fault(environ.get("WEGENT_FAULT")),
        )

    @property
    def token(self) -> str:
        """The token to begin with."""
        return self.login.token

    def __repr__(self) -> str:
        """Show what is offered to whom, and no secret."""
        return f"Config(url={self.url!r}, name={self.name!r}, shells={self.shells!r}, home={str(self.home)!r})"


def find_login(flag: str | None, file: str | None, url: str | None, environ: Mapping[str, str]) -> Login:
    """Return the login to begin with: from a flag, the environment, ``config.toml``, or what login saved.

    Of a token that was given and renewed before it is the newest successor.
    """
    named = {**environ, "WEGENT_BACKEND_URL": url} if url else environ
    given = flag or (None if environ.get("WEGENT_TOKEN", "").strip() else file)
    if given:
        server = credentials.default_url(named, "devices")
        return credentials.given(Login(server, given, source="arguments"), named)
    login = credentials.load(environ=named, shelf="devices")
    if login is None:
        server = credentials.default_url(named, "devices")
        raise NoLoginError(
            f"There is no login for {server}. Run `wegent-executor login --url {server}`, or make a token in the"
            " settings and start with --token TOKEN or WEGENT_TOKEN=TOKEN."
        )
    return login if login.source == "file" else credentials.given(login, named)


def _checked_shells(names: Sequence[str]) -> tuple[str, ...]:
    known = shells.known()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidSettingError(f"There is no shell {', '.join(unknown)}. The shells are {', '.join(known)}.")
    return tuple(dict.fromkeys(names))


def _checked_folder(folder: str) -> Path:
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise InvalidSettingError(f"There is no folder {folder}. Make it, or name another one.")
    return path


def _checked_patterns(patterns: list[str]) -> tuple[str, ...]:
    Patterns(patterns)
    return tuple(patterns)


def _files(said: Settings, home: Path) -> tuple[str, ...]:
    """Return where secrets stand: our own logins, the owner's files, and the usual ones unless switched off."""
    usual = secret_files.DEFAULT if said.redaction != "off" else ()
    own = (glob.escape(str(home / name)) for name in ("credentials.json", "config.toml"))
    return (*own, *usual, *(said.redact_files or ()))


def _checked_fault(point: str | None) -> str | None:
    """Take the fault points that are the executor's; the variable may name one of another program's."""
    return point if point in fault.POINTS else None
