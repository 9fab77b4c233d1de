"""The magics in IPython in a terminal."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from support.stack import Stack
from support.terminal import Terminal

from notebook_ext.errors import remote_error
from notebook_ext.outputs import Outputs
from wegent.protocol.output_events import CellOutput, Notice, Stream


class Screen(StringIO):
    """Text that a terminal would show."""

    def isatty(self) -> bool:
        return True


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
        await terminal.shows(r"one\r?\n", 30)
        terminal.type("\x03")
        await terminal.shows("stopped(.*\n)*In \\[4\\]: ", 30)


@pytest.mark.parametrize("title", ["\x1b]0;stolen\x07", "\x1b[2J", "\x9b2J", "\r"])
def test_code_on_a_device_steers_no_terminal(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("sys.stderr", screen)
    said = f"\x1b[31mred\x1b[0m{title}"
    outputs = Outputs()
    outputs.publish(CellOutput(1, {"output_type": "stream", "name": "stdout", "text": said}))
    outputs.publish(Stream("stderr", said))
    outputs.publish(Notice("info", said))
    outputs.publish(CellOutput(1, {"output_type": "execute_result", "data": {"text/plain": [said]}}))
    traceback = remote_error({"ename": "E", "evalue": "", "traceback": [said]})._render_traceback_()
    assert title not in screen.getvalue() + "".join(traceback) + repr(outputs.value)
    assert screen.getvalue().count("\x1b[31mred\x1b[0m") == 3


def test_what_a_machine_of_somebody_else_shows_has_no_power_over_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[dict[str, str]] = []
    monkeypatch.setattr("notebook_ext.outputs.publish_display_data", lambda data, *_, **__: published.append(data))
    hostile = {"text/html": "<b>x</b><script>steal()</script>", "application/javascript": "steal()"}
    for is_foreign in (False, True):
        outputs = Outputs(lambda is_foreign=is_foreign: is_foreign)
        outputs.publish(CellOutput(1, {"output_type": "display_data", "data": hostile}))
        outputs.publish(CellOutput(1, {"output_type": "execute_result", "data": hostile}))
        published.append(outputs.value._repr_mimebundle_()[0] if outputs.value else {})
    own, foreign = published[:2], published[2:]
    assert own == [hostile, hostile]
    for data in foreign:
        assert data.keys() == {"text/html", "text/plain"}
        assert "<b>x</b>" in data["text/html"] or "sandbox" in data["text/html"]
        assert "<script" not in data["text/html"]
