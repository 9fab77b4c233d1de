"""`wegent-server`'s parts: what each prints and how it ends."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from support.processes import clean_environment

from api.config import Settings
from api.store import schema, tokens
from api.store.database import Database
from api.store.migrate import upgrade

KEY = "0123456789abcdef0123456789abcdef"


def run(tmp_path: Path, *args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    environ = clean_environment(tmp_path / "home", WEGENT_DATA_DIR=str(tmp_path / "data"), **env)
    return subprocess.run(
        [sys.executable, "-P", "-m", "api.cli", *args],
        env=environ, input=stdin, capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        (["token", "t"], {}, "WEGENT_SECRET_KEY is not set"),
        (["api"], {"WEGENT_SECRET_KEY": KEY, "WEGENT_BIND": "nowhere"}, "WEGENT_BIND='nowhere' must be host:port"),
        (["worker"], {"WEGENT_SECRET_KEY": KEY, "WEGENT_MONITOR_SECONDS": "soon"}, "'soon' is not a number"),
        (["up"], {"WEGENT_ONLINE_TTL_SECONDS": "31"}, "must be at least two heartbeats"),
        (["user", "add", "ann"], {"WEGENT_SECRET_KEY": KEY}, "--password-stdin"),
        (["user", "add", "ann", "--password-stdin"], {"WEGENT_SECRET_KEY": KEY}, "password is empty"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line_and_exit_code_2(
    tmp_path: Path, args: list[str], env: dict[str, str], words: str
) -> None:
    done = run(tmp_path, *args, **env)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("wegent-server: ") and words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "extras"),
    [("up", "server,embedded,executor"), ("api", "server"), ("worker", "server"), ("migrate", "server")],
)
def test_without_the_server_packages_it_says_which_extra_to_install(
    tmp_path: Path, command: str, extras: str
) -> None:
    code = f"import sys; sys.modules['sqlalchemy'] = None; from api.cli import main; main([{command!r}])"
    environ = clean_environment(tmp_path / "home", WEGENT_SECRET_KEY=KEY, WEGENT_DATA_DIR=str(tmp_path / "data"))
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environ, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 1
    assert f"pip install 'wegent[{extras}]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_was_not_migrated_or_cannot_be_reached_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "token", "t", WEGENT_SECRET_KEY=KEY)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "wegent-server migrate" in done.stderr
    unreachable = "postgresql://ann:secret@127.0.0.1:1/x"
    for command in (["token", "t"], ["migrate"]):
        done = run(tmp_path, *command, WEGENT_SECRET_KEY=KEY, WEGENT_DATABASE_URL=unreachable)
        assert done.returncode == 1
        assert "postgresql://127.0.0.1:1/x" in done.stderr
        assert "secret" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["api"], ["worker"], ["worker", "--once"], ["token", "t"]])
def test_no_part_starts_on_a_database_that_was_not_migrated(tmp_path: Path, command: list[str]) -> None:
    for is_there in (False, True):
        if is_there:
            (tmp_path / "data").mkdir()
            (tmp_path / "data" / "wegent.db").touch()
        done = run(tmp_path, *command, WEGENT_SECRET_KEY=KEY)
        assert done.returncode == 1
        assert "wegent-server migrate" in done.stderr and "Traceback" not in done.stderr
        assert (tmp_path / "data").exists() == is_there


async def test_older_tables_are_refused_and_newer_ones_are_not(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)
    async with Database.open(database_url) as database:
        await schema.check(database)
        async with database.write() as connection:
            await connection.execute("UPDATE alembic_version SET version_num = 'from the future'")
        await schema.check(database)
        async with database.write() as connection:
            await connection.execute("DELETE FROM alembic_version")
        with pytest.raises(schema.OldSchemaError):
            await schema.check(database)


def test_a_port_that_is_taken_and_a_redis_that_is_away_are_told_in_a_sentence(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(tmp_path, "api", WEGENT_SECRET_KEY=KEY, WEGENT_BIND=bind)
    assert done.returncode == 1
    assert bind in done.stderr and "WEGENT_BIND" in done.stderr and "Traceback" not in done.stderr
    redis = "redis://:secret@127.0.0.1:1/0"
    done = run(tmp_path, "worker", "--once", WEGENT_SECRET_KEY=KEY, WEGENT_REDIS_URL=redis)
    assert done.returncode == 1
    assert (
        "redis://127.0.0.1:1/0" in done.stderr and "secret" not in done.stderr and "Traceback" not in done.stderr
    )


def test_users_and_tokens_are_made(tmp_path: Path, database_url: str) -> None:
    env = {"WEGENT_SECRET_KEY": KEY, "WEGENT_DATABASE_URL": database_url}
    assert run(tmp_path, "migrate", WEGENT_DATABASE_URL=database_url).returncode == 0
    done = run(tmp_path, "token", "t", "--user", "ann", **env)
    assert (done.returncode, done.stderr) == (
        2, "wegent-server: There is no user 'ann'. Add one: wegent-server user add ann\n",
    )  # fmt: skip
    assert run(tmp_path, "user", "add", "ann", "--password-stdin", stdin="hunter2\n", **env).returncode == 0
    taken = run(tmp_path, "user", "add", "ann", "--password-stdin", stdin="hunter2\n", **env)
    assert taken.returncode == 1 and "'ann'" in taken.stderr
    done = run(tmp_path, "token", "ci", "--user", "ann", "--scope", "send", "--scope", "read", **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert jwt.decode(done.stdout.strip(), KEY, algorithms=["HS256"])["scopes"] == ["send", "read"]

    async def whose() -> str:
        settings = Settings.from_env(env)
        async with Database.open(database_url) as database:
            return (await tokens.verify(database, settings, done.stdout.strip())).user.name

    assert asyncio.run(whose()) == "ann"
