"""What the executor was told: flags before environment before the file of logins, read once."""

import os
import platform
from argparse import Namespace
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self

import msgspec

from executor import fault
from executor.permission import PermissionMode
from wegent.client import credentials
from wegent.protocol.resources import DeviceKind
from wegent.protocol.timing import InvalidSettingError, Timing, positive_integer

TokenSource = Literal["flag", "environment", "file"]

CLAUDE_SDKS = ("claude_agent_sdk", "claude_code_sdk")


class NoLoginError(Exception):
    """There is no token to connect with; the message says how to get one."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the executor needs to know; it does not change while it runs.

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
    folders: tuple[Path, ...] = ()
    permission_mode: PermissionMode = "ask"
    labels: dict[str, str] = {}
    environ: dict[str, str] = {}
    timing: Timing = Timing()
    armed_fault: str | None = None

    @classmethod
    def read(cls, flags: Namespace, environ: Mapping[str, str] = os.environ) -> Self:
        """Combine ``flags`` with ``environ``; raise InvalidSettingError or :class:`NoLoginError`."""
        url, token, source = _login(flags.token, environ)
        return cls(
            url=url,
            token=token,
            token_source=source,
            home=credentials.home(environ).absolute(),
            kind=flags.mode,
            name=_checked_name(flags.name or f"{platform.system()} - {platform.node()}"[:200]),
            slots=_checked_slots(flags.slots, environ),
            shells=tuple(dict.fromkeys(flags.shell)) if flags.shell else _default_shells(),
            named_shells=frozenset(flags.shell or ()),
            folders=tuple(_checked_folder(folder) for folder in flags.workspace or ()),
            permission_mode=flags.permission_mode,
            labels=dict(_checked_label(label) for label in flags.label or ()),
            environ=dict(environ),
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


def _login(flag: str | None, environ: Mapping[str, str]) -> tuple[str, str, TokenSource]:
    if flag:
        return credentials.default_url(environ), flag, "flag"
    login = credentials.load(environ=environ)
    if login is None:
        raise NoLoginError(
            f"There is no login for {credentials.default_url(environ)}. Run `wegent-executor login`, or make a"
            " token in the settings and start with --token TOKEN or WEGENT_TOKEN=TOKEN."
        )
    return login.url, login.token, "environment" if login.source == "environment" else "file"


def _default_shells() -> tuple[str, ...]:
    """Offer ClaudeCode where its SDK is installed; asking where a package is does not import it."""
    return ("ClaudeCode",) if any(find_spec(name) for name in CLAUDE_SDKS) else ()


def _checked_name(name: str) -> str:
    if len(name) > 200:
        raise InvalidSettingError(f"--name may have 200 characters, this one has {len(name)}")
    return name


def _checked_slots(flag: int | None, environ: Mapping[str, str]) -> int:
    slots = positive_integer(environ, "WEGENT_SLOTS", 5) if flag is None else flag
    if not 1 <= slots <= 1000:
        raise InvalidSettingError(f"--slots {slots} must be from 1 to 1000")
    return slots


def _checked_folder(folder: str) -> Path:
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise InvalidSettingError(f"--workspace {folder}: there is no such folder")
    return path


def _checked_label(label: str) -> tuple[str, str]:
    key, equals, value = label.partition("=")
    if not equals or not 1 <= len(key) <= 64 or len(value) > 200:
        raise InvalidSettingError(
            f"--label {label!r} must be key=value (key up to 64 characters, value up to 200)"
        )
    return key, value


def _checked_fault(point: str | None) -> str | None:
    """Take the fault points that are the executor's; the variable may name one of another program's."""
    return point if point in fault.POINTS else None
