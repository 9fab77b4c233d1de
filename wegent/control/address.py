"""Where a running executor listens: a socket file in its home; elsewhere a loopback port and a secret.

``control.sock`` is used wherever its path fits into an address (unix(7): 108 bytes, 104 on macOS) and the system
has such sockets. Else ``control.json``, readable by its owner alone, names a port on the loopback interface and
the secret that every question must carry: anybody on the computer can connect to a port.
"""

import os
import secrets
import socket
import sys
from pathlib import Path

import msgspec

SOCKET = "control.sock"
PORT = "control.json"
LONGEST_PATH = 100


class Door(msgspec.Struct, frozen=True):
    """A loopback port, and what opens it."""

    port: int
    secret: str

    def __repr__(self) -> str:
        """Show where it is, and not what opens it."""
        return f"Door(port={self.port})"


def has_socket(home: Path) -> bool:
    """Whether a socket file can stand in ``home``."""
    return sys.platform != "win32" and len(os.fsencode(home / SOCKET)) <= LONGEST_PATH


def bind_socket(home: Path) -> socket.socket:
    """Make the socket file, nobody else's to use from its first moment; raise OSError where that cannot be.

    What a killed executor left in its place is removed: the caller holds the lock of this home.
    """
    path = home / SOCKET
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(mask)
    return made


def bind_port() -> tuple[socket.socket, Door]:
    """Take a free loopback port, with a secret of its own."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made, Door(made.getsockname()[1], secrets.token_urlsafe(32))


def write_door(home: Path, door: Door) -> None:
    """Tell the commands of this home's owner where to ask."""
    path = home / PORT
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(door))


def read_door(home: Path) -> Door | None:
    """Return where to ask; None where no executor has said so."""
    try:
        return msgspec.json.decode((home / PORT).read_bytes(), type=Door)
    except (OSError, msgspec.DecodeError):
        return None


def clear(home: Path) -> None:
    """Take down what an executor put up."""
    for name in (SOCKET, PORT):
        (home / name).unlink(missing_ok=True)
