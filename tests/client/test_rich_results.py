"""Dataframes, figures and errors of code that runs on a device, as a notebook here shows them."""

import asyncio
import base64
from pathlib import Path

import pytest
from support.stack import Stack

from wegent import Client, Result, TaskFailedError
from wegent.client.cell_outputs import outputs_of
from wegent.protocol.output_events import AnyEvent, CellOutput, Text

pytestmark = pytest.mark.timeout(120)

FRAME = "import pandas as pd\nprint('reading')\npd.DataFrame({'x': [1, 2]})"
FIGURE = """
from IPython.display import Image
import os
display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + os.urandom(300_000), format='png', metadata={'alt': 'noise'}))
print('drawn')
"""
FAILING = """
def half(x):
    return x / 0
print('before')
half(3)
"""


async def test_what_code_shows_on_a_device_is_shown_here(stack: Stack, tmp_path: Path) -> None:
    user = await stack.user()
    await stack.start_executor(user, "gpu-box", "--shell", "Python", "--shell", "Command", "--allow-results")
    await asyncio.to_thread(use, Client(stack.url, user.token), tmp_path)


def use(client: Client, folder: Path) -> None:
    """Do what a person does in a notebook."""
    task = client.run(FRAME, device="gpu-box", shell="Python")
    result = task.result(60)
    assert "<table" in result.bundle["text/html"]
    assert result.text == "   x\n0  1\n1  2" == result.bundle["text/plain"]
    assert result._repr_mimebundle_() == (result.bundle, {}) and result._repr_html_() is None
    assert [each["output_type"] for each in result.outputs] == ["stream", "execute_result"]
    log = task.log()
    assert log.text == "reading\n" == task.output()
    assert log.outputs == result.outputs

    # A picture that does not fit an event comes as a file, and is put where it belongs.
    result = task.ask(FIGURE, shell="Python").result(60)
    picture = base64.b64decode(result.bundle["image/png"])
    assert picture.startswith(b"\x89PNG") and len(picture) == 300_008
    assert [each["output_type"] for each in result.outputs] == ["display_data", "stream"]
    assert "transient" not in result.outputs[0]

    with pytest.raises(TaskFailedError) as caught:
        client.run(FAILING, device="gpu-box", shell="Python").result(60)
    error = caught.value
    assert error.output == "before"
    shown = error._render_traceback_()
    text = "\n".join(shown)
    assert "\x1b[31mTaskFailedError\x1b[0m: ZeroDivisionError: division by zero [shell_failed]\n" in text, text
    assert "Remote traceback:" in text and "half" in text and "x" in text
    assert "client.run(FAILING" in text, "the reader's own line is shown"
    assert "wegent/client/" not in text, "the client's lines are not"
    assert "\x1b" not in "".join(error.__notes__)

    files_come_back(client, folder)


def files_come_back(client: Client, folder: Path) -> None:
    """Send a file, and fetch what comes back of it, with progress."""
    content = bytes(range(256)) * 8000
    gone: list[int] = []
    stored = client.upload(content, "in.bin", progress=gone.append)
    assert gone and gone[-1] == len(content)
    command = 'cp "$WEGENT_ATTACHMENTS"/in.bin out.bin; echo done > out.txt'
    task = client.run(command, device="gpu-box", shell="Command", files=[stored], options={"results": ["out.*"]})
    come: list[int] = []
    paths = task.download(folder / "made" / "here", progress=come.append)
    assert {path.name: path.read_bytes() for path in paths} == {"out.bin": content, "out.txt": b"done\n"}
    assert come == sorted(come) and come[-1] == len(content) + 5
    one: list[int] = []
    assert client.download(stored, folder / "exact.bin", progress=one.append).read_bytes() == content
    assert one[-1] == len(content)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # it is told in this thread, so this leaves at once
        client.download(stored, folder / "never.bin", progress=interrupted)


def output(kind: str, text: str = "", **more: object) -> CellOutput:
    """Return an output that shows ``text``."""
    data = {"text": text, "name": "stdout"} if kind == "stream" else {"data": {"text/plain": text}}
    return CellOutput(1, {"output_type": kind, **(data if text else {}), **more})


def test_outputs_are_joined_updated_and_cleared_as_in_jupyter() -> None:
    one = {"transient": {"display_id": "one"}}
    events: list[AnyEvent] = [
        output("stream", "lost"),
        output("clear_output", wait=True),
        output("stream", "a"),
        Text("no output of a cell"),
        output("stream", "b"),
        output("display_data", "first", **one),
        output("display_data", "other"),
        output("update_display_data", "second", **one),
    ]
    shown = outputs_of(events)
    assert shown[0]["text"] == "ab"
    assert [each["data"]["text/plain"] for each in shown[1:]] == ["second", "other"]
    assert outputs_of([*events, output("clear_output", wait=False)]) == []
    assert len(outputs_of([output("display_data", str(n)) for n in range(500)])) == 100


def test_an_answer_is_still_shown_as_markdown() -> None:
    answer = Result({"text": "**yes** ![](https://elsewhere/?told)"})._repr_html_()
    assert answer is not None and "<strong>yes</strong>" in answer and "<img" not in answer
    assert Result({"text": "yes"})._repr_mimebundle_() is None
    assert "<code>{&#x27;exit_code&#x27;: 0}</code>" in (Result({"exit_code": 0})._repr_html_() or "")
