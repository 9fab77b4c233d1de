"""What the numbers were measured on: without that they mean little."""

import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil

from api.embedded_redis import find_redis_server

PACKAGES = ("aiohttp", "databases", "hypercorn", "msgspec", "quart", "redis", "sqlalchemy", "wegent")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A computer, and the versions of what ran on it. ``load`` is what others did there just before (1 minute)."""

    system: str
    processor: str
    cores: int
    memory_bytes: int
    load: float
    python: str
    redis_server: str
    packages: dict[str, str]
    commit: str


def look() -> Machine:
    """Return this computer."""
    return Machine(
        system=platform.platform(),
        processor=next(_processor_names(), platform.machine()),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        load=round(psutil.getloadavg()[0], 2),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        redis_server=_output(str(find_redis_server()), "--version"),
        packages={name: version(name) for name in PACKAGES},
        commit=_output("git", "describe", "--always", "--dirty"),
    )


def _processor_names() -> Iterator[str]:
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            yield value.strip()


def _output(*argv: str) -> str:
    """Return what a program prints, or nothing where it cannot say."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, cwd=Path(__file__).parent)
    except OSError:
        return ""
    return done.stdout.strip()
