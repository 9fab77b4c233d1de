"""Which PATH a person has at a terminal: services start without it, and would find no `claude` and no `git`."""

import os
import subprocess
import sys
from collections.abc import Mapping

ANSWER_WITHIN = 10.0


def path(environ: Mapping[str, str] = os.environ) -> str:
    """Return the PATH of the person's login shell, and then what else this process has in its own."""
    own = environ.get("PATH", os.defpath)
    if sys.platform == "win32":
        return own
    return joined(_of_shell(environ) or "", own)


def joined(first: str, second: str) -> str:
    """Return both, each folder once; relative ones are left out, since a service works elsewhere."""
    folders = [folder for folder in (*first.split(os.pathsep), *second.split(os.pathsep)) if os.path.isabs(folder)]
    return os.pathsep.join(dict.fromkeys(folders))


def _of_shell(environ: Mapping[str, str]) -> str | None:
    """Ask by `env`, which works from every shell, fish too; a login shell's own chatter is passed over."""
    try:
        said = subprocess.run(
            [environ.get("SHELL") or "/bin/sh", "-l", "-c", "env"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_WITHIN,
            start_new_session=True,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = [line.removeprefix("PATH=") for line in said.splitlines() if line.startswith("PATH=")]
    return found[-1] if found else None
