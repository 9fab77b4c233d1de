"""``make screenshots``: take the documentation's pictures of the page, from a whole Wegent with a scripted model.

``ARGS='approval devices'`` takes only these; ``ARGS='--to FOLDER'`` puts them elsewhere.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from scenes import SCENES, Studio  # noqa: E402
from support.browser import running_browser  # noqa: E402
from support.processes import Programs  # noqa: E402
from support.site import running_site  # noqa: E402


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="PICTURE", help=", ".join(SCENES))
    parser.add_argument("--to", type=Path, default=ROOT / "docs/pictures", metavar="FOLDER")
    arguments = parser.parse_args()
    if unknown := set(arguments.only) - set(SCENES):
        parser.error(f"there is no picture {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for name in arguments.only or SCENES:
        path = arguments.to / f"{name}.png"
        asyncio.run(_take(name, path))
        print(f"{path} ({path.stat().st_size // 1024} KiB)")


async def _take(name: str, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="wegent-pictures-") as folder:
        programs = Programs(Path(folder))
        async with running_browser() as browser, running_site(programs, Path(folder)) as site:
            await SCENES[name](Studio(site, browser, path))


if __name__ == "__main__":
    main()
