"""A real ``redis-server`` for tests, on a loopback port of its own."""

import subprocess
import time
from pathlib import Path

import redis

from api.embedded_redis import find_redis_server, free_port, write_configuration


class RedisServer:
    """A ``redis-server`` process that can be flushed, frozen, killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, "redis-server is not running"
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote until now."""
        return (self._folder / "redis.log").read_text()

    def start(self, timeout: float = 10) -> None:
        """Start it and return when it answers."""
        configuration = write_configuration(self._folder, [f"port {self.port}", "bind 127.0.0.1"])
        with (self._folder / "redis.log").open("ab") as output:
            process = subprocess.Popen(
                [find_redis_server(), configuration],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._process = process
        deadline = time.monotonic() + timeout
        while not self._answers():
            assert process.poll() is None and time.monotonic() < deadline, f"redis-server: {self.log[-2000:]}"
            time.sleep(0.02)

    def _answers(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def flush(self) -> None:
        """Forget every key, as ``FLUSHALL`` does."""
        with redis.Redis(port=self.port, socket_timeout=10) as client:
            client.flushall()

    def cut(self, kind: str = "normal") -> None:
        """Close all connections that send commands; those of ``pubsub`` only listen."""
        with redis.Redis(port=self.port, socket_timeout=10) as client:
            client.client_kill_filter(_type=kind, skipme=True)

    def stop(self) -> None:
        """Kill it; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None
