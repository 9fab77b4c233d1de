"""What a browser loads until somebody who is logged in can write: weighed in the built files, as they travel."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from benchmarks.connection import BrokenError
from benchmarks.results import FirstLoad

BUILT = Path(__file__).resolve().parents[1] / "api/static"


def check_page_is_built() -> None:
    """Raise :class:`BrokenError` that says what to run where there is no page."""
    if not (BUILT / "index.html").exists():
        raise BrokenError("the web page is not built: run `make page`")


def weigh_first_load(paths: Iterable[str]) -> FirstLoad:
    """Weigh the files that a browser loaded, given by their paths on the server."""
    loaded = {path.removeprefix("/app/") for path in paths if path.startswith("/app/")}
    scripts = {name for name in loaded if name.endswith(".js")}
    return FirstLoad(
        scripts=len(scripts),
        script_bytes=sum(map(_gzipped, scripts)),
        style_bytes=sum(_gzipped(name) for name in loaded if name.endswith(".css")),
        later_scripts=sum(1 for _ in BUILT.rglob("*.js")) - len(scripts),
    )


def _gzipped(name: str) -> int:
    return len(gzip.compress((BUILT / name).read_bytes(), 9))
