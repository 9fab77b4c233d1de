"""Ties a process to its parent's life, then becomes the program: ``tether.py PARENT SIGNAL PROGRAM ARGS…``.

Linux sends the signal when the parent dies, however it dies (PR_SET_PDEATHSIG, prctl(2)); it outlives the exec.
Run as a file, with nothing imported but the standard library: it costs every child its start.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do it."""
    parent, death_signal, *argv = sys.argv[1:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have died before the call.
    if os.getppid() == int(parent):
        os.execvp(argv[0], argv)


if __name__ == "__main__":
    main()
