"""`%wegent login`: by a code that a person approves in the page. Nothing secret is typed into a notebook."""

import asyncio
import html
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

from IPython.display import DisplayHandle

import wegent.terminal.logins as terminal_logins
from notebook_ext.errors import CellError, explained
from notebook_ext.session import RETRY_SECONDS, Session
from wegent.client import credentials, pairing
from wegent.client.credentials import Login, whoami
from wegent.client.errors import ConnectionFailedError, LoginError
from wegent.client.portal import Portal
from wegent.client.rest import Rest
from wegent.terminal.visible import visible

SPIN_SECONDS = 1.0
_SPINNER = "◐◓◑◒"


def log_in(session: Session, url: str | None, again: bool) -> None:
    """Log in, unless one is; an interrupt gives up."""
    server = credentials.normalised(url or credentials.default_url(os.environ))
    portal = Portal()
    try:
        known = None if again else portal.call(_known(server))
        if known is not None:
            print(session.words("already_in", url=known.url, user=known.user))
            return
        credentials.check_place(server, None, os.environ)
        login = _pair(session, portal, server)
        credentials.save(login, True, os.environ, None)
    except ConnectionFailedError as error:
        if url is not None:
            raise
        raise CellError(f"{explained(error, session.words)} {session.words('login_elsewhere')}") from None
    finally:
        portal.close(_nothing)
    session.forget_client()


async def _known(server: str) -> Login | None:
    """Return the login that is there and valid."""
    login = credentials.load(server, os.environ)
    if login is None:
        return None
    try:
        async with Rest(login, RETRY_SECONDS) as rest:
            user = whoami(await rest.call(dict[str, Any], "GET", "/auth/me"))
    except LoginError:
        return None
    return Login(login.url, login.token, user)


def _pair(session: Session, portal: Portal, server: str) -> Login:
    """Show a code, and wait until it is approved; what is left in the cell is who is logged in, and no code."""
    codes: Future[pairing.Codes] = Future()
    finishing = portal.submit(_approved(session, server, codes))
    shown = Place(session)
    try:
        either: list[Future[Any]] = [codes, finishing]
        wait(either, return_when="FIRST_COMPLETED")
        if codes.done():
            _wait_shown(session, shown, codes.result(), finishing)
        login = finishing.result()
    except KeyboardInterrupt:
        finishing.cancel()
        shown.put(session.words("login_left"))
        raise CellError(session.words("login_left")) from None
    shown.put(session.words("logged_in", url=login.url, user=login.user))
    return login


def _wait_shown(session: Session, shown: "Place", codes: pairing.Codes, finishing: Future[Login]) -> None:
    began, turn, words = time.monotonic(), 0, session.words
    while True:
        waited = words("login_waits", seconds=int(time.monotonic() - began))
        shown.put(_text(session, codes), _page(session, codes), f"{_SPINNER[turn % 4]} {waited}")
        if wait([finishing], timeout=SPIN_SECONDS).done:
            return
        turn += 1


async def _approved(session: Session, server: str, codes: "Future[pairing.Codes]") -> Login:
    name = session.words("token_name", host=socket.gethostname())
    async with Rest(server, RETRY_SECONDS) as rest:
        given = await pairing.begin(rest, name, terminal_logins.PERSON_SCOPES)
        codes.set_result(given)
        return await pairing.finish(rest, given)


def _text(session: Session, codes: pairing.Codes) -> str:
    words = session.words
    address, code = visible(codes.verification_uri), visible(codes.user_code)
    return f"{words('pair_open')}\n\n    {address}\n\n{words('pair_type')}\n\n    {code}\n"


def _page(session: Session, codes: pairing.Codes) -> str:
    words = session.words
    link = html.escape(codes.verification_uri_complete or codes.verification_uri, quote=True)
    is_web = link.startswith(("https://", "http://"))
    shown = html.escape(visible(codes.verification_uri))
    address = f'<a href="{link}" target="_blank" rel="noopener noreferrer">{shown}</a>' if is_web else shown
    code = f'<code style="font-size: 1.5em">{html.escape(visible(codes.user_code))}</code>'
    return (
        f"<p>{html.escape(words('pair_open'))}<br>{address}</p><p>{html.escape(words('pair_type'))}<br>{code}</p>"
    )


class Place:
    """One place in a cell that shows what is newest; in a terminal, which has none, it is printed once."""

    def __init__(self, session: Session) -> None:
        self._in_kernel = session.in_kernel
        self._display = DisplayHandle()
        self._is_begun = False

    def put(self, text: str, page: str = "", status: str = "") -> None:
        """Show a text (as HTML: ``page``), and below it how it stands."""
        if self._in_kernel:
            body = page or f"<p>{html.escape(text)}</p>"
            plain = f"{text}\n{status}".strip()
            show: Callable[..., None] = self._display.update if self._is_begun else self._display.display
            show({"text/plain": plain, "text/html": f"{body}<p>{html.escape(status)}</p>"}, raw=True)
        elif not self._is_begun or not status:
            print(text)
        self._is_begun = True


async def _nothing() -> None:
    await asyncio.sleep(0)
