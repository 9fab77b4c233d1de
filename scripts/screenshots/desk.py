"""The picture of a notebook: a real JupyterLab, a figure from a device, and a question of Claude Code's."""

from playwright.async_api import Browser, expect
from support.browser import surfing
from support.jupyter_lab import SLOW, JupyterLab
from support.model_endpoint import text, tool
from support.notebooks import notebook
from support.site import Site

SIZE = (1000, 1300)
FIGURE = """%%wegent -d workstation -s Python --in prices --out mean
import pandas as pd
frame = pd.DataFrame(prices).set_index("month")
axes = frame.plot(figsize=(6, 1.9), title="Prices, computed on the workstation")
mean = frame.mean().round(1)
mean.to_frame("mean").T"""
PRICES = """prices = {"month": ["Jan", "Feb", "Mar", "Apr", "May"],
          "tea": [3.1, 3.4, 3.3, 3.9, 4.2], "coffee": [6.0, 5.8, 6.4, 6.9, 7.7]}"""
ASK = """%%wegent
Which months are missing in prices.csv? Look, then add them."""

_DRAW = """() => {
    const drawn = { "🟢": ["●", "#2e9e44"], "🟡": ["●", "#e0a030"], "⭐": ["★", "#e0a030"] };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (/[🟢🟡⭐]/u.test(walker.currentNode.data)) found.push(walker.currentNode);
    for (const node of found) {
        const shown = document.createElement("span");
        shown.append(...[...node.data].map((letter) => {
            if (!(letter in drawn)) return letter;
            const one = document.createElement("span");
            [one.textContent, one.style.color] = drawn[letter];
            return one;
        }));
        node.replaceWith(shown);
    }
}"""
"""Draws emoji with letters: where pictures are taken there is mostly no font that has them."""


class Desk:
    """A JupyterLab beside a Wegent."""

    def __init__(self, site: Site, browser: Browser, theme: str) -> None:
        self.site = site
        self.browser = browser
        self.theme = theme

    async def picture(self, path: str) -> None:
        """Run the notebook up to the question, and take the picture."""
        home = self.site.up.programs.root / "jupyter"
        login = {"WEGENT_BACKEND_URL": self.site.url, "WEGENT_TOKEN": await self.site.token()}
        lab = JupyterLab(self.site.up.programs, home, {**login, "WEGENT_HOME": str(home / "wegent")})
        await lab.start()
        self.site.script(
            [
                text("`prices.csv` has **January to May**. I ask before I write the other seven."),
                tool("Bash", command="echo 'Jun' >> prices.csv", description="Add a month"),
            ],
            [text("Done.")],
        )
        async with surfing(self.browser, size=SIZE) as surfer:
            page = await surfer.page()
            (lab.notebooks / "prices.ipynb").write_bytes(
                notebook("%load_ext notebook_ext\n%wegent devices", PRICES, FIGURE, ASK, title="Prices")
            )
            book = await lab.open(page, "prices")
            await book.command("apputils:change-theme", theme=f"JupyterLab {self.theme}")
            for number in (1, 2, 3):
                await book.run(number)
            await expect(book.output(3).locator("img")).to_be_visible()
            await book.begin(4)
            await expect(book.button(4, "Allow once")).to_be_visible(timeout=SLOW)
            await page.evaluate(_DRAW)
            await page.screenshot(path=path)
            await book.button(4, "Deny").click()
            await book.ended(4)
