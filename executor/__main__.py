"""``python -m executor``: the same as ``wegent-executor``."""

import sys

from executor.main import main

if __name__ == "__main__":
    sys.exit(main())
