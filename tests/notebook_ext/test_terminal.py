"""The magics in IPython in a terminal."""

import sys
from pathlib import Path

from support.stack import Stack
from support.terminal import Terminal


async def test_a_cell_in_a_terminal_is_followed_as_text(
    stack: Stack, kernel_environment: dict[str, str], tmp_path: Path
) -> None:
    user = await stack.user()
    await stack.start_executor(user, "workstation")
    login = {"WEGENT_BACKEND_URL": stack.url, "WEGENT_TOKEN": user.token, "TERM": "xterm"}
    argv = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"]
    async with Terminal(argv, kernel_environment | login) as terminal:
        await terminal.shows(r"In \[1\]: ", 40)
        terminal.type("%load_ext notebook_ext\n")
        await terminal.shows(r"In \[2\]: ")
        terminal.type("%wegent devices\n")
        await terminal.shows("online(.*\n)*In \\[3\\]: ")
        terminal.type(
            "get_ipython().run_cell_magic('wegent', '-d workstation -s Command', 'echo o\"\"ne; sleep 30')\n"
        )
        await terminal.shows("\none\n", 30)
        terminal.type("\x03")
        await terminal.shows("stopped(.*\n)*In \\[4\\]: ", 30)
