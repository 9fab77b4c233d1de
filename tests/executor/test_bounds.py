"""What the owner offers bounds what a task may do; and how the owner says it."""

from pathlib import Path

import pytest

from executor import environment, permission, workspace
from executor.config import Config, NoLoginError
from executor.parser import make_parser
from executor.sleep import has_slept
from wegent.protocol.timing import InvalidSettingError


def config(*flags: str, **environ: str) -> Config:
    return Config.read(make_parser().parse_args(flags), {"WEGENT_HOME": "/nowhere", "WEGENT_TOKEN": "t"} | environ)


@pytest.mark.parametrize("wanted", [None, "plan", "ask", "default", "acceptEdits", "bypassPermissions"])
@pytest.mark.parametrize("owners", permission.MODES)
def test_a_task_is_never_looser_than_its_owner(wanted: str | None, owners: permission.PermissionMode) -> None:
    order = {"plan": 0, "ask": 1, "default": 1, "acceptEdits": 2, "bypassPermissions": 3}
    if wanted is not None and order[wanted] > order[owners]:
        with pytest.raises(permission.ForbiddenModeError):
            permission.effective(wanted, owners)
    else:
        assert order[permission.effective(wanted, owners)] == order[wanted or owners]


@pytest.mark.parametrize("identifier", ["..", ".", "../../etc", "a/b", "A", "a\0b", "", "x" * 200, "\ud83d", "~"])
def test_no_id_leads_out_of_the_workspace(identifier: str, tmp_path: Path) -> None:
    folder = workspace.own_folder(tmp_path, identifier)
    assert folder.resolve().parent == tmp_path / "workspace"
    assert folder.name != identifier


def test_ids_that_differ_in_case_have_folders_of_their_own() -> None:
    names = {workspace.folder_name(identifier).lower() for identifier in ("abc", "Abc", "ABC")}
    assert len(names) == 3


def test_the_environment_of_children_is_a_list_of_what_is_allowed() -> None:
    ambient = {"PATH": "/bin", "WEGENT_TOKEN": "s", "AWS_SECRET": "s", "LC_ALL": "C", "https_proxy": "p"}
    claude = {"ANTHROPIC_API_KEY": "k", "CLAUDE_CONFIG_DIR": "c", "IS_SANDBOX": "1"}
    assert environment.for_children(ambient | claude) == {"PATH": "/bin", "LC_ALL": "C", "https_proxy": "p"}
    assert (
        environment.for_claude(ambient | claude)
        == {
            "PATH": "/bin",
            "LC_ALL": "C",
            "https_proxy": "p",
        }
        | claude
    )


def test_flags_come_before_the_environment() -> None:
    assert config().login.token == "t"
    assert config("--token", "flag").login.token == "flag"
    assert config("--slots", "3", WEGENT_SLOTS="7").slots == 3
    assert config(WEGENT_SLOTS="7").slots == 7
    assert config().slots == 5
    assert config().permission_mode == "ask"
    assert config().url == "http://127.0.0.1:8000"
    assert config(WEGENT_BACKEND_URL="https://a.example/").url == "https://a.example"


def test_shells_are_those_that_were_named_else_claude_code_and_notebook() -> None:
    assert config().shells == ("ClaudeCode", "Notebook")
    assert config("--shell", "Command", "--shell", "Command").shells == ("Command",)


def test_the_token_is_not_shown() -> None:
    assert "secret-token" not in repr(config("--token", "secret-token"))


@pytest.mark.parametrize(
    "flags",
    [
        ("--slots", "1001"),
        ("--slots", "0"),
        ("--workspace", "/no/such/folder"),
        ("--slots", "many"),
        ("--label", "novalue"),
        ("--shell", "Comand"),
        ("--name", "x" * 201),
    ],
)
def test_what_cannot_be_is_a_clear_error(flags: tuple[str, ...]) -> None:
    with pytest.raises(InvalidSettingError):
        config(*flags)


def test_without_a_token_it_says_what_to_do() -> None:
    with pytest.raises(NoLoginError, match="wegent-executor login"):
        config(WEGENT_TOKEN="")


def test_sleep_is_wall_time_that_did_not_run() -> None:
    assert has_slept(3600, 1)
    assert not has_slept(1.2, 1)
    assert not has_slept(8, 8)  # much was in the way
    assert has_slept(60, 60)  # it stood still, or its clock goes on during sleep
    assert not has_slept(-3600, 1)  # the clock was set back


@pytest.mark.parametrize(
    "workdir",
    [
        *(
            "..",
            "../other",
            "/",
            "/proc/self/root/etc",
            "/proc/self/cwd",
            "~root",
            "~nobody-of-that-name/x",
            "//etc",
        ),
        *("file", "file/x", "out", "out/x", "a\0b", "\ud800", "x" * 5000, "x" * 300, "{offered}/../other"),
        *("{offered}/file", "{offered}/none", "{offered}/out", "{offered}/" + "x" * 300, "{OFFERED}/x"),
    ],
)
def test_no_working_folder_leads_out_of_what_is_offered(workdir: str, tmp_path: Path) -> None:
    own, offered = tmp_path / "home/workspace/task", tmp_path / "offered"
    for folder in (own, offered, tmp_path / "home/workspace/other"):
        folder.mkdir(parents=True)
        (folder / "file").touch()
        (folder / "out").symlink_to(tmp_path)
    wanted = workdir.replace("{offered}", str(offered)).replace("{OFFERED}", str(offered).upper())
    with pytest.raises(workspace.ForbiddenFolderError):
        workspace.resolve(wanted, own, (offered,))


def test_a_task_cannot_put_a_link_in_the_place_of_its_folder(tmp_path: Path) -> None:
    own = workspace.resolve(".", tmp_path / "home/workspace/task", ())
    workspace.enter(own)
    inside = workspace.resolve("a/b", own, ())
    workspace.enter(inside)
    assert inside.is_dir()
    (own / "a").rename(own / "c")
    (own / "a").symlink_to("/tmp")
    with pytest.raises(workspace.ForbiddenFolderError, match="a link was put in its way"):
        workspace.enter(inside)
    own.rename(tmp_path / "moved")
    own.symlink_to("/")
    with pytest.raises(workspace.ForbiddenFolderError, match="was replaced by a link"):
        workspace.resolve(".", own, ())
    assert not Path("/tmp/b").exists()
