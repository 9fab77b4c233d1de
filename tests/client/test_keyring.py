"""Logins in the keyring, with a real backend of it that keeps a file, and with one that refuses everything."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import clean_environment
from support.scripted_api import ScriptedApi

Run = Callable[..., subprocess.CompletedProcess[str]]

FILE = "keyrings.alt.file.PlaintextKeyring"
NONE = "keyring.backends.fail.Keyring"


@pytest.fixture
def run(api: ScriptedApi, tmp_path: Path) -> Run:
    """Run `wegent` with some input and a backend of the keyring."""

    def ran(
        *arguments: str, stdin: str = "", backend: str = FILE, code: str = ""
    ) -> subprocess.CompletedProcess[str]:
        code += "; import sys; from wegent.cli import main; sys.exit(main())"
        environ = clean_environment(tmp_path, LANG="C.UTF-8", PYTHON_KEYRING_BACKEND=backend)
        argv = [sys.executable, "-P", "-c", code.removeprefix("; "), *arguments]
        return subprocess.run(argv, env=environ, input=stdin, capture_output=True, text=True, timeout=60)

    return ran


def log_in(api: ScriptedApi, run: Run, *flags: str, **how: str) -> subprocess.CompletedProcess[str]:
    return run("login", "--url", api.url, "--token-stdin", *flags, stdin="a-token\n", **how)


def entry(api: ScriptedApi, tmp_path: Path) -> dict[str, object]:
    """Return what the file says of the login."""
    text = (tmp_path / ".wegent-executor/credentials.json").read_text()
    found: dict[str, object] = json.loads(text)["backends"][api.url]
    return found


def kept(tmp_path: Path) -> int:
    """Return how many tokens the keyring holds."""
    (path,) = (tmp_path / ".local/share/python_keyring").glob("*")
    return sum(" =" in line for line in path.read_text().splitlines())


def test_a_login_in_the_keyring_leaves_no_token_in_the_file(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    assert log_in(api, run, "--keyring").returncode == 0
    assert entry(api, tmp_path) == {"user": "ann", "keyring": True}
    assert "a-token" not in (tmp_path / ".wegent-executor/credentials.json").read_text()
    assert kept(tmp_path) == 1
    assert "workstation" in run("devices").stdout
    assert log_in(api, run).returncode == 0, "it is remembered where logins go"
    assert entry(api, tmp_path) == {"user": "ann", "keyring": True}
    assert log_in(api, run, "--no-keyring").returncode == 0
    assert entry(api, tmp_path) == {"user": "ann", "token": "a-token"}
    assert kept(tmp_path) == 0
    assert log_in(api, run, "--keyring").returncode == 0
    assert run("logout").returncode == 0
    assert kept(tmp_path) == 0


def test_a_keyring_out_of_use_is_told_with_what_to_do(api: ScriptedApi, run: Run, tmp_path: Path) -> None:
    done = log_in(api, run, "--keyring", backend=NONE)
    assert done.returncode == 3 and api.requests == [], "before a person approves in vain"
    assert "The keyring cannot be used" in done.stderr and "--no-keyring" in done.stderr
    assert "Traceback" not in done.stderr
    assert log_in(api, run, "--keyring").returncode == 0
    for arguments in (["devices"], ["login", "--url", api.url, "--device-code"]):
        done = run(*arguments, backend=NONE)
        assert done.returncode == 3 and "Unlock it" in done.stderr
    for path in (tmp_path / ".local/share/python_keyring").glob("*"):
        path.unlink()
    done = run("devices")
    assert done.returncode == 3 and "keyring has no login" in done.stderr and "wegent login" in done.stderr


def test_without_the_library_it_says_what_to_install(api: ScriptedApi, run: Run) -> None:
    done = log_in(api, run, "--keyring", code="import sys; sys.modules['keyring'] = None")
    assert done.returncode == 3 and "pip install 'wegent[keyring]'" in done.stderr
    assert log_in(api, run, code="import sys; sys.modules['keyring'] = None").returncode == 0
