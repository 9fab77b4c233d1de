"""What the tests in JupyterLab share: one Wegent, one JupyterLab and one Chromium for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page
from support.browser import Surfer, running_browser, surfing
from support.failures import has_failed
from support.jupyter_lab import JupyterLab
from support.processes import Programs
from support.site import Site, running_site
from support.stack import FAST


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A whole Wegent; it ends with the file, since what executors keep must not meet other rooms' tests."""
    folder = tmp_path_factory.mktemp("lab")
    programs = Programs(folder)
    try:
        async with running_site(programs, folder) as running:
            yield running
    finally:
        programs.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab(site: Site) -> JupyterLab:
    """A JupyterLab of the person whose Wegent it is: logged in there."""
    programs = site.up.programs
    home = programs.root / "jupyter"
    login = {"WEGENT_BACKEND_URL": site.url, "WEGENT_TOKEN": await site.token()}
    await site.rename_first("workstation")
    (home / "wegent").mkdir(parents=True)
    (home / "wegent" / "device_id").write_text("jupyter")  # this computer is one already
    running = JupyterLab(programs, home, {**FAST, **login, "WEGENT_HOME": str(home / "wegent")})
    await running.start()
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def surfer() -> AsyncIterator[Surfer]:
    """One person's headless Chromium."""
    async with running_browser() as browser, surfing(browser, size=(1100, 900)) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def page(surfer: Surfer, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A tab of its own; what it shows when the test fails is kept."""
    tab = await surfer.page()
    yield tab
    if has_failed(request):
        await surfer.save(tmp_path)
        print(f"what the browser showed: {tmp_path}")
    await tab.close()
