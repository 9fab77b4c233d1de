"""What the owner says: flags go before environment variables, and those before ``config.toml``."""

import os
import stat
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin

import msgspec
from msgspec import Meta

from executor.permission import PermissionMode
from wegent.protocol.timing import InvalidSettingError
from wegent.protocol.types import Name, Seconds, Word

Redaction = Literal["on", "off"]
FILE = "config.toml"
"""In the executor's home."""
_VARIABLES = {
    "url": "WEGENT_BACKEND_URL",
    "token": "WEGENT_TOKEN",
    "name": "WEGENT_NAME",
    "slots": "WEGENT_SLOTS",
    "shells": "WEGENT_SHELLS",
    "kernels": "WEGENT_KERNELS",
    "pythons": "WEGENT_PYTHONS",
    "workspaces": "WEGENT_WORKSPACES",
    "trusted_projects": "WEGENT_TRUSTED_PROJECTS",
    "permission_mode": "WEGENT_PERMISSION_MODE",
    "allow_results": "WEGENT_ALLOW_RESULTS",
    "labels": "WEGENT_LABELS",
    "kept": "WEGENT_KEPT",
    "kept_seconds": "WEGENT_KEPT_SECONDS",
    "approval_seconds": "WEGENT_APPROVAL_SECONDS",
    "redaction": "WEGENT_REDACTION",
    "redact_files": "WEGENT_REDACT_FILES",
    "output_mib": "WEGENT_OUTPUT_MIB",
    "output_file_mib": "WEGENT_OUTPUT_FILE_MIB",
    "outbox_mib": "WEGENT_OUTBOX_MIB",
    "warm_seconds": "WEGENT_WARM_SECONDS",
    "keep_awake": "WEGENT_KEEP_AWAKE",
}
"""Where the environment says a setting. Lists have commas between their items, folders and files what PATH has."""
_PATHS = frozenset({"workspaces", "trusted_projects", "redact_files"})
_FLAGS = {
    "shells": "shell",
    "kernels": "kernel",
    "pythons": "python",
    "workspaces": "workspace",
    "trusted_projects": "trust_project",
    "labels": "label",
    "redact_files": "redact_file",
}
"""Flags that are repeated have their setting's name in the singular."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one source says; None where it says nothing.

    ``environment`` stands in the file alone: variables that the executor has where its own environment lacks them.
    """

    url: str | None = None
    token: str | None = None
    name: Name | None = None
    slots: Annotated[int, Meta(ge=1, le=1000)] | None = None
    shells: Annotated[list[Word], Meta(max_length=32)] | None = None
    kernels: Annotated[list[Word], Meta(max_length=64)] | None = None
    pythons: Annotated[list[str], Meta(max_length=64)] | None = None
    workspaces: Annotated[list[str], Meta(max_length=64)] | None = None
    trusted_projects: Annotated[list[str], Meta(max_length=64)] | None = None
    permission_mode: PermissionMode | None = None
    allow_results: bool | None = None
    labels: Annotated[dict[Word, Annotated[str, Meta(max_length=200)]], Meta(max_length=64)] | None = None
    kept: Annotated[int, Meta(ge=0, le=1000)] | None = None
    kept_seconds: Seconds | None = None
    approval_seconds: Annotated[float, Meta(gt=0, le=86_400 * 7)] | None = None
    redaction: Redaction | None = None
    redact: Annotated[list[str], Meta(max_length=64)] | None = None
    redact_files: Annotated[list[str], Meta(max_length=64)] | None = None
    output_mib: Annotated[int, Meta(ge=1, le=1024)] | None = None
    output_file_mib: Annotated[int, Meta(ge=0, le=1 << 20)] | None = None
    outbox_mib: Annotated[int, Meta(ge=1, le=1 << 20)] | None = None
    warm_seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    keep_awake: bool | None = None
    environment: dict[str, str] | None = None

    @classmethod
    def of_flags(cls, flags: Namespace) -> Self:
        """Return what the command line says."""
        said = {name: getattr(flags, _FLAGS.get(name, name), None) for name in cls.__struct_fields__}
        return cls._checked(said, _flag)

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Self:
        """Return what environment variables say."""
        said = {name: _listed(name, environ.get(variable, "").strip()) for name, variable in _VARIABLES.items()}
        return cls._checked(said, lambda name: _VARIABLES[name])

    @classmethod
    def of_file(cls, home: Path) -> Self:
        """Return what ``config.toml`` in ``home`` says; nothing where there is none."""
        path = home / FILE
        try:
            said = msgspec.toml.decode(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidSettingError(f"{path} cannot be read: {error}. Correct it, or move it away.") from None
        unknown = sorted(said.keys() - set(cls.__struct_fields__))
        if unknown:
            known = ", ".join(cls.__struct_fields__)
            raise InvalidSettingError(
                f"{path}: there is no setting {', '.join(unknown)}. The settings are {known}."
            )
        if "token" in said and _is_readable_by_others(path):
            raise InvalidSettingError(f"{path} holds a token, and others may read it. Type: chmod 600 {path}")
        return cls._checked(said, lambda name: f"{path}: {name}")

    @classmethod
    def _checked(cls, said: Mapping[str, Any], label: Callable[[str], str]) -> Self:
        found = {}
        for name, value in said.items():
            if value is None:
                continue
            if name == "labels" and isinstance(value, list):
                value = dict(_label(text, label(name)) for text in value)
            kind = cls.__annotations__[name]
            try:
                found[name] = msgspec.convert(value, kind, strict=not isinstance(value, str))
            except msgspec.ValidationError as error:
                why = _choices(kind) or str(error).replace(" | null", "")
                raise InvalidSettingError(f"{label(name)} cannot be {_shown(value)}: {why}") from None
        return cls(**found)

    def over(self, other: Self) -> Self:
        """Return what both say; what this one says counts."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(other, **said)


def _flag(name: str) -> str:
    return "--" + _FLAGS.get(name, name).replace("_", "-")


def _listed(name: str, text: str) -> str | list[str] | None:
    """Take a variable's text apart where the setting is a list."""
    if not text:
        return None
    if name not in _FLAGS:
        return text
    return [item.strip() for item in text.split(os.pathsep if name in _PATHS else ",") if item.strip()]


def _label(text: str, where: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidSettingError(f"{where} {text!r} must be key=value")
    return key, value


def _choices(kind: Any) -> str:
    """Say what can be chosen, where a setting is one of some words; else nothing."""
    words = [word for option in get_args(kind) if get_origin(option) is Literal for word in get_args(option)]
    return f"it is one of {', '.join(words)}" if words else ""


def _shown(value: Any) -> str:
    return repr(value)[:200]


def _is_readable_by_others(path: Path) -> bool:
    return sys.platform != "win32" and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
