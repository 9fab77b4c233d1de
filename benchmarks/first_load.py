"""What a browser loads before the page shows anything: counted in the built files, as they travel."""

import gzip
import re
from pathlib import Path

from benchmarks.connection import BrokenError
from benchmarks.results import FirstLoad

BUILT = Path(__file__).resolve().parents[1] / "api/static"
_SCRIPTS = re.compile(r'<(?:script|link rel="modulepreload")[^>]*\b(?:src|href)="/app/([^"]+\.js)"')
_STYLES = re.compile(r'<link rel="stylesheet"[^>]*\bhref="/app/([^"]+\.css)"')


def weigh_first_load() -> FirstLoad:
    """Weigh the scripts and styles that index.html names; whatever those load later is not counted."""
    index = BUILT / "index.html"
    if not index.exists():
        raise BrokenError("the web page is not built: run `make page`")
    html = index.read_text()
    scripts, styles = _SCRIPTS.findall(html), _STYLES.findall(html)
    later = {path.name for path in BUILT.rglob("*.js")} - {Path(name).name for name in scripts}
    return FirstLoad(
        scripts=len(scripts),
        script_bytes=sum(map(_gzipped, scripts)),
        style_bytes=sum(map(_gzipped, styles)),
        later_scripts=len(later),
    )


def _gzipped(name: str) -> int:
    return len(gzip.compress((BUILT / name).read_bytes(), 9))
