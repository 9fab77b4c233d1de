"""`wegent completion`: what Tab offers, in a real shell; trouble is never seen at the prompt."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.scripted_api import ScriptedApi, device
from support.terminal import Terminal, wegent


@pytest.fixture
def environ(api: ScriptedApi, tmp_path: Path) -> dict[str, str]:
    """A shell's environment in which `wegent` is on PATH."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/wegent"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m wegent.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8", "PS1": "$ ", **api.environ}


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
async def test_tab_offers_commands_devices_shells_tasks_and_files(
    api: ScriptedApi, environ: dict[str, str], tmp_path: Path
) -> None:
    api.devices = [device(), device("other", "gpu box")]
    turn = api.new_turn("one")
    (tmp_path / "notes.txt").touch()
    setup = tmp_path / "rc"
    setup.write_text('eval "$(wegent completion bash)"; cd; echo ready\n')
    async with Terminal(["bash", "--noprofile", "--rcfile", str(setup), "-i"], environ, columns=200) as terminal:
        await terminal.shows("ready")
        for typed, completed in (
            ("wegent appr\t", "wegent approvals "),
            ("wegent run -d gpu\t", r"wegent run -d gpu\\ box "),
            ("wegent run --shell Comm\t", "wegent run --shell Command "),
            ("wegent attach s-\t", f"wegent attach {turn.id} "),
            ("wegent run --file no\t", r"wegent run --file notes\.txt "),
        ):
            terminal.type(typed)
            await terminal.shows(completed)
            terminal.type("\x15")  # Ctrl-U: forget the line


@pytest.mark.parametrize("trouble", [{"WEGENT_BACKEND_URL": "http://127.0.0.1:9"}, {"WEGENT_TOKEN": "wrong"}])
def test_trouble_offers_nothing_and_says_nothing(environ: dict[str, str], trouble: dict[str, str]) -> None:
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": os.devnull, "COMP_LINE": "wegent attach "}
    more = {"COMP_POINT": "14", "COMP_TYPE": "9", "_ARGCOMPLETE_SHELL": "bash"}
    done = subprocess.run(
        wegent(), env=environ | asked | more | trouble, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("module", "line", "offered"),
    [("executor.main", "wegent-executor log", "login"), ("api.cli", "wegent-server mig", "migrate")],
)
def test_the_other_two_commands_only_answer_where_a_shell_asks(
    environ: dict[str, str], tmp_path: Path, module: str, line: str, offered: str
) -> None:
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "offered"), "COMP_LINE": line}
    more = {"COMP_POINT": str(len(line)), "COMP_TYPE": "9", "_ARGCOMPLETE_SHELL": "bash"}
    program = [sys.executable, "-P", "-m", module]
    done = subprocess.run(program, env=environ | asked | more, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert offered in (tmp_path / "offered").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_shell_gets_its_own_words(environ: dict[str, str], shell: str) -> None:
    done = subprocess.run(wegent("completion", shell), env=environ, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "wegent-executor" in done.stdout
    if shutil.which(shell) and shell in ("bash", "zsh"):
        assert subprocess.run([shell, "-n"], input=done.stdout, text=True, timeout=30).returncode == 0


def test_without_argcomplete_it_says_what_to_install(environ: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['argcomplete'] = None; from wegent import cli; sys.exit(cli.main(sys.argv[1:]))"
    )
    run = [sys.executable, "-c", script, "completion", "bash"]
    done = subprocess.run(run, env=environ, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'wegent[completion]'" in done.stderr
