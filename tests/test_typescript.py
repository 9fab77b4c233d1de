"""The page's types are those of the server."""

import subprocess
import sys

from support.sources import ROOT


def test_the_pages_types_are_what_the_python_types_give() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/typescript", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
