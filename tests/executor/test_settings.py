"""Flags go before the environment, and that before config.toml; what cannot be says where it stands."""

import os
from pathlib import Path

import pytest
from support.processes import eventually

from executor.config import Config
from executor.parser import make_parser
from tests.executor.conftest import StartExecutor
from wegent.protocol.timing import InvalidSettingError

FILE = """
slots = 2
name = "from the file"
shells = ["Command", "ClaudeCode"]
permission_mode = "plan"
url = "https://file.example.org"

[labels]
gpu = "yes"

[environment]
HTTPS_PROXY = "http://proxy.example.org:3128"
WEGENT_SLOTS = "3"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(FILE)
    return tmp_path


def read(home: Path, *flags: str, **environ: str) -> Config:
    return Config.read(make_parser().parse_args(flags), {"WEGENT_HOME": str(home), "WEGENT_TOKEN": "t"} | environ)


def test_the_file_counts_where_nothing_else_is_said(home: Path) -> None:
    config = read(home)
    assert (config.name, config.permission_mode, config.labels) == ("from the file", "plan", {"gpu": "yes"})
    assert (config.shells, config.named_shells) == (("Command", "ClaudeCode"), {"Command", "ClaudeCode"})
    assert config.url == "https://file.example.org"


def test_its_variables_stand_in_for_missing_ones(home: Path) -> None:
    assert read(home).slots == 3
    assert read(home, WEGENT_SLOTS="4").slots == 4
    assert read(home).environ["HTTPS_PROXY"] == "http://proxy.example.org:3128"


def test_the_environment_goes_before_the_file(home: Path) -> None:
    folders = os.pathsep.join([str(home), "/"])
    config = read(home, WEGENT_NAME="from outside", WEGENT_LABELS="a=b, c=d", WEGENT_WORKSPACES=folders)
    assert (config.name, config.labels, config.folders) == (
        "from outside",
        {"a": "b", "c": "d"},
        (home, Path("/")),
    )


def test_flags_go_before_both(home: Path) -> None:
    flags = ("--name", "said", "--slots", "5", "--shell", "Command", "--url", "http://127.0.0.1:9")
    config = read(home, *flags, WEGENT_NAME="from outside", WEGENT_BACKEND_URL="http://127.0.0.1:8")
    assert (config.name, config.slots, config.shells) == ("said", 5, ("Command",))
    assert (config.url, config.permission_mode) == ("http://127.0.0.1:9", "plan")


def test_files_are_sent_back_only_where_the_owner_says_so(tmp_path: Path) -> None:
    assert not read(tmp_path).allow_results
    assert read(tmp_path, WEGENT_ALLOW_RESULTS="true").allow_results
    (tmp_path / "config.toml").write_text("allow_results = true")
    assert read(tmp_path).allow_results
    assert not read(tmp_path, "--no-allow-results").allow_results
    with pytest.raises(InvalidSettingError, match="WEGENT_ALLOW_RESULTS"):
        read(tmp_path, WEGENT_ALLOW_RESULTS="perhaps")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("slots = 0", "slots"),
        ('slots = "two"', "slots cannot be 'two': Expected `int`, got `str`"),
        ("slots = [", "cannot be read"),
        ("slot = 2", "no setting slot"),
        ('shells = "Command"', "shells"),
        ('permission_mode = "yes"', "permission_mode cannot be 'yes': it is one of plan, ask, acceptEdits"),
        ("[labels]\ngpu = 1", "labels"),
        ("name = '\xff'", "cannot be read"),
    ],
)
def test_what_cannot_be_names_the_file_and_the_setting(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidSettingError, match=told) as error:
        read(tmp_path)
    assert str(path) in str(error.value)


def test_a_variable_that_cannot_be_is_named(home: Path) -> None:
    with pytest.raises(InvalidSettingError, match="WEGENT_PERMISSION_MODE"):
        read(home, WEGENT_PERMISSION_MODE="yes")


def test_a_token_in_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('token = "from-file"')
    path.chmod(0o644)
    with pytest.raises(InvalidSettingError, match="chmod 600"):
        read(tmp_path, WEGENT_TOKEN="")
    path.chmod(0o600)
    assert read(tmp_path, WEGENT_TOKEN="").token == "from-file"
    assert read(tmp_path).token == "t"
    assert read(tmp_path, "--token", "flag").token == "flag"


async def test_a_program_that_cannot_read_its_file_ends_as_for_usage(
    start_executor: StartExecutor, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("slots = 0")
    program = start_executor(WEGENT_HOME=str(home))
    await eventually(lambda: program.returncode is not None)
    assert program.returncode == 2
    assert "config.toml: slots cannot be 0" in program.text
