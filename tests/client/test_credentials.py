"""The file of logins: who is chosen, what is kept, and who may read it."""

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import msgspec
import pytest

from wegent.client import claims, credentials, login_file
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


def token(jti: str, gen: int = 0, exp: int = 1000) -> str:
    """Return what looks like one of a chain's tokens."""
    return jwt.encode({"jti": jti, "gen": gen, "iat": 0, "exp": exp}, "k" * 32)


def test_an_executor_has_a_login_of_its_own_else_its_owners(environ: dict[str, str]) -> None:
    credentials.save(Login(ONE, "person"), environ=environ)
    found = credentials.load(environ=environ, shelf="devices")
    assert found is not None and (found.token, found.shelf) == ("person", "backends")
    credentials.save(Login(TWO, "device", shelf="devices"), environ=environ)
    found = credentials.load(environ=environ, shelf="devices")
    assert found is not None and (found.url, found.token, found.shelf) == (TWO, "device", "devices")
    assert credentials.load(environ=environ) == Login(ONE, "person")
    assert credentials.load(TWO, environ=environ) is None
    assert credentials.is_device(TWO, environ) and not credentials.is_device(ONE, environ)


def test_a_successor_takes_the_place_of_what_it_came_from_and_of_nothing_else(environ: dict[str, str]) -> None:
    first, second, third = [Login(ONE, token("a", gen), "ann") for gen in range(3)]
    credentials.save(first, environ=environ)
    assert credentials.replace(first, second, environ) == second
    assert credentials.replace(first, second, environ) == second, "the slower of two programs"
    assert credentials.replace(second, third, environ) == third
    assert credentials.replace(first, second, environ) == third, "an answer that came late"
    other = Login(ONE, token("b"), "bob")
    credentials.save(other, environ=environ)
    assert credentials.replace(third, Login(ONE, token("a", 3)), environ).token == other.token
    assert credentials.load(environ=environ) == other, "a person logged in meanwhile"
    credentials.forget(ONE, environ)
    assert credentials.replace(other, Login(ONE, token("b", 1)), environ).token == token("b", 1)
    assert credentials.load(environ=environ) is None, "a person logged out meanwhile"


def test_what_could_not_be_kept_once_is_kept_the_next_time(environ: dict[str, str]) -> None:
    first, second, third = [Login(ONE, token("a", gen)) for gen in range(3)]
    credentials.save(first, environ=environ)
    assert credentials.replace(second, third, environ) == third
    assert credentials.load(environ=environ) == third


def test_programs_that_renew_at_once_keep_one_successor(environ: dict[str, str]) -> None:
    first = Login(ONE, token("a"))
    credentials.save(first, environ=environ)
    successors = [Login(ONE, token("a", gen)) for gen in (1, 2, 3) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda login: credentials.replace(first, login, environ), successors))
    saved = credentials.load(environ=environ)
    assert saved is not None and saved.token == token("a", 3)


def test_successors_of_a_given_token_are_found_by_it_and_it_stands_nowhere(environ: dict[str, str]) -> None:
    fresh = credentials.given(Login(ONE, token("a"), source="environment"), environ)
    assert (fresh.token, fresh.source) == (token("a"), "environment")
    renewed = msgspec.structs.replace(fresh, token=token("a", 1))
    assert credentials.replace(fresh, renewed, environ) == renewed
    assert credentials.given(Login(ONE, token("a"), source="arguments"), environ).token == token("a", 1)
    assert credentials.given(Login(TWO, token("a"), source="arguments"), environ).token == token("a")
    assert credentials.load(environ=environ) is None
    assert token("a") not in credentials.credentials_file(environ).read_text()
    for n in range(20):
        each = credentials.given(Login(ONE, token(f"x{n}"), source="arguments"), environ)
        credentials.replace(each, msgspec.structs.replace(each, token=token(f"x{n}", 1)), environ)
    assert len(login_file.read(credentials.credentials_file(environ)).given) == login_file.MOST_GIVEN


def test_a_file_that_others_could_read_is_mended_and_that_is_said(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    credentials.save(Login(ONE, "t1"), environ=environ)
    path = credentials.credentials_file(environ)
    path.chmod(0o644)
    assert credentials.load(environ=environ) == Login(ONE, "t1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in caplog.text and "0600" in caplog.text


@pytest.mark.parametrize("bad", ["", "a.b", "a.b.c", "a.!.c", "x." + "e30" + ".y", "ü.ü.ü"])
def test_a_token_that_says_nothing_is_never_due(bad: str) -> None:
    assert claims.read(bad) is None
    assert claims.seconds_until_due(bad, 0) is None
    assert not claims.is_former(bad, token("a"))


def test_a_token_is_due_when_less_than_half_of_its_life_is_left() -> None:
    assert claims.seconds_until_due(token("a", exp=1000), 400) == 100
    assert claims.seconds_until_due(token("a", exp=1000), 600) == -100


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked there")
def test_a_file_that_another_program_does_not_let_go_of_is_waited_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_file, "LOCKED_WITHIN", 0.2)
    path = tmp_path / "credentials.json"
    with (
        login_file.locked(path),
        pytest.raises(LoginError, match="Another program has been changing"),
        login_file.locked(path),
    ):
        pass
    with login_file.locked(path):
        pass
