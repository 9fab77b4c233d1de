"""``make screenshots``: take the README's pictures of the page anew, from a whole Wegent with a scripted model.

``ARGS='all --to FOLDER'`` takes all that there are and puts them elsewhere; ``ARGS=dark`` takes one.
"""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenes import SCENES, Studio
from support.browser import running_browser
from support.processes import Programs
from support.site import running_site

ROOT = Path(__file__).resolve().parents[2]
IN_README = ("approval", "devices", "phone", "notebook")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PICTURE", help=f"{', '.join(SCENES)}, or all")
    parser.add_argument("--to", type=Path, default=ROOT / "docs/pictures", metavar="FOLDER")
    arguments = parser.parse_args()
    names = SCENES if "all" in arguments.names else arguments.names or IN_README
    if unknown := set(names) - set(SCENES):
        parser.error(f"there is no picture {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = arguments.to / f"{name}.png"
        asyncio.run(_take(name, path))
        print(f"{path} ({path.stat().st_size // 1024} KiB)")


async def _take(name: str, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="wegent-pictures-") as folder, _code() as code:
        programs = Programs(Path(folder))
        try:
            async with running_browser() as browser, running_site(programs, Path(folder), code) as site:
                await SCENES[name](Studio(site, browser, path))
        finally:
            programs.close()


@contextmanager
def _code() -> Iterator[Path]:
    """Make a folder whose name looks well in a picture."""
    code = Path(tempfile.gettempdir(), "code")
    code.mkdir()  # and never use somebody else's
    try:
        yield code
    finally:
        shutil.rmtree(code)


if __name__ == "__main__":
    main()
