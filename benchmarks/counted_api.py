"""An API process that counts its SQL statements: ``python -m benchmarks.counted_api FILE``."""

import asyncio
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from api.config import Settings
from api.serve import serve
from api.store import database


def main() -> None:
    """Serve until SIGTERM, then write how many statements began with which word."""
    statements: list[str] = []  # appended to from the threads of all connections

    class Counted(database._SQLiteConnection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.set_trace_callback(statements.append)

    # The store knows nothing of counting, so its connections are swapped from outside.
    vars(database)["_SQLiteConnection"] = Counted
    asyncio.run(serve(Settings.from_env()))
    words = Counter(found[0].upper() for text in statements if (found := re.match(r"\w+", text.strip())))
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(dict(words.most_common())))


if __name__ == "__main__":
    main()
