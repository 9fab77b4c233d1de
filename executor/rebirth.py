"""Starts this program anew in place of itself, with the arguments and the environment that it was started with."""

import os
import subprocess
import sys
from collections.abc import Mapping


def be_reborn(environ: Mapping[str, str]) -> int:
    """Become a new process of the same program, and the same id; return only on Windows.

    Windows has no exec: there the old process waits for the new one and returns its exit code. Raises OSError
    where the interpreter is gone.
    """
    argv = [sys.executable, *sys.orig_argv[1:]]
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if sys.platform == "win32":
        return subprocess.call(argv, env=dict(environ))
    os.execve(sys.executable, argv, dict(environ))
