"""What a host does without: packages that others import where they are installed, and that start slowly."""

import sys

_SLOW = ("rfc3987_syntax",)
"""JupyterLab brings it, and jsonschema takes it to check IRIs, which nbformat and the SDK never ask for. It builds
a grammar whenever it is imported: that is most of what either takes to start."""


def leave_out() -> None:
    """Let their import fail in this process, as it does where they are not installed."""
    for name in _SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
