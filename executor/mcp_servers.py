"""MCP servers that a task brings along: programs of its own on this device, or addresses that it sends data to."""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

ServerName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class McpServer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """As Claude's SDK takes it: a command that speaks over stdio, or the URL of a server (http, or sse)."""

    type: Literal["stdio", "http", "sse"] = "stdio"
    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}


def problem(server: McpServer) -> str | None:
    """Return what is wrong with it, to be put after its name; None if nothing."""
    texts = list(_texts(server))
    if any("\0" in text for text in texts):
        return "may hold no NUL."
    if any("${" in text for text in texts):
        # Claude Code would put in variables of the owner's environment, the login among them.
        return "may name no variables (${…}): write their values."
    if any(name.upper().startswith("WEGENT_") for name in server.env):
        return "may set no WEGENT_ variable."
    if server.type == "stdio":
        is_right = server.command and not server.url and not server.headers
        return None if is_right else "needs a command (with args and env), or a type of http or sse and a url."
    address = urlsplit(server.url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        return f"needs a url that begins with http:// or https:// for the type {server.type}."
    return (
        "takes no command, args and env beside its url." if server.command or server.args or server.env else None
    )


def told(server: McpServer) -> dict[str, Any]:
    """Return it as the SDK takes it."""
    found: dict[str, Any] = msgspec.to_builtins(server)
    return {"type": server.type, **found}


def question(name: str, server: McpServer) -> str:
    """Name what a person is asked to allow: other words, addresses or programs are another question."""
    digest = hashlib.sha256(msgspec.json.encode(server, order="deterministic")).hexdigest()
    return f"MCP server {name} [{digest[:16]}]"


def _texts(server: McpServer) -> Iterator[str]:
    yield from (server.command, server.url, *server.args)
    for given in (server.env, server.headers):
        yield from given
        yield from given.values()
