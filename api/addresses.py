"""Where the server listens, and how this computer reaches it there."""

import socket
from urllib.parse import urlsplit


class PortTakenError(Exception):
    """Nobody can listen where the server is to listen; the message says what to do."""


_ANY = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}


def local_url(bind: str) -> str:
    """Return how this computer reaches a server that listens on ``bind``."""
    host, _, port = bind.rpartition(":")
    return f"http://{_ANY.get(host, host)}:{port}"


def check_port_is_free(bind: str) -> None:
    """Raise :class:`PortTakenError` if somebody listens on ``bind`` already, or nobody can."""
    parts = urlsplit(f"//{bind}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            parts.hostname, parts.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: a port that only lingers from an earlier run is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise PortTakenError(
            f"cannot listen on {bind}: {error.strerror or error}. Stop the program that uses the port, or choose"
            " another one: WEGENT_BIND=127.0.0.1:8001, or wegent-server up --bind 127.0.0.1:8001"
            " (make up ARGS='--bind 127.0.0.1:8001')."
        ) from None
