"""The web page: one document for all of its places, and the files that it loads."""

from urllib.parse import quote, urlsplit

from quart import Blueprint, Response, current_app, request
from quart_schema import hide

from api.page import INDEX, Page, is_name
from api.routes.auth import settings
from wegent.protocol.errors import Code, ProtocolError

blueprint = Blueprint("page", __name__)

HASHED = "assets/"
"""Where the build puts files whose names change with their content."""
FOR_EVER = "public, max-age=31536000, immutable"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Wegent</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #8cf } }</style>
</head><body><h1>Wegent</h1>
<p>This server is up, but its web page was not built. In the checkout, run <code>make page</code>, then load this
again; nothing needs to be restarted. A released package has the page in it.</p>
<p>Everything else works: send a task from a terminal with <code>wegent run 'hello'</code>, or use the
<a href="/docs">API</a>.</p></body></html>"""


def page() -> Page:
    """Return the app's page."""
    found: Page = current_app.extensions["wegent"].page
    return found


def content_security_policy(public_url: str) -> str:
    """Return what the page may load: nothing from elsewhere, no script of a document's own."""
    own = urlsplit(public_url)
    socket = f"{'wss' if own.scheme == 'https' else 'ws'}://{own.netloc}"  # which 'self' does not mean everywhere
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            f"connect-src 'self' {socket}",
            "frame-src 'self' blob: data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def guarded(response: Response) -> Response:
    """Give an answer the headers that every answer of the page has."""
    response.headers["Content-Security-Policy"] = content_security_policy(settings().public_url)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    return response


def moved(address: str) -> Response:
    """Send the browser elsewhere, this once."""
    response = guarded(Response(b"", 302, content_type="text/plain"))
    response.headers["Location"] = address
    response.headers["Cache-Control"] = "no-store"
    return response


async def served(name: str) -> Response | None:
    """Return a file as an answer, 304 where the browser has it; None if there is no such file."""
    file = await page().find(name, request.accept_encodings)
    if file is None:
        return None
    response = guarded(Response(file.body.content, content_type=file.media_type))
    response.headers["Cache-Control"] = FOR_EVER if name.startswith(HASHED) else "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if file.encoding is not None:
        response.headers["Content-Encoding"] = file.encoding
    response.set_etag(file.body.etag)
    return await response.make_conditional(request)


async def document() -> Response:
    """Return the page's one document, or what to do where it was not built."""
    if (elsewhere := own_address()) is not None:
        return moved(elsewhere)
    response = await served(INDEX)
    if response is None:
        response = guarded(Response(_NOT_BUILT, 503, content_type="text/html; charset=utf-8"))
        response.headers["Cache-Control"] = "no-store"
    return response


def own_address() -> str | None:
    """Return this place under the public URL, for a browser on this computer that calls it by another name.

    It would be refused whatever it does there (its Origin is not ours). Other hosts are left alone: behind a proxy
    that tells us another Host this would go round in circles.
    """
    public, asked = urlsplit(settings().public_url), urlsplit(f"//{request.host}")
    if asked.netloc == public.netloc or not {public.hostname, asked.hostname} <= LOOPBACK:
        return None
    if public.scheme != "http" or asked.port != public.port:
        return None
    query = request.query_string.decode("ascii", "replace")
    return f"{settings().public_url}{quote(request.path)}{'?' * bool(query)}{query}"


@blueprint.get("/")
@hide
async def root() -> Response:
    """Lead to the page."""
    return moved("/app/") if await served(INDEX) is not None else await document()


@blueprint.get("/app")
@hide
async def without_slash() -> Response:
    """Lead to the page."""
    return moved("/app/")


@blueprint.get("/app/", defaults={"name": ""})
@blueprint.get("/app/<path:name>")
@hide
async def place(name: str) -> Response:
    """Give a file of the page, or, for one of its places, its document."""
    name = name.removesuffix("/")
    if not name or name == INDEX:
        return await document()
    if (response := await served(name)) is not None:
        return response
    if not is_name(name) or "." in name.rpartition("/")[2] or name.startswith(HASHED):
        raise ProtocolError(Code.NOT_FOUND, "The page has no such file.", "Load the page anew: /app/.")
    return await document()
