"""A task's options, as far as this device's shells understand them."""

from keyword import iskeyword
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from executor import mcp_servers
from executor.environment import is_reserved
from executor.mcp_servers import McpServer, ServerName
from executor.workspace import is_inside
from wegent.protocol.resources import MAX_VARIABLES
from wegent.protocol.types import Seconds

Pattern = Annotated[str, Meta(min_length=1, max_length=200)]
Variable = Annotated[str, Meta(min_length=1, max_length=200)]
FileId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class InvalidOptionsError(Exception):
    """Options that can never work here; the message names the field, for the sender."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``options`` of an offer: for all shells, then ClaudeCode's, Command's, and those of Python and Notebook."""

    workdir: str | None = None
    timeout_seconds: Seconds | None = None
    env: dict[str, str] = {}
    files: Annotated[list[FileId], Meta(max_length=20)] = []
    results: Annotated[list[Pattern], Meta(max_length=20)] = []
    model: str | None = None
    system_prompt: str | None = None
    permission_mode: str | None = None
    max_turns: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    mcp_servers: Annotated[dict[ServerName, McpServer], Meta(max_length=20)] = {}
    images: Annotated[list[FileId], Meta(max_length=20)] = []
    argv: list[str] | None = None
    kernel: Annotated[str, Meta(max_length=64)] | None = None
    notebook: FileId | None = None
    parameters: Annotated[dict[str, Any], Meta(max_length=1000)] = {}
    cell_timeout_seconds: Seconds | None = None
    inputs: Annotated[dict[Variable, FileId], Meta(max_length=MAX_VARIABLES)] = {}
    outputs: Annotated[list[Variable], Meta(max_length=MAX_VARIABLES)] = []

    @property
    def attached(self) -> list[str]:
        """Return the ids of all files to fetch, each once."""
        return list(dict.fromkeys((*self.files, *self.images, *([self.notebook] if self.notebook else []))))


def read(raw: dict[str, Any], shell: str) -> Options:
    """Check ``raw`` for ``shell``; raise :class:`InvalidOptionsError` for what cannot be."""
    try:
        options = msgspec.convert(raw, Options)
    except msgspec.ValidationError as error:
        raise InvalidOptionsError(f"The options are not valid: {error}.") from None
    texts = [*options.env, *options.env.values(), *(options.argv or ())]
    if any("\0" in text for text in texts) or any("=" in name or not name for name in options.env):
        raise InvalidOptionsError("options.env and options.argv may hold no NUL, and names no '='.")
    outside = [pattern for pattern in options.results if not is_inside(pattern)]
    if outside:
        raise InvalidOptionsError(
            f"options.results: {outside[0]!r} does not name files inside the task's folder. Patterns are relative"
            " to it, such as out/*.png or **/*.csv, and hold no '..'."
        )
    unnamed = [name for name in (*options.inputs, *options.outputs) if not name.isidentifier() or iskeyword(name)]
    if unnamed:
        raise InvalidOptionsError(
            f"options.inputs and options.outputs: {unnamed[0]!r} cannot be a variable's name."
        )
    for name, server in options.mcp_servers.items():
        if (problem := mcp_servers.problem(server)) is not None:
            raise InvalidOptionsError(f"options.mcp_servers.{name} {problem}")
    reserved = sorted(name for name in options.env if is_reserved(name, shell))
    if reserved:
        listed = ", ".join(name[:64] for name in reserved[:10])
        raise InvalidOptionsError(
            f"options.env may not set {listed} for {shell}: that would change what the device's owner decided."
            " Leave it out; its owner can set it where the executor starts."
        )
    return options
