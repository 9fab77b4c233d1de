"""What the executor was told, read once: flags before environment before ``config.toml``."""

import os
import platform
from argparse import Namespace
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, Self

import msgspec

from executor import fault, kernels, shells
from executor.kernels import Kernel
from executor.permission import PermissionMode
from executor.settings import Settings
from executor.shells.base import Here
from wegent.client import credentials
from wegent.protocol.resources import DeviceKind
from wegent.protocol.timing import InvalidSettingError, Timing

TokenSource = Literal["flag", "environment", "file"]


class NoLoginError(Exception):
    """There is no token to connect with; the message says how to get one."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the executor needs to know; it does not change while it runs.

    ``kept`` processes rest between turns (:mod:`executor.kept`), each for ``kept_seconds`` at most.
    ``named_shells`` are those that the owner named with ``--shell``; ``shells`` are all that are offered.
    """

    url: str
    token: str
    token_source: TokenSource
    home: Path
    kind: DeviceKind = "local"
    name: str = ""
    slots: int = 5
    shells: tuple[str, ...] = ()
    named_shells: frozenset[str] = frozenset()
    kernels: dict[str, Kernel] = {}
    folders: tuple[Path, ...] = ()
    permission_mode: PermissionMode = "ask"
    labels: dict[str, str] = {}
    environ: dict[str, str] = {}
    kept: int = 5
    kept_seconds: float = 1800
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
        named = _checked_shells(said.shells or ())
        url, token, source = _login(flags.token, file.token, said.url, environ)
        return cls(
            url=url,
            token=token,
            token_source=source,
            home=home,
            kind=flags.mode,
            name=said.name or f"{platform.system()} - {platform.node()}"[:200],
            slots=said.slots or 5,
            shells=shells.usable(named or shells.DEFAULTS, Here(environ, offered)),
            named_shells=frozenset(named),
            kernels=offered,
            folders=tuple(_checked_folder(folder) for folder in said.workspaces or ()),
            permission_mode=said.permission_mode or "ask",
            labels=said.labels or {},
            kept=0 if flags.mode == "cloud" else 5 if said.kept is None else said.kept,
            kept_seconds=said.kept_seconds or 1800,
            environ=environ,
            timing=Timing.from_env(environ),
            armed_fault=_checked_fault(environ.get("WEGENT_FAULT")),
        )

    def __repr__(self) -> str:
        """Show what is offered to whom, and no secret."""
        return f"Config(url={self.url!r}, name={self.name!r}, shells={self.shells!r}, home={str(self.home)!r})"


def program_version() -> str:
    """Return the installed version of Wegent."""
    try:
        return version("wegent")
    except PackageNotFoundError:
        return ""


def _login(
    flag: str | None, file: str | None, url: str | None, environ: Mapping[str, str]
) -> tuple[str, str, TokenSource]:
    """Return where to connect and with what: a flag, the environment, ``config.toml``, or what login saved."""
    named = {**environ, "WEGENT_BACKEND_URL": url} if url else environ
    if flag:
        return credentials.default_url(named), flag, "flag"
    if file and not environ.get("WEGENT_TOKEN", "").strip():
        return credentials.default_url(named), file, "flag"
    login = credentials.load(environ=named)
    if login is None:
        raise NoLoginError(
            f"There is no login for {credentials.default_url(named)}. Run `wegent-executor login`, or make a"
            " token in the settings and start with --token TOKEN or WEGENT_TOKEN=TOKEN."
        )
    return login.url, login.token, "environment" if login.source == "environment" else "file"


def _checked_shells(names: Sequence[str]) -> tuple[str, ...]:
    known = shells.known()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidSettingError(f"There is no shell {', '.join(unknown)}. The shells are {', '.join(known)}.")
    return tuple(dict.fromkeys(names))


def _checked_folder(folder: str) -> Path:
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise InvalidSettingError(f"There is no folder {folder} to offer. Make it, or offer another one.")
    return path


def _checked_fault(point: str | None) -> str | None:
    """Take the fault points that are the executor's; the variable may name one of another program's."""
    return point if point in fault.POINTS else None
