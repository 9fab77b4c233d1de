"""A real JupyterLab on the loopback interface, and notebooks in it as a person sees them."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import nbformat
from playwright.async_api import Locator, Page, expect
from support.notebooks import notebook
from support.processes import Program, Programs, eventually, free_port

TOKEN = "token of the tests"
SLOW = 60_000
"""Milliseconds for what waits for a kernel, or an executor, to start."""
_QUIET = (
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.allow_root=True",
    f"--IdentityProvider.token={TOKEN}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--expose-app-in-browser",
)
_READY = """async () => {
    const { context, revealed, sessionContext } = window.jupyterapp.shell.currentWidget;
    await Promise.all([context.ready, revealed, sessionContext.ready]);
}"""
_IS_IDLE = """() => {
    const { session } = window.jupyterapp.shell.currentWidget.sessionContext;
    return session?.kernel?.connectionStatus === "connected" && session.kernel.status === "idle";
}"""
_BEGIN = """(number) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = number;
    notebook.deselectAll();
    window.jupyterapp.commands.execute("notebook:run-cell");
}"""
_WRITE = """([number, source]) => {
    window.jupyterapp.shell.currentWidget.content.widgets[number].model.sharedModel.setSource(source);
}"""
_CONTRAST = """(element) => {
    const rgb = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
    const light = ([red, green, blue]) => [red, green, blue]
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const isClear = (one) => (([, , , opacity]) => opacity === 0)(rgb(getComputedStyle(one).backgroundColor));
    let behind = element;
    while (behind.parentElement && isClear(behind)) behind = behind.parentElement;
    const both = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(rgb).map(light);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""
_RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
_COMMAND = "([command, given]) => window.jupyterapp.commands.execute(command, given)"


class JupyterLab:
    """One server; the kernels that it starts have the environment that it was given."""

    def __init__(self, programs: Programs, folder: Path, env: Mapping[str, str]) -> None:
        self.notebooks = folder / "notebooks"
        self.settings = folder / "settings"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._programs = programs
        self._folder = folder
        self._env = env
        self.program: Program

    async def start(self) -> None:
        """Start it with folders of its own, and return when it answers."""
        own = {
            "JUPYTER_CONFIG_DIR": self._folder / "config",
            "JUPYTER_DATA_DIR": self._folder / "data",
            "JUPYTER_RUNTIME_DIR": self._folder / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": self.settings,
            "JUPYTERLAB_WORKSPACES_DIR": self._folder / "workspaces",
            "IPYTHONDIR": self._folder / "ipython",
        }
        self.notebooks.mkdir(parents=True)
        self.choose("apputils-extension", "notification", fetchNews="false")
        flags = (*_QUIET, f"--ServerApp.port={self.port}", f"--ServerApp.root_dir={self.notebooks}")
        path = f"{Path(sys.executable).parent}:{self._programs.environment().get('PATH', '')}"
        env = {**{name: str(folder) for name, folder in own.items()}, "PATH": path, **self._env}
        self.program = self._programs.module("jupyterlab", *flags, name="lab", env=env)
        await eventually(self._answers, 60, "JupyterLab answers")

    async def _answers(self) -> bool:
        assert self.program.returncode is None, self.program.text[-4000:]
        try:
            return (await self.call("GET", "/api/status")) is not None
        except aiohttp.ClientError:
            return False

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """Make a request of Jupyter's own REST API and return its JSON."""
        headers = {"Authorization": f"token {TOKEN}"}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.request(method, f"{self.url}{path}", headers=headers, **options) as response,
        ):
            assert response.status < 300, f"{method} {path}: {response.status}"
            return await response.json() if response.status != 204 else None

    def choose(self, extension: str, plugin: str, **values: object) -> None:
        """Set what a person would choose in the settings, the theme for example."""
        path = self.settings / "@jupyterlab" / extension / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))

    async def end_kernels(self) -> None:
        """Shut all kernels down, as a server that is started anew would have none."""
        for kernel in await self.call("GET", "/api/kernels"):
            await self.call("DELETE", f"/api/kernels/{kernel['id']}")

    async def open(self, page: Page, name: str, *sources: str) -> "LabNotebook":
        """Show a notebook with these code cells, or the one that is there, and return it when it can run."""
        path = self.notebooks / f"{name}.ipynb"
        if sources:
            path.write_bytes(notebook(*sources))
        opened = LabNotebook(self, page, path)
        await opened.load()
        return opened


class LabNotebook:
    """A notebook in a tab; cells are numbered as they stand there, from 0, the title's cell included."""

    def __init__(self, lab: JupyterLab, page: Page, path: Path) -> None:
        self.lab = lab
        self.page = page
        self.path = path

    async def load(self, *, with_kernel: bool = True) -> None:
        """Open the page, and wait until the notebook stands there."""
        await self.page.goto(f"{self.lab.url}/doc/tree/{self.path.name}?token={TOKEN}")
        await expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=SLOW)
        if with_kernel:
            await self.idle()

    def cell(self, number: int) -> Locator:
        """Return a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number: int) -> Locator:
        """Return what a cell shows below its source."""
        return self.cell(number).locator(".jp-OutputArea")

    def button(self, number: int, name: str) -> Locator:
        """Return a button in a cell's output."""
        # By its text, since its icon is a letter of the icons' own font in front of its name.
        return self.output(number).locator("button").filter(has_text=re.compile(rf"^{re.escape(name)}$"))

    async def command(self, name: str, **given: object) -> None:
        """Let JupyterLab do what one of its menus would; ends when that has ended."""
        await self.page.evaluate(_COMMAND, [name, given])

    async def write(self, number: int, source: str) -> None:
        """Put this into a code cell."""
        await self.page.evaluate(_WRITE, [number, source])

    async def begin(self, number: int) -> None:
        """Run a cell and wait for nothing."""
        await self.page.evaluate(_BEGIN, number)

    async def ended(self, number: int, timeout: float = SLOW) -> None:
        """Wait until a cell that was begun has been run."""
        prompt = self.cell(number).locator(".jp-InputPrompt")
        await expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=timeout)

    async def run(self, number: int, timeout: float = SLOW) -> None:
        """Run a cell and wait until it has been run; fail when it raised something."""
        await self.begin(number)
        await self.ended(number, timeout)
        errors = self.output(number).locator('[data-mime-type="application/vnd.jupyter.error"]')
        assert not await errors.count(), await self.output(number).inner_text()

    async def idle(self, timeout: float = SLOW) -> None:
        """Wait until the kernel is connected and does nothing."""
        await self.page.evaluate(_READY)
        await self.page.wait_for_function(_IS_IDLE, timeout=timeout)

    async def restart(self) -> None:
        """Restart the kernel, as a person does, outputs kept."""
        await self.page.evaluate(_RESTART)
        await self.idle()

    async def save(self) -> nbformat.NotebookNode:
        """Save it, and return what stands in the file."""
        await self.command("docmanager:save")
        return self.saved()

    def saved(self) -> nbformat.NotebookNode:
        """Return the notebook as it stands in the file."""
        return nbformat.read(self.path, as_version=4)


def outputs_of(found: nbformat.NotebookNode, number: int) -> Sequence[nbformat.NotebookNode]:
    """Return what is saved as a cell's outputs."""
    outputs: Sequence[nbformat.NotebookNode] = found.cells[number].outputs
    return outputs


async def contrast(shown: Locator) -> float:
    """Return how text stands out from what is behind it: 1 to 21, by WCAG 2.2."""
    ratio: float = await shown.evaluate(_CONTRAST)
    return ratio
