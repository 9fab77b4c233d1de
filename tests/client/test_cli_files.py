"""`wegent` and files: sent along, asked for, saved as they come, fetched later."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from support.scripted_api import ScriptedApi
from support.scripted_turns import Turn
from support.terminal import Terminal, wegent

from wegent.protocol.output_events import File, Stream
from wegent.protocol.resources import MAX_FILE
from wegent.protocol.states import State

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def environ(api: ScriptedApi, tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **api.environ}


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Run:
    """Run `wegent` in a folder of its own."""

    def run_it(*arguments: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(wegent(*arguments), env=environ | env, cwd=tmp_path, capture_output=True, timeout=60)

    return run_it


async def send_back(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.say(Stream("stdout", "made\n"), File("a.png", "image/png", 3, "f1"))
    await turn.say(File("../../gone.txt", "text/plain", 3, "f9"), File("b.txt", "text/plain", 1, "f2"))
    await turn.end(State.COMPLETED, {"exit_code": 0})


@pytest.fixture
def sending_back(api: ScriptedApi) -> ScriptedApi:
    api.script = send_back
    api.files |= {"f1": ("../a.png", "image/png", b"png"), "f2": ("b.txt", "text/plain", b"b")}
    return api


def test_files_and_images_are_sent_along_and_results_asked_for(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    (tmp_path / "数据.csv").write_text("a,b")
    (tmp_path / "x.png").write_bytes(b"png")
    wanted = ["--get", "out/*.png", "--get", "log"]
    done = run("run", "--bg", "--json", "--file", "数据.csv", "--image", "x.png", *wanted, "plot it")
    (turn,) = api.turns.values()
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"type": "sent", "subtask_id": turn.id, "task_id": turn.task_id}
    assert turn.body["options"] == {"files": ["f1"], "images": ["f2"], "results": ["out/*.png", "log"]}
    assert api.files == {"f1": ("数据.csv", "text/csv", b"a,b"), "f2": ("x.png", "image/png", b"png")}


def test_a_file_that_cannot_be_sent_ends_it_before_anything_is(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as big:
        big.truncate(MAX_FILE + 1)
    for name, reason in (("missing", "No such file"), ("big", "more than 24 MiB"), (".", "Is a directory")):
        done = run("run", "--file", name, "hi")
        assert done.returncode == 1 and reason in done.stderr.decode()
    assert "最大 24 MiB" in run("run", "--file", "big", "hi", LANG="zh_CN.UTF-8").stderr.decode()
    assert api.turns == {}


def test_files_are_saved_as_they_come_and_one_that_is_gone_is_told(
    sending_back: ScriptedApi, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"old")
    done = run("run", "--save", "out", "plot it")
    err = done.stderr.decode()
    assert (done.returncode, done.stdout) == (1, b"made\n"), "what is missing is no success"
    assert "File a.png (3 bytes, id f1)\nSaved as out/a (2).png\n" in err
    assert "../../gone.txt is not saved: There is no such file. Files are kept for 24 hours." in err
    assert "\nSaved as out/b.txt\n" in err
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        "a.png": b"old",
        "a (2).png": b"png",
        "b.txt": b"b",
    }


def test_what_was_asked_for_is_saved_here_and_told_in_json(
    sending_back: ScriptedApi, run: Run, tmp_path: Path
) -> None:
    done = run("run", "--json", "--get", "*", "plot it")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines] == [
        *("sent", "stream", "file", "saved", "file", "not_saved", "file", "saved", "done")
    ]
    assert lines[3] == {"type": "saved", "id": "f1", "path": "a.png"}
    assert lines[5]["error"]["code"] == "not_found"
    assert (tmp_path / "a.png").read_bytes() == b"png"
    (turn,) = sending_back.turns.values()
    assert run("attach", turn.id).returncode == 0
    assert run("attach", turn.id, "--save", "later").returncode == 1
    assert sorted(path.name for path in (tmp_path / "later").iterdir()) == ["a.png", "b.txt"]


def test_nothing_is_saved_by_what_does_not_follow(sending_back: ScriptedApi, run: Run, tmp_path: Path) -> None:
    done = run("run", "--bg", "--save", "out", "plot it")
    assert done.returncode == 2 and b"attach ID --save DIR" in done.stderr
    assert not (tmp_path / "out").exists() and sending_back.turns == {}
    (tmp_path / "file").touch()
    assert b"cannot be made a folder" in run("run", "--save", "file", "plot it").stderr


def test_a_file_is_fetched_by_its_id(sending_back: ScriptedApi, run: Run, tmp_path: Path) -> None:
    done = run("get", "f1")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"Saved as a.png\n")
    assert run("get", "f1", "-o", "-").stdout == b"png"
    assert json.loads(run("get", "f2", "--json", "-o", "new.txt").stdout) == {
        "id": "f2",
        "name": "b.txt",
        "media_type": "text/plain",
        "size": 1,
        "path": "new.txt",
    }
    again = run("get", "f1", "-o", "new.txt")
    assert again.returncode == 1 and b"new.txt is there already. Choose another name" in again.stderr.replace(
        b"\n", b" "
    )
    assert (tmp_path / "new.txt").read_bytes() == b"b"
    assert run("get", "f1", "-o", "new.txt", "--force").returncode == 0
    assert (tmp_path / "new.txt").read_bytes() == b"png"
    gone = run("get", "f9")
    assert gone.returncode == 1 and b"24 hours" in gone.stderr
    assert json.loads(run("get", "f9", "--json").stderr)["error"]["code"] == "not_found"


async def test_in_a_terminal_a_name_has_no_power_and_a_path_is_shown(
    api: ScriptedApi, environ: dict[str, str], tmp_path: Path
) -> None:
    async def give(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(File("\x1b[2Jevil.txt", "text/plain", 1, "f1"))
        await turn.end(State.COMPLETED)

    api.script = give
    api.files["f1"] = "\x1b[2Jevil.txt", "text/plain", b"x"
    async with Terminal(wegent("run", "--save", str(tmp_path / "文件"), "hi"), environ) as terminal:
        await terminal.shows(r"File ␛\[2Jevil\.txt \(1 byte, id f1\)\n")
        await terminal.shows(r"Saved as .*/文件/_\[2Jevil\.txt\n")
        assert await terminal.ends() == 0
    assert [path.name for path in (tmp_path / "文件").iterdir()] == ["_[2Jevil.txt"]


async def test_sending_a_file_is_shown_while_it_takes_long_and_ctrl_c_sends_nothing(
    api: ScriptedApi, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "data.csv").write_bytes(b"x" * 2000)
    api.failures = [web.Response(status=503, headers={"Retry-After": "2"}) for _ in range(5)]
    command = wegent("run", "--file", str(tmp_path / "data.csv"), "hi")
    async with Terminal(command, environ) as terminal:
        await terminal.shows(r"Sending .*data\.csv: 2\.0 kB…")
        terminal.type("\x03")
        assert await terminal.ends() == 130
        assert terminal.lines[-1] in ("", "^C")
    assert api.turns == {} and api.files == {}


@pytest.mark.parametrize("command", [("get", "f1", "-o", "-"), ("log", "s-1"), ("completion", "bash")])
def test_a_reader_that_goes_away_is_no_error(
    api: ScriptedApi, environ: dict[str, str], command: tuple[str, ...]
) -> None:
    api.files["f1"] = "big", "text/plain", b"x" * 3_000_000
    turn = api.new_turn()
    api.do(turn.say(*[Stream("stdout", "line\n" * 10_000)] * 20))
    arguments = [turn.id if each == "s-1" else each for each in command]
    with subprocess.Popen(
        wegent(*arguments), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None and program.stderr is not None
        program.stdout.close()
        assert program.wait(30) == 141
        assert program.stderr.read() == b""
