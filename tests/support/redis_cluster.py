"""A Redis Cluster of one node that holds all slots: the smallest that has a cluster's rules."""

import subprocess
import time
from pathlib import Path

import redis

from api.embedded_redis import find_redis_server, free_port, write_configuration

SLOTS = 16384
BUS_OFFSET = 10_000
"""The nodes of a cluster talk to each other on a port that is this much higher."""


class RedisCluster:
    """A ``redis-server`` process in cluster mode on a loopback port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = next(port for port in iter(free_port, 0) if port + BUS_OFFSET < 65536)

    @property
    def url(self) -> str:
        """Where it listens, as ``WEGENT_REDIS_URL`` names a cluster."""
        return f"redis+cluster://127.0.0.1:{self.port}"

    def start(self, timeout: float = 20) -> None:
        """Start it and return when it serves every slot."""
        lines = [f"port {self.port}", "bind 127.0.0.1", "cluster-enabled yes", "cluster-announce-ip 127.0.0.1"]
        configuration = write_configuration(self._folder, lines)
        with (self._folder / "redis.log").open("ab") as output:
            self._process = subprocess.Popen(
                [find_redis_server(), configuration],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while not self._serves():
            assert time.monotonic() < deadline, (self._folder / "redis.log").read_text()[-2000:]
            time.sleep(0.05)

    def _serves(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=2) as client:
            try:
                state = client.execute_command("CLUSTER INFO")
                if b"cluster_slots_assigned:0" in _bytes(state):
                    client.execute_command("CLUSTER ADDSLOTS", *range(SLOTS))
                return b"cluster_state:ok" in _bytes(state)
            except redis.ConnectionError:
                return False

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


def _bytes(answer: object) -> bytes:
    """Return an answer of CLUSTER INFO as the server wrote it, whatever the client made of it."""
    if isinstance(answer, dict):
        return "".join(f"{name}:{value}\r\n" for name, value in answer.items()).encode()
    return answer if isinstance(answer, bytes) else str(answer).encode()
