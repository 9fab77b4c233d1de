"""The file of logins: who is chosen, what is kept, and who may read it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wegent.client import credentials
from wegent.client.credentials import Login
from wegent.client.errors import LoginError

ONE = "https://one.example"
TWO = "https://two.example:8443"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"WEGENT_HOME": str(tmp_path / "home")}


def test_nothing_is_known_at_first(environ: dict[str, str]) -> None:
    assert credentials.load(environ=environ) is None
    assert credentials.default_url(environ) == "http://127.0.0.1:8000"
    assert not Path(environ["WEGENT_HOME"]).exists()


def test_a_saved_login_comes_back_and_the_first_is_the_default(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "t1", "ann", "2030-01-01T00:00:00Z"), environ=environ)
    credentials.save(Login(TWO, "t2"), environ=environ)
    login = credentials.load(environ=environ)
    assert login == Login(ONE, "t1", "ann", "2030-01-01T00:00:00Z", "file")
    assert credentials.load(TWO + "/", environ=environ) == Login(TWO, "t2")
    credentials.save(Login(TWO, "t3"), make_default=True, environ=environ)
    assert credentials.load(environ=environ) == Login(TWO, "t3")


def test_only_its_owner_may_read_the_file(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "t1"), environ=environ)
    path = credentials.credentials_file(environ)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_environment_goes_before_the_file(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "t1"), environ=environ)
    credentials.save(Login(TWO, "t2"), environ=environ)
    both = {**environ, "WEGENT_BACKEND_URL": TWO, "WEGENT_TOKEN": "env"}
    assert credentials.load(environ=both) == Login(TWO, "env", source="environment")
    assert credentials.load(environ={**environ, "WEGENT_BACKEND_URL": TWO}) == Login(TWO, "t2")
    assert credentials.load(environ={**environ, "WEGENT_TOKEN": "env"}) == Login(
        "http://127.0.0.1:8000", "env", source="environment"
    )
    assert credentials.default_url({**environ, "WEGENT_BACKEND_URL": TWO}) == TWO


def test_a_token_of_the_environment_never_goes_to_another_server(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "t1"), environ=environ)
    both = {**environ, "WEGENT_BACKEND_URL": TWO, "WEGENT_TOKEN": "env"}
    assert credentials.load(ONE, environ=both) == Login(ONE, "t1")
    assert credentials.load("https://three.example", environ=both) is None
    assert credentials.load(ONE, environ={**environ, "WEGENT_TOKEN": "env"}) == Login(
        ONE, "env", source="environment"
    )


def test_forgetting_drops_one_login_and_moves_the_default(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "t1"), environ=environ)
    credentials.save(Login(TWO, "t2"), environ=environ)
    assert credentials.forget(ONE, environ)
    assert not credentials.forget(ONE, environ)
    assert credentials.load(environ=environ) == Login(TWO, "t2")
    assert credentials.forget(TWO, environ)
    assert credentials.load(environ=environ) is None


def test_logins_saved_at_the_same_time_are_all_kept(environ: dict[str, str]) -> None:
    logins = [Login(f"https://host{n}.example", f"t{n}") for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda login: credentials.save(login, environ=environ), logins))
    assert [credentials.load(login.url, environ) for login in logins] == logins


def test_a_broken_file_says_what_to_do(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "t1"), environ=environ)
    credentials.credentials_file(environ).write_text('{"default": 3}')
    with pytest.raises(LoginError, match="wegent login"):
        credentials.load(environ=environ)


@pytest.mark.parametrize("url", ["one.example", "ftp://one.example", "https://", "http://one.example:port"])
def test_what_is_no_address_is_refused(url: str, environ: dict[str, str]) -> None:
    with pytest.raises(LoginError, match="not a server's address"):
        credentials.load(url, environ)


def test_a_login_never_shows_its_token() -> None:
    assert "secret" not in repr(Login(ONE, "secret"))
