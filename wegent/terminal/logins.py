"""`wegent login` and `wegent logout`."""

import getpass
import socket
import sys
from typing import Any, NamedTuple

import msgspec

from wegent.client import credentials
from wegent.client.async_client import whoami
from wegent.client.credentials import Login
from wegent.client.errors import WegentError
from wegent.client.rest import Rest
from wegent.terminal.json_lines import json_line
from wegent.terminal.session import RETRY_SECONDS, Session, UsageError


class Answers(NamedTuple):
    """Who wants to log in where: with a name and a password, or with a token."""

    url: str
    username: str = ""
    password: str = ""
    token: str = ""


def ask(session: Session, username: str | None, password_stdin: bool, token_stdin: bool) -> Answers:
    """Read from standard input, or ask the person, what is missing."""
    url = credentials.normalised(session.url or credentials.default_url(session.environ))
    if token_stdin:
        return Answers(url, token=_first_line(session))
    if not session.keyboard.is_there and not (username and password_stdin):
        raise UsageError(session.words("say_how_to_log_in"))
    if not username:
        sys.stderr.write(session.words("ask_username", url=url))
        sys.stderr.flush()
        username = _first_line(session)
    password = _first_line(session) if password_stdin else getpass.getpass(session.words("ask_password"))
    return Answers(url, username, password)


async def log_in(session: Session, answers: Answers) -> int:
    """Log in, and keep a token of this computer's own."""
    login = await (_checked(answers) if answers.token else _made(answers, session))
    credentials.save(login, make_default=True, environ=session.environ)
    if session.as_json:
        told = {"url": login.url, "user": login.user, "expires_at": login.expires_at}
        session.screen.out(json_line(told))
    else:
        session.screen.line(session.words("logged_in", url=login.url, user=login.user))
    await session.screen.flush()
    return 0


async def log_out(session: Session) -> int:
    """Revoke the login that is kept here, and forget it."""
    url = credentials.normalised(session.url or credentials.default_url(session.environ))
    login = credentials.load(url, {"WEGENT_HOME": session.environ.get("WEGENT_HOME", "")})
    if login is not None:
        await _revoke(session, login)
        credentials.forget(url, session.environ)
    if session.as_json:
        session.screen.out(json_line({"url": url, "was_logged_in": login is not None}))
    else:
        session.screen.line(session.words("logged_out" if login else "was_not_logged_in", url=url))
    await session.screen.flush()
    return 0


async def _made(answers: Answers, session: Session) -> Login:
    """Log in with a password, make a token, and end the login session, which nobody needs any more."""
    body = {"username": answers.username, "password": answers.password}
    async with Rest(answers.url, RETRY_SECONDS) as rest:
        opened = await rest.call(dict[str, Any], "POST", "/auth/login", body=body, once=True)
    async with Rest(Login(answers.url, opened["token"]), RETRY_SECONDS) as rest:
        name = session.words("token_name", host=socket.gethostname())
        made = await rest.call(dict[str, Any], "POST", "/tokens", body={"name": name}, once=True)
        await rest.call(object, "POST", "/auth/logout", body={})
    return Login(answers.url, made["token"], whoami(opened), made.get("expires_at"))


async def _checked(answers: Answers) -> Login:
    login = Login(answers.url, answers.token)
    async with Rest(login, RETRY_SECONDS) as rest:
        return msgspec.structs.replace(login, user=whoami(await rest.call(dict[str, Any], "GET", "/auth/me")))


async def _revoke(session: Session, login: Login) -> None:
    """Tell the server; that it cannot be told must not keep anybody from logging out."""
    async with Rest(login, retry_seconds=0) as rest:
        try:
            await rest.call(object, "POST", "/auth/logout", body={})
        except WegentError as error:
            session.screen.line(session.words("token_not_revoked", reason=error.message), "yellow")


def _first_line(session: Session) -> str:
    line = session.stdin.readline().strip("\r\n")
    if not line.strip():
        raise UsageError(session.words("nothing_on_stdin"))
    return line
