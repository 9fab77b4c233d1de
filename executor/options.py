"""A task's options, as far as this device's shells understand them."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from executor.environment import is_reserved
from wegent.protocol.types import Seconds

FileId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class InvalidOptionsError(Exception):
    """Options that can never work here; the message names the field, for the sender."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``options`` of an offer: for all shells, then ClaudeCode's, Command's, and those of Python and Notebook."""

    workdir: str | None = None
    timeout_seconds: Seconds | None = None
    env: dict[str, str] = {}
    files: Annotated[list[FileId], Meta(max_length=20)] = []
    model: str | None = None
    system_prompt: str | None = None
    permission_mode: str | None = None
    max_turns: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    argv: list[str] | None = None
    kernel: Annotated[str, Meta(max_length=64)] | None = None
    notebook: FileId | None = None
    parameters: Annotated[dict[str, Any], Meta(max_length=1000)] = {}
    cell_timeout_seconds: Seconds | None = None

    @property
    def wanted_files(self) -> list[str]:
        """The files to fetch, each once."""
        return list(dict.fromkeys([*self.files, *([self.notebook] if self.notebook else [])]))


_NOT_YET = ("images", "mcp_servers")


def read(raw: dict[str, Any], shell: str) -> Options:
    """Check ``raw`` for ``shell``; raise :class:`InvalidOptionsError` for what cannot be."""
    for name in _NOT_YET:
        if raw.get(name):
            raise InvalidOptionsError(f"This version of the executor cannot take options.{name}.")
    try:
        options = msgspec.convert(raw, Options)
    except msgspec.ValidationError as error:
        raise InvalidOptionsError(f"The options are not valid: {error}.") from None
    texts = [*options.env, *options.env.values(), *(options.argv or ())]
    if any("\0" in text for text in texts) or any("=" in name or not name for name in options.env):
        raise InvalidOptionsError("options.env and options.argv may hold no NUL, and names no '='.")
    reserved = sorted(name for name in options.env if is_reserved(name, shell))
    if reserved:
        listed = ", ".join(name[:64] for name in reserved[:10])
        raise InvalidOptionsError(
            f"options.env may not set {listed} for {shell}: that would change what the device's owner decided."
            " Leave it out; its owner can set it where the executor starts."
        )
    return options
