"""How busy this computer is, as heartbeats tell it: cheap to measure, shares from 0 to 1."""

import os


def measure() -> dict[str, float]:
    """Return ``cpu`` (load average of a minute per core; may exceed 1) and ``memory`` (in use), where known."""
    found: dict[str, float] = {}
    if hasattr(os, "getloadavg"):
        found["cpu"] = round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)
    memory = _memory_in_use()
    if memory is not None:
        found["memory"] = round(memory, 2)
    return found


def _memory_in_use() -> float | None:
    """Read /proc/meminfo (proc(5)); None on systems without it."""
    try:
        with open("/proc/meminfo") as file:
            lines = dict(line.split(":", 1) for line in file)
        total, available = (int(lines[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, KeyError, ValueError):
        return None
    return 1 - available / total
