"""The web page as it is served: its files and places, caching, compression, and nothing beside it."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client
from support.http import ask
from support.stack import Stack

from api.app import create_app
from api.config import Settings
from api.page import Page

DOCUMENT = b"<!doctype html><title>Wegent</title><script type=module src=/app/assets/index-1a.js></script>"
SCRIPT = b"console.log('hello')"
HOST = {"Host": "127.0.0.1:8000"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built page, and a file beside it that is nobody's business."""
    built = tmp_path / "static"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(DOCUMENT)
    (built / "icon.svg").write_bytes(b"<svg/>")
    (built / "assets" / "index-1a.js").write_bytes(SCRIPT)
    (built / "assets" / "index-1a.js.gz").write_bytes(gzip.compress(SCRIPT))
    (built / "assets" / "index-1a.js.br").write_bytes(b"brotli's")
    (built / "assets" / "plain-2b.css").write_bytes(b"a{}")
    (built / ".hidden").write_bytes(b"secret")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (built / "outside.txt").symlink_to(tmp_path / "secret.txt")
    (built / "out").symlink_to(tmp_path)
    return built


def app_with(folder: Path, **environ: str) -> Quart:
    """Return an app whose page is in ``folder``."""
    secret = {"WEGENT_SECRET_KEY": "x" * 32, "WEGENT_DATA_DIR": str(folder.parent / "data")}
    app = create_app(Settings.from_env(secret | environ))
    app.extensions["wegent"].page = Page(folder)
    return app


@pytest.fixture
def client(folder: Path) -> Client:
    """Asks the app, whose store is never opened: the page needs none."""
    return app_with(folder).test_client()


