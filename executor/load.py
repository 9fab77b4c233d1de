"""How busy this computer is, as heartbeats tell it: cheap to measure, shares from 0 to 1."""

import psutil


def measure() -> dict[str, float]:
    """Return ``cpu`` (of all cores, since this was last asked) and ``memory`` (in use)."""
    return {
        "cpu": round(psutil.cpu_percent() / 100, 2),
        "memory": round(psutil.virtual_memory().percent / 100, 2),
    }
