"""Files up and down: whole, by safe names, without overwriting, and with errors that say what to do."""

import os
import threading
from pathlib import Path

import pytest
from support.scripted_api import ScriptedApi
from support.scripted_turns import Turn

import wegent
from wegent import Client
from wegent.protocol.output_events import File, Text
from wegent.protocol.resources import MAX_FILE
from wegent.protocol.states import State


def test_files_go_up_with_a_task(api: ScriptedApi, blocking: Client, tmp_path: Path) -> None:
    (tmp_path / "数据.csv").write_bytes(b"a,b\n")
    seen: list[int] = []
    stored = blocking.upload(b"x" * 100_000, "pic.png", progress=seen.append)
    assert (stored.name, stored.media_type, stored.size) == ("pic.png", "image/png", 100_000)
    assert seen[-1] == 100_000
    task = blocking.run("sum", files=[tmp_path / "数据.csv", stored], images=[stored], options={"files": ["f0"]})
    assert api.files["f2"] == ("数据.csv", "text/csv", b"a,b\n")
    assert api.turns[task.id].body["options"] == {"files": ["f0", "f2", "f1"], "images": ["f1"]}
    again = task.ask("and the median?", files=[str(tmp_path / "数据.csv")])
    assert api.turns[again.id].body["options"] == {"files": ["f3"]}


@pytest.mark.skipif(os.name == "nt", reason="no named pipes")
def test_what_comes_through_a_pipe_can_be_sent(api: ScriptedApi, blocking: Client, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"made",)).start()
    assert blocking.upload(tmp_path / "pipe").size == 4


def test_what_cannot_be_sent_is_told_before_anything_is(
    api: ScriptedApi, blocking: Client, tmp_path: Path
) -> None:
    with pytest.raises(wegent.FileError, match=r"missing cannot be read: No such file"):
        blocking.run("hi", files=[tmp_path / "missing"])
    with pytest.raises(wegent.FileError, match="cannot be read: Is a directory"):
        blocking.upload(tmp_path)
    with pytest.raises(wegent.FileError, match=r"file has more than 24 MiB"):
        blocking.upload(bytes(MAX_FILE + 1))
    assert api.turns == {} and api.files == {}


def test_files_come_down(api: ScriptedApi, blocking: Client, tmp_path: Path) -> None:
    async def give(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(Text("Here."), File("plot.png", "image/png", 3, "f1"))
        await turn.end(State.COMPLETED)

    api.script = give
    api.files["f1"] = "../plot.png", "image/png", b"png"
    (file,) = blocking.run("plot").files()
    assert blocking.download(file, tmp_path) == tmp_path / "plot.png"
    assert blocking.download("f1", tmp_path) == tmp_path / "plot.png", "the same once more is no second file"
    api.files["f1"] = "../plot.png", "image/png", b"new"
    assert blocking.download(file.id, tmp_path) == tmp_path / "plot (2).png"
    assert (tmp_path / "plot.png").read_bytes() == b"png"
    assert blocking.download(file, tmp_path / "plot.png") == tmp_path / "plot.png"
    assert (tmp_path / "plot.png").read_bytes() == b"new", "an exact path is meant"
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_is_gone_or_cannot_be_kept_is_told(api: ScriptedApi, blocking: Client, tmp_path: Path) -> None:
    with pytest.raises(wegent.NotFoundError, match="24 hours"):
        blocking.download("f9", tmp_path)
    api.files["f1"] = "x", "text/plain", b"x"
    with pytest.raises(wegent.FileError, match="cannot be written"):
        blocking.download("f1", tmp_path / "missing" / "x")


def test_links_in_the_folder_lead_nothing_elsewhere(api: ScriptedApi, blocking: Client, tmp_path: Path) -> None:
    api.files["f1"] = "x", "text/plain", b"new"
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/x").symlink_to(tmp_path / "outside")
    assert blocking.download("f1", tmp_path / "inside") == tmp_path / "inside/x (2)"
    assert not (tmp_path / "outside").exists()
