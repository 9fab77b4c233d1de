"""Wegent in notebooks, and in IPython: `%load_ext notebook_ext`, then `%wegent` and `%%wegent`.

Loading is cheap: what a magic needs is imported when it is first used. Unloading, and the kernel's end, stop no
task.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(ipython: "InteractiveShell") -> None:
    """Register the magics and what Tab offers for them; loading twice is loading once."""
    from notebook_ext.magics import register

    register(ipython)


def unload_ipython_extension(ipython: "InteractiveShell") -> None:
    """Take the magics away and close the connection; the tasks go on."""
    from notebook_ext.magics import unregister

    unregister(ipython)
