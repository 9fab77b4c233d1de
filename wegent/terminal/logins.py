"""`wegent login` and `wegent logout`."""

import asyncio
import getpass
import platform
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from wegent.client import credentials, pairing
from wegent.client.credentials import Login, whoami
from wegent.client.errors import WegentError
from wegent.client.login_file import Shelf
from wegent.client.rest import Rest
from wegent.terminal.json_lines import json_line
from wegent.terminal.session import RETRY_SECONDS, Session, UsageError
from wegent.terminal.visible import visible

PERSON_SCOPES = ("device", "send", "read")
DEVICE_SCOPES = ("device",)
"""All that an executor needs: it connects, fetches attached files and hands over those that it made."""


class Answers(NamedTuple):
    """Who wants to log in where: with a name and a password, or with a token, or else by a code."""

    url: str
    username: str = ""
    password: str = ""
    token: str = ""


def ask(
    session: Session, username: str | None, password_stdin: bool, token_stdin: bool, device_code: bool
) -> Answers:
    """Read from standard input, or ask the person, what is missing."""
    url = _server(session)
    if device_code or (session.keyboard.is_there and not (username or password_stdin or token_stdin)):
        return Answers(url)
    if token_stdin:
        return Answers(url, token=_first_line(session))
    if not username or not (password_stdin or session.keyboard.is_there):
        raise UsageError(session.words("say_how_to_log_in"))
    password = _first_line(session) if password_stdin else getpass.getpass(session.words("ask_password"))
    return Answers(url, username, password)


async def log_in(session: Session, answers: Answers, in_keyring: bool | None) -> int:
    """Log in, and keep a token of this computer's own: in the keyring, in the file, or where the last one was."""
    await asyncio.to_thread(credentials.check_place, answers.url, in_keyring, session.environ)
    if answers.token:
        login = await _checked(answers)
    elif answers.username:
        login = await _made(answers, session)
    else:
        login = await _approved(answers.url, session, _token_name(session))
    return await _keep(session, login, in_keyring)


async def log_in_device(session: Session, in_keyring: bool | None) -> int:
    """Log in by a code, for an executor; what it is called in the page is the name that its device will have.

    It may only be a device then, and is kept beside the login of a person who sends tasks from here.
    """
    url = credentials.normalised(session.url or credentials.default_url(session.environ, "devices"))
    await asyncio.to_thread(credentials.check_place, url, in_keyring, session.environ, "devices")
    login = await _approved(url, session, f"{platform.system()} - {platform.node()}", DEVICE_SCOPES)
    await _keep(session, msgspec.structs.replace(login, shelf="devices"), in_keyring)
    session.screen.line(session.words("can_be_device"))
    await session.screen.flush()
    return 0


async def _keep(session: Session, login: Login, in_keyring: bool | None) -> int:
    await asyncio.to_thread(credentials.save, login, True, session.environ, in_keyring)
    if session.as_json:
        told = {"url": login.url, "user": login.user, "expires_at": login.expires_at}
        session.screen.out(json_line(told))
    else:
        session.screen.line(session.words("logged_in", url=login.url, user=login.user))
    await session.screen.flush()
    return 0


async def log_out(session: Session, shelf: Shelf = "backends") -> int:
    """Revoke the login that is kept here, and forget it; ``devices``: the one that is an executor's alone."""
    url = credentials.normalised(session.url or credentials.default_url(session.environ, shelf))
    login = credentials.load(url, {"WEGENT_HOME": session.environ.get("WEGENT_HOME", "")}, shelf)
    if login is not None and login.shelf != shelf:
        login = None
    if login is not None:
        await _revoke(session, login)
        credentials.forget(url, session.environ, shelf)
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
        body = {"name": _token_name(session)}
        made = await rest.call(dict[str, Any], "POST", "/tokens", body=body, once=True)
        await rest.call(object, "POST", "/auth/logout", body={})
    return Login(answers.url, made["token"], whoami(opened), made.get("expires_at"))


async def _approved(url: str, session: Session, name: str, scopes: Sequence[str] = PERSON_SCOPES) -> Login:
    """Show a code and wait until it is approved."""
    async with Rest(url, RETRY_SECONDS) as rest:
        codes = await pairing.begin(rest, name, scopes)
        if session.as_json:
            session.screen.out(json_line(_shown(codes)))
        else:
            _show(session, codes)
        await session.screen.flush()
        return await pairing.finish(rest, codes)


def _shown(codes: pairing.Codes) -> dict[str, object]:
    """Return what others may see of the codes."""
    shown: dict[str, object] = msgspec.to_builtins(codes)
    del shown["device_code"]
    return shown


def _show(session: Session, codes: pairing.Codes) -> None:
    """Put the address and the code where they cannot be missed."""
    line, words = session.screen.line, session.words
    line(words("pair_open"))
    line(f"\n    {visible(codes.verification_uri)}\n", "bold")
    line(words("pair_type"))
    line(f"\n    {visible(codes.user_code)}\n", "bold reverse" if session.screen.err_is_terminal else "bold")
    line(words("pair_here", code=codes.user_code), "dim")
    if codes.verification_uri_complete:
        line(words("pair_link", address=visible(codes.verification_uri_complete)), "dim")
    line(words("pair_waits", minutes=f"{codes.expires_in / 60:g}"), "dim")


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


def _server(session: Session) -> str:
    return credentials.normalised(session.url or credentials.default_url(session.environ))


def _token_name(session: Session) -> str:
    return session.words("token_name", host=socket.gethostname())


def _first_line(session: Session) -> str:
    line = _line(session)
    if not line.strip():
        raise UsageError(session.words("nothing_on_stdin"))
    return line


def _line(session: Session) -> str:
    """Return the next line of standard input, which may be empty; raise :class:`UsageError` at its end."""
    line = session.stdin.readline()
    if not line:
        raise UsageError(session.words("nothing_on_stdin"))
    return line.strip("\r\n")
