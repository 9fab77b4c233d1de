"""What the tests of the web page share: one Chromium for all of them, a whole Wegent for each."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from support.browser import Surf, Surfer, running_browser, surfing
from support.failures import has_failed
from support.processes import Programs
from support.site import Site, running_site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One headless Chromium."""
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def site(programs: Programs, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """A whole Wegent of the test's own; ``@pytest.mark.site(…)`` sets environment variables of `up`."""
    mark = request.node.get_closest_marker("site")
    async with running_site(programs, tmp_path, **(mark.kwargs if mark else {})) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def surf(chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Surf]:
    """Opens browsers (see ``support.browser.surfing``) and closes them; faults in their pages fail the test."""
    opened: list[Surfer] = []
    async with AsyncExitStack() as open_browsers:

        async def open_one(**options: Any) -> Surfer:
            surfer = await open_browsers.enter_async_context(surfing(chromium, **options))
            opened.append(surfer)
            return surfer

        yield open_one
        for number, surfer in enumerate(opened):
            if has_failed(request):
                folder = tmp_path / f"browser-{number}"
                folder.mkdir()
                await surfer.save(folder)
                print(f"what the browser showed: {folder}")
    faults = [fault for surfer in opened for fault in surfer.faults]
    assert not faults, faults


@pytest_asyncio.fixture(loop_scope="session")
async def page(surf: Surf) -> Page:
    """One tab of one browser, blank."""
    return await (await surf()).page()
