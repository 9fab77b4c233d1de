"""The same lines of client code wherever Python runs: a script, a thread, IPython, a Jupyter kernel."""

import asyncio
import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import AsyncKernelManager
from support.processes import eventually
from support.stack import Stack
from support.terminal import Terminal

pytestmark = pytest.mark.timeout(180)

SUPPORT = Path(__file__).parents[1]
SAID = "exit code 3, value 42"


@pytest.fixture
async def environ(stack: Stack, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """The environment of a person who is logged in, with a device that is online."""
    user = await stack.user()
    await stack.start_executor(user, "workstation", "--shell", "Command", "--shell", "Python")
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(SUPPORT),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "WEGENT_BACKEND_URL": stack.url,
        "WEGENT_TOKEN": user.token,
    }


async def test_a_script_a_thread_a_terminal_and_a_kernel(environ: dict[str, str], tmp_path: Path) -> None:
    await in_a_script_and_a_thread(environ)
    await in_ipython(environ)
    await in_a_kernel(environ)


async def in_a_script_and_a_thread(environ: dict[str, str]) -> None:
    """Run it in a plain interpreter, in its main thread and in two others at once."""
    script = """
import threading
from support.client_tour import tour
print(tour())
threads = [threading.Thread(target=lambda: print(tour())) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", script, env=environ, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(program.communicate(), 120)
    assert (program.returncode, out.decode().splitlines()) == (0, [SAID] * 3)


async def in_ipython(environ: dict[str, str]) -> None:
    """Type it into IPython, as a person does."""
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    async with Terminal(command, environ) as terminal:
        await terminal.shows(r"In \[1\]: ", 60)
        terminal.type("from support.client_tour import *; tour()\n")
        await terminal.shows(rf"Out\[1\]: '{SAID}'", 90)
        await terminal.shows(r"In \[2\]: ")
        terminal.type("await tour_awaited()\n")
        await terminal.shows(r"Out\[2\]: 'exit code 0'", 60)
        await terminal.shows(r"In \[3\]: ")
        terminal.type("client = wegent.Client(); client\n")
        await terminal.shows(r"Out\[3\]: Client\('http://127\.0\.0\.1:\d+'\)")
        terminal.type("client.devices\n")
        await terminal.shows(r"online +workstation|online  .*0/5")
        terminal.type("tasks = client.map(['echo kept'], devices=['workstation'], shell='Command'); tasks\n")
        await terminal.shows(r"(queued|running|completed) +echo kept +workstat +\w+")
        terminal.type("task = client.run_command('sleep 30', device='workstation'); task.result()\n")
        await terminal.shows(r"task\.result\(\)\n")
        await asyncio.sleep(0.5)  # any moment of the wait will do
        terminal.type("\x03")
        await terminal.shows("KeyboardInterrupt")
        terminal.type("str(task.status) in ('queued', 'running')\n")
        await terminal.shows(r"Out\[\d+\]: True")
        terminal.type("task.cancel() and None\n")
        terminal.type("client.run_command('echo oh; exit 5', device='workstation').result()\n")
        shown = await terminal.shows(r"TaskFailedError: (.*\n)+?.*In \[\d+\]: ")
        assert "The end of its output:\noh\n" in shown, shown
        assert "wegent/client" not in shown
        terminal.type("exit\n")
        assert await terminal.ends(30) == 0


async def in_a_kernel(environ: dict[str, str]) -> None:
    """Run it in cells of a real kernel, whose loop is running."""
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel(env=environ)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(60)
        assert await cell(client, "from support.client_tour import *; tour()") == [("execute_result", repr(SAID))]
        assert await cell(client, "await tour_awaited()") == [("execute_result", "'exit code 0'")]
        ((_, html),) = await cell(client, "client = wegent.Client(); client.devices", "text/html")
        assert "<td>workstat</td>" in html
        code = (
            "client.run('import pandas as pd; pd.DataFrame({\"x\": [7]})', device='workstation', shell='Python')"
        )
        ((_, frame),) = await cell(client, f"await {code}", "text/html")
        assert "<table" in frame and "<td>7</td>" in frame
        ((kind, shown),) = await cell(client, "client.run('1/0', device='workstation', shell='Python').result(60)")
        assert kind == "error"
        assert "Remote traceback:" in shown and "ZeroDivisionError" in shown
        assert "wegent/client" not in shown and len(shown.splitlines()) < 20, shown
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def cell(client: Any, code: str, form: str = "text/plain") -> list[tuple[str, str]]:
    """Run a cell and return what it showed."""
    shown: list[tuple[str, str]] = []

    def note(message: dict[str, Any]) -> None:
        content = message["content"]
        match message["msg_type"]:
            case "error":
                shown.append(("error", "\n".join(content["traceback"])))
            case "execute_result":
                shown.append(("execute_result", content["data"][form]))
            case "stream":
                shown.append(("stream", content["text"]))

    await client.execute_interactive(code, timeout=90, output_hook=note)
    return shown


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
async def test_ipython_within_tmux(environ: dict[str, str], tmp_path: Path) -> None:
    tmux = ["tmux", "-L", f"wegent-{uuid.uuid4().hex[:8]}", "-f", "/dev/null"]

    async def run(*arguments: str) -> str:
        program = await asyncio.create_subprocess_exec(
            *tmux, *arguments, env={**environ, "TMUX_TMPDIR": str(tmp_path)}, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(program.communicate(), 20)
        return out.decode()

    async def is_seen(text: str) -> bool:
        return text in await run("capture-pane", "-p")

    await run("new-session", "-d", "-x", "120", "-y", "40", f"{sys.executable} -m IPython --no-banner")
    try:
        await eventually(lambda: is_seen("In [1]:"), 60)
        await run("send-keys", "from support.client_tour import *; tour()", "Enter")
        await eventually(lambda: is_seen(f"Out[1]: '{SAID}'"), 90)
        await run("send-keys", "client = wegent.Client(); client.devices", "Enter")
        await eventually(lambda: is_seen("online  "), 30)
    finally:
        await run("kill-server")
