"""The reference of the Python client says what the code says."""

import subprocess
import sys

from support.sources import ROOT


def test_the_reference_is_what_signatures_and_docstrings_give() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
