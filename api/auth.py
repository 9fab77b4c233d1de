"""Who asks: bearer tokens, the session cookie, and the checks that go with a cookie.

The cookie is for browsers on our own origin: with it, every unsafe method and both sockets need an ``Origin``
equal to the public URL. A bearer token needs none. ``Host`` is checked always, against DNS rebinding.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from quart import Quart, Request, Response, Websocket, current_app, g, request, websocket

from api.config import Settings
from api.errors import problem
from api.store import tokens
from api.store.store import Store
from api.store.tokens import Login
from wegent.protocol.errors import Code, ProtocolError

COOKIE = "wegent_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ANY_HOST = frozenset({"health.healthz", "health.readyz"})
"""Asked by load balancers, which name the machine as they like."""

PUBLIC = frozenset(
    {
        "health.healthz",
        "health.readyz",
        "health.metrics",
        "auth.login",
        "device_codes.ask_for_code",
        "device_codes.ask_for_token",
        "docs.docs",
        "page.root",
        "page.without_slash",
        "page.place",
        "openapi",
    }
)
"""The endpoints that need no login (metrics checks for itself)."""

F = TypeVar("F", bound=Callable[..., Any])


def store() -> Store:
    """Return the app's store."""
    return cast(Store, current_app.extensions["wegent"].store)


def login() -> Login:
    """Return who asks; only where the endpoint is not public."""
    return cast(Login, g.login)


def scope(*needed: str) -> Callable[[F], F]:
    """Mark an endpoint: its login needs one of these scopes."""

    def mark(view: F) -> F:
        view.__dict__["wegent_scopes"] = frozenset(needed)
        return view

    return mark


def check_scope(who: Login, *needed: str) -> None:
    """Raise ``forbidden`` unless ``who`` has one of the scopes."""
    if not who.scopes.intersection(needed):
        raise ProtocolError(
            Code.FORBIDDEN,
            f"This token lacks the scope {' or '.join(sorted(needed))}.",
            "Log in with a login that has it: `wegent login`, or a token made with that scope in the settings.",
        )


async def login_session() -> Login:
    """Return who asks, a person who logged in; raise ``forbidden`` for a token.

    That the session has not ended is checked again: a request's body may come long after its header.
    """
    who = login()
    if who.kind != "login":
        raise ProtocolError(Code.FORBIDDEN, "Only a login session may do that.", "Log in with your password.")
    return await tokens.recheck(store().database, store().settings, who.token_id, who.user.id)


def install(app: Quart, settings: Settings) -> None:
    """Ask for a login before every request whose endpoint is not public."""
    hosts = allowed_hosts(settings)

    async def before_request() -> Response | None:
        try:
            if "\0" in request.path:
                raise ProtocolError(Code.NOT_FOUND)
            if request.endpoint not in ANY_HOST:
                check_host(request, hosts)
            if request.endpoint is None or request.endpoint in PUBLIC:
                return None
            g.login = await authenticate(request, settings)
            _check_endpoint_scope(app, g.login)
        except ProtocolError as error:
            return problem(error)
        return None

    app.before_request(before_request)


def _check_endpoint_scope(app: Quart, who: Login) -> None:
    view = app.view_functions[request.endpoint or ""]
    needed = getattr(view, "wegent_scopes", None)
    if needed is None:
        needed = {"read"} if request.method in SAFE_METHODS else {"send"}
    check_scope(who, *needed)


async def authenticate(asking: Request | Websocket, settings: Settings) -> Login:
    """Return who asks; raise ``unauthenticated``, ``token_expired``, ``token_revoked`` or ``forbidden``."""
    header = asking.headers.get("Authorization", "")
    kind, _, token = header.partition(" ")
    if header:
        if kind.lower() != "bearer" or not token.strip():
            raise ProtocolError(Code.UNAUTHENTICATED, "The Authorization header is not `Bearer <token>`.")
        return await tokens.verify(store().database, settings, token.strip())
    cookie = asking.cookies.get(COOKIE)
    if not cookie:
        raise ProtocolError(Code.UNAUTHENTICATED)
    if isinstance(asking, Websocket) or asking.method not in SAFE_METHODS:
        origin = asking.headers.get("Origin")
        if origin != settings.public_url:
            raise ProtocolError(
                Code.FORBIDDEN,
                f"The Origin {origin!r} is not {settings.public_url}.",
                "Open the page at its own address (WEGENT_PUBLIC_URL on the server).",
            )
    return await tokens.verify(store().database, settings, cookie)


async def admit(settings: Settings, *scopes: str) -> Login | Response:
    """Return who opens this socket, or the HTTP answer that refuses the upgrade."""
    asking: Websocket = websocket._get_current_object()  # type: ignore[attr-defined]  # the proxy's target
    try:
        check_host(asking, allowed_hosts(settings))
        who = await authenticate(asking, settings)
        check_scope(who, *scopes)
    except ProtocolError as error:
        return problem(error)
    return who


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Return the ``Host`` values that are ours."""
    host, _, port = settings.bind.rpartition(":")
    names = {urlsplit(settings.public_url).netloc, settings.bind}
    if host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"):
        names |= {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    return frozenset(name.lower() for name in names)


def check_host(asking: Request | Websocket, hosts: frozenset[str]) -> None:
    """Raise ``forbidden`` unless the request names us."""
    host = asking.headers.get("Host", "").lower()
    if host not in hosts:
        raise ProtocolError(
            Code.FORBIDDEN,
            f"The Host {host!r} is not this server's.",
            "Set WEGENT_PUBLIC_URL on the server to the address that people use.",
        )
