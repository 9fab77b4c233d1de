"""What counts as a secret, in the environment and in files."""

import json
import os
from pathlib import Path

import pytest

from executor.config import Config
from executor.parser import make_parser
from executor.redaction.owner_secrets import OwnerSecrets, TaskSecrets
from executor.redaction.pieces import Secrets
from executor.redaction.secret_files import SecretFiles, values
from executor.redaction.secret_values import in_environment
from wegent.client import credentials
from wegent.client.credentials import Login

KEY = "wJalrXUtnFEMI/K7MDENG+bPx"


@pytest.mark.parametrize(
    "name",
    [
        *("GITHUB_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "NPM_AUTH", "MYSQL_PWD"),
        *("ANTHROPIC_AUTH_TOKEN", "apiKey", "clientSecret", "SIGNING_KEY", "PASS", "SSH_KEY_PASSPHRASE"),
    ],
)
def test_a_variable_with_a_telling_name_is_a_secret(name: str) -> None:
    assert in_environment({name: KEY}) == {KEY: name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME", "/home/somebody"),
        ("GIT_AUTHOR_NAME", "Somebody Else"),
        ("KEYBOARD", "qwertyuiop"),
        ("SSH_AUTH_SOCK", "/"),
        ("TOKENIZERS_PARALLELISM", "true"),
        ("PWD", "somewhere-else"),
        ("DB_PASSWORD", "short"),
        ("DB_PASSWORD", "password"),
        ("AUTH_URL", "https://login.example.com/start"),
        ("DATABASE_URL", "postgres://user:short@db/name"),
    ],
)
def test_what_is_no_secret_is_left_alone(name: str, value: str) -> None:
    assert in_environment({name: value}) == {}


def test_a_password_in_a_url_is_a_secret_whatever_its_name_is() -> None:
    environ = {
        "HTTPS_PROXY": "http://me:p%40ss-word-1@proxy:3128",
        "REMOTE": "https://ghp4x0123456789abcdef012345@git.example/x",
        "HOOK": "https://example.com/?access_token=0123-4567-89",
    }
    assert set(in_environment(environ)) == {
        *("p%40ss-word-1", "p@ss-word-1"),
        *("ghp4x0123456789abcdef012345", "0123-4567-89"),
    }


def test_files_of_every_usual_form_are_understood() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nAAAAtzc2gtZW\n-----END PRIVATE KEY-----"
    assert values(pem) == {"b3BlbnNzaC1rZXktdjEAAAAA", "AAAAtzc2gtZW"}
    assert values(f"# mine\nexport API_KEY='{KEY}'  \nNODE_ENV=development\n") == {KEY}
    assert values(f"[default]\naws_secret_access_key = {KEY} # new\nregion = eu-central-1") == {KEY}
    assert values(json.dumps({"auths": {"x": {"auth": KEY, "email": "somebody@example.org"}}})) == {KEY}
    assert values(f"hosts:\n  - oauth_token: {KEY}\n    user: somebody-else\n") == {KEY}
    assert values(f"machine example.com login me password {KEY}\n") == {KEY}
    assert values(f"https://me:{KEY.replace('/', '-')}@git.example.com\n") == {KEY.replace("/", "-")}
    assert values("whatever=0123456789abcdef0123456789abcdef\n") == {"0123456789abcdef0123456789abcdef"}
    assert values(f"{KEY}\n") == {KEY}
    assert values("\x00\xff binary: [ {") == set()


def test_files_are_read_again_when_they_change_and_found_below_folders(tmp_path: Path) -> None:
    (tmp_path / "a/node_modules").mkdir(parents=True)
    env = tmp_path / "a/.env"
    files = SecretFiles(["**/.env", f"{tmp_path}/keys/*"])
    assert files.read() == files.read_below([tmp_path]) == {}
    env.write_text("TOKEN=first-secret")
    (tmp_path / "a/node_modules/.env").write_text("TOKEN=nobodys-secret")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/id").write_text("bare-key-of-mine")
    os.mkfifo(tmp_path / "keys/pipe")
    assert files.read() == {"bare-key-of-mine": "id"}
    assert files.read_below([tmp_path]) == {"first-secret": ".env"}
    env.write_text("TOKEN=second-secret")
    assert "second-secret" in files.read_below([tmp_path])


@pytest.mark.parametrize("redaction", ["on", "off"])
async def test_every_login_that_is_saved_here_is_a_secret_not_only_the_executors_own(
    tmp_path: Path, redaction: str
) -> None:
    environ = {"WEGENT_HOME": str(tmp_path), "WEGENT_TOKEN": "the-executors", "WEGENT_REDACTION": redaction}
    owner = OwnerSecrets(Config.read(make_parser().parse_args([]), environ), lambda: "renewed-executors")
    credentials.save(Login("http://127.0.0.1:1", "its-owners-login"), environ=environ)
    await owner.read()
    assert {"the-executors", "renewed-executors", "its-owners-login"} <= owner.known().keys()


async def test_what_a_task_writes_into_files_pushes_no_secret_out_and_is_looked_for_once(tmp_path: Path) -> None:
    environ = {"WEGENT_HOME": str(tmp_path / "home"), "WEGENT_TOKEN": "the-executors-login"}
    login = ["the-executors-login"]
    config = Config.read(make_parser().parse_args(["--workspace", str(tmp_path)]), environ)
    task = TaskSecrets(OwnerSecrets(config, lambda: login[-1]), {}, tmp_path)

    async def flood(number: int) -> Secrets:
        (tmp_path / ".env").write_text("\n".join(f"TOKEN={line:x}-of-{number}-is-none" for line in range(5000)))
        await task.read()
        return task()

    full = await flood(1)
    assert await flood(2) is full, "what is not looked for costs nothing"
    login.append("its-later-successor")
    assert [found.name for found in task().find("cat its-later-successor")] == ["the login"]
