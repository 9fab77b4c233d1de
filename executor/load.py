"""How busy this computer is, as heartbeats tell it: cheap to measure, shares from 0 to 1."""

import asyncio
import logging
import shutil
import subprocess

import psutil

log = logging.getLogger(__name__)

GPU_WITHIN = 5.0
"""Seconds for nvidia-smi, which wakes a sleeping card."""
_QUERY = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")


class LoadMeter:
    """Measures at each heartbeat. What the graphics cards do is asked beside it, and told with the next one."""

    def __init__(self, path: str | None = None) -> None:
        self._smi = shutil.which("nvidia-smi", path=path)
        self._asking: asyncio.Task[None] | None = None
        self._gpu: float | None = None
        self.latest: dict[str, float] = {}
        """What was measured last."""

    def measure(self) -> dict[str, float]:
        """Return ``cpu`` (of all cores, since this was last asked), ``memory`` (in use), and ``gpu`` if any."""
        self.latest = {
            "cpu": round(psutil.cpu_percent() / 100, 2),
            "memory": round(psutil.virtual_memory().percent / 100, 2),
        }
        if self._gpu is not None:
            self.latest["gpu"] = self._gpu
        if self._smi is not None and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask(self._smi))
        return self.latest

    async def _ask(self, smi: str) -> None:
        """Ask once; where that fails nothing is told of it any more."""
        try:
            said = await asyncio.to_thread(_run, smi)
            self._gpu = mean_share(said)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            log.info("The load of the graphics cards is not told: %s", error)
            self._smi = self._gpu = None


def mean_share(said: str) -> float:
    """Return how busy all cards are, from nvidia-smi's line of percent for each; raise ValueError without one."""
    shares = [float(line) / 100 for line in said.split("\n") if line.strip()]
    if not shares:
        raise ValueError("nvidia-smi names no card")
    return round(sum(shares) / len(shares), 2)


def _run(smi: str) -> str:
    done = subprocess.run([smi, *_QUERY], capture_output=True, text=True, timeout=GPU_WITHIN, check=True)
    return done.stdout