async def get(client: Client, path: str, method: str = "GET", **headers: str) -> Any:
    """Ask for something, and return the answer with its body as ``content``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await client.open(path, method=method, headers=HOST | named)
    answer.content = await answer.get_data(as_text=False)
    return answer


async def test_the_start_leads_to_the_page(client: Client) -> None:
    for path in ("/", "/app"):
        answer = await get(client, path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/app/")


@pytest.mark.parametrize("path", ["/app/", "/app/c/4f2a", "/app/devices/pair?code=ABCD-EFGH", "/app/settings/"])
async def test_every_place_of_the_page_is_its_document(client: Client, path: str) -> None:
    answer = await get(client, path)
    assert (answer.status_code, answer.content) == (200, DOCUMENT)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = await get(client, path, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]


async def test_every_answer_is_guarded(client: Client) -> None:
    for path in ("/", "/app/", "/app/c/x", "/app/assets/index-1a.js", "/app/icon.svg"):
        headers = (await get(client, path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "camera=()" in headers["Permissions-Policy"]
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == policy["default-src"] == "'self'"
        assert policy["connect-src"] == "'self' ws://127.0.0.1:8000"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"


async def test_under_https_the_socket_is_secure_too(folder: Path) -> None:
    app = app_with(folder, WEGENT_PUBLIC_URL="https://wegent.example.org")
    answer = await app.test_client().get("/app/", headers={"Host": "wegent.example.org"})
    assert "connect-src 'self' wss://wegent.example.org;" in answer.headers["Content-Security-Policy"]


async def test_a_hashed_file_is_kept_for_ever_and_others_are_asked_for_again(client: Client) -> None:
    script = await get(client, "/app/assets/index-1a.js")
    assert (script.status_code, script.content) == (200, SCRIPT)
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    icon = await get(client, "/app/icon.svg")
    assert icon.headers["Content-Type"] == "image/svg+xml"
    assert icon.headers["Cache-Control"] == "no-cache"
    assert (await get(client, "/app/icon.svg", If_None_Match=icon.headers["ETag"])).status_code == 304
    head = await get(client, "/app/icon.svg", "HEAD")
    assert (head.status_code, head.headers["ETag"]) == (200, icon.headers["ETag"])


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("", None),
        ("deflate", None),
        ("br;q=0, *;q=0", None),
    ],
)
async def test_the_best_accepted_encoding_is_sent(client: Client, accepted: str, encoding: str | None) -> None:
    plain = await get(client, "/app/assets/index-1a.js")
    answer = await get(client, "/app/assets/index-1a.js", Accept_Encoding=accepted)
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Vary"] == "Accept-Encoding"
    body = {"br": b"brotli's", "gzip": None, None: SCRIPT}[encoding]
    assert answer.content == body if body else gzip.decompress(answer.content) == SCRIPT
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is (encoding is None)


async def test_what_was_not_compressed_goes_out_as_it_is(client: Client) -> None:
    answer = await get(client, "/app/assets/plain-2b.css", Accept_Encoding="br, gzip")
    assert (answer.content, answer.headers.get("Content-Encoding")) == (b"a{}", None)


@pytest.mark.parametrize(
    "path",
    [
        "/app/../secret.txt",
        "/app/%2e%2e/secret.txt",
        "/app/..%2fsecret.txt",
        "/app/assets/../../secret.txt",
        "/app/..%5csecret.txt",
        "/app/C:/Windows/win.ini",
        "/app/outside.txt",
        "/app/out/secret.txt",
        "/app/.hidden",
        "/app/%00",
        "/app/secret.txt%00.js",
        "/app/none.js",
        "/app/assets/none",
        "/app/assets/none-3c.js",
        "/app/c/x.map",
    ],
)
async def test_what_is_no_file_of_the_page_is_not_found(client: Client, path: str) -> None:
    answer = await get(client, path)
    assert answer.status_code == 404, answer.content
    assert b"secret" not in answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_an_absolute_path_is_none(client: Client) -> None:
    for path in ("/app//etc/passwd", "/app/%2fetc%2fpasswd"):
        answer = await get(client, path)
        # A doubled slash is one slash too many, here as anywhere.
        assert (answer.status_code, answer.headers["Location"]) == (308, "http://127.0.0.1:8000/app/etc/passwd")


async def test_a_page_that_is_built_anew_is_served_without_a_restart(client: Client, folder: Path) -> None:
    before = await get(client, "/app/")
    (folder / "index.html").write_bytes(b"another one")
    after = await get(client, "/app/", If_None_Match=before.headers["ETag"])
    assert (after.status_code, after.content) == (200, b"another one")


@pytest.mark.parametrize("path", ["/", "/app/", "/app/c/x"])
async def test_without_a_built_page_people_are_told_what_to_run(tmp_path: Path, path: str) -> None:
    answer = await get(app_with(tmp_path / "none").test_client(), path)
    assert answer.status_code == 503
    assert b"make page" in answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.findall(rb"<script|https?://", answer.content)


@pytest.mark.parametrize("path", ["/app/", "/app/devices/pair?code=ABCD-EFGH"])
async def test_this_computer_by_another_name_is_led_to_the_right_one(folder: Path, path: str) -> None:
    client = app_with(folder).test_client()
    for host in ("localhost:8000", "[::1]:8000"):
        answer = await client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.headers["Location"]) == (302, f"http://127.0.0.1:8000{path}")


async def test_behind_a_proxy_that_keeps_our_name_to_itself_nobody_goes_in_circles(folder: Path) -> None:
    for public_url in ("https://wegent.example.org", "https://localhost", "http://localhost:9000"):
        client = app_with(folder, WEGENT_PUBLIC_URL=public_url).test_client()
        assert (await get(client, "/app/")).status_code == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_a_real_server_serves_the_page_or_says_that_there_is_none(shared: Stack) -> None:
    start = await ask("GET", f"{shared.url}/")
    answer = await ask("GET", f"{shared.url}/app/")
    assert (start.status, answer.status) in ((302, 200), (503, 503))
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    address = shared.url.replace("http:", "ws:")
    assert f"connect-src 'self' {address};" in answer.headers["Content-Security-Policy"]
    if answer.status == 200:
        tag = {"If-None-Match": answer.headers["ETag"]}
        again = await ask("GET", f"{shared.url}/app/", headers=tag)
        assert (again.status, again.body) == (304, b"")
        head = await ask("HEAD", f"{shared.url}/app/")
        assert (head.status, head.body) == (200, b"")
    for path in ("/app/../../pyproject.toml", "/app/%2e%2e/app.py", "/app/none.js"):
        (await ask("GET", f"{shared.url}{path}")).problem(404, "not_found")
