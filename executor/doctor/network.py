"""The way to the server, step by step as a connection takes it, with the link's own proxies and authorities."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
import msgspec

from executor import device_socket
from executor.doctor.check import Finding, failed, ok, skipped, warning
from executor.doctor.patient import Patient, Proxy
from executor.session import MOST_RECEIVED
from wegent.client import credentials
from wegent.client.errors import ConnectionFailedError, LoginError
from wegent.client.network import proxy_of, session

CLOCK_TOLERANCE = 30.0
"""Seconds; with more tokens seem to begin late or end early."""
_EXPIRED, _UNKNOWN_CA, _WRONG_HOST = {10}, {18, 19, 20, 21}, {62, 64}  # X509_V_ERR_…, openssl/x509_vfy.h


async def look_at_url(patient: Patient) -> Finding:
    """Which server is meant."""
    environ = patient.environ
    if patient.settings.url:
        environ = {**environ, "WEGENT_BACKEND_URL": patient.settings.url}
    try:
        patient.url = credentials.default_url(environ, "devices")
    except LoginError as error:
        return failed("url_invalid", reason=error.message)
    if patient.is_encrypted or patient.host in ("localhost", "127.0.0.1", "::1"):
        return ok("url_fine", url=patient.url)
    return warning("url_plain", url=patient.url)


async def look_at_proxy(patient: Patient) -> Finding:
    """Whether a proxy is used, which variable says so, and whether it answers."""
    try:
        proxy = patient.proxy = proxy_for(patient.url, patient.environ)
    except ConnectionFailedError as error:
        return failed("proxy_unusable", reason=error.message, hint=error.hint)
    if proxy is None:
        excepted = patient.environ.get("no_proxy") or patient.environ.get("NO_PROXY")
        return ok("proxy_none_for", host=patient.host, no_proxy=excepted) if excepted else ok("proxy_none")
    parts = urlsplit(proxy.url)
    shown = f"{parts.scheme}://{parts.hostname}:{parts.port or 80}"
    assert parts.hostname is not None
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except OSError as error:
        return failed("proxy_dead", proxy=shown, variable=proxy.variable, reason=_reason(error))
    writer.close()
    return ok("proxy_answers", proxy=shown, variable=proxy.variable)


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that is used for ``url``, None for a direct connection; raise ConnectionFailedError."""
    found = proxy_of(url)
    if found is None:
        return None
    names = [
        name for scheme in (urlsplit(url).scheme, "all") for name in (f"{scheme}_proxy", f"{scheme}_PROXY".upper())
    ]
    return Proxy(found, next((name for name in names if environ.get(name)), "the system's settings"))


async def look_at_dns(patient: Patient) -> Finding:
    """Whether the server's name is known."""
    if patient.proxy is not None:
        return skipped("proxy_does_it")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(patient.host, patient.port, type=socket.SOCK_STREAM)
    except OSError as error:
        return failed("dns_unknown", host=patient.host, reason=_reason(error))
    addresses = dict.fromkeys(str(each[4][0]) for each in found)
    return ok("dns_found", host=patient.host, addresses=", ".join(addresses))


async def look_at_connection(patient: Patient) -> Finding:
    """Whether something listens there."""
    if patient.proxy is not None:
        return skipped("proxy_does_it")
    try:
        _, writer = await asyncio.open_connection(patient.host, patient.port)
    except OSError as error:
        return failed("connection_refused", host=patient.host, port=patient.port, reason=_reason(error))
    writer.close()
    return ok("connection_open", host=patient.host, port=patient.port)


async def look_at_tls(patient: Patient) -> Finding:
    """Whether the server's certificate is to be trusted."""
    if not patient.is_encrypted:
        return skipped("tls_none")
    try:
        async with session(patient.url) as http, http.get(patient.url, allow_redirects=False):
            return ok("tls_fine", host=patient.host)
    except aiohttp.ClientConnectorCertificateError as error:
        return _distrusted(patient, error.certificate_error)
    except aiohttp.ClientConnectorSSLError as error:
        return failed("tls_broken", host=patient.host, reason=_reason(error))
    except ConnectionFailedError as error:  # SSL_CERT_FILE names what is none
        return failed("tls_broken", host=patient.host, reason=error.message)
    except (aiohttp.ClientError, OSError):
        return ok("tls_fine", host=patient.host)  # what is wrong behind it the next check tells


def _distrusted(patient: Patient, error: Exception) -> Finding:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    authorities = patient.environ.get("SSL_CERT_FILE") or "-"
    if code in _EXPIRED:
        return failed("tls_expired", host=patient.host)
    if code in _WRONG_HOST:
        return failed("tls_wrong_host", host=patient.host)
    if code in _UNKNOWN_CA:
        return failed("tls_unknown_ca", host=patient.host, file=authorities)
    return failed("tls_broken", host=patient.host, reason=str(error))


async def look_at_http(patient: Patient) -> Finding:
    """Whether what answers there is Wegent."""
    url = f"{patient.url}/healthz"
    try:
        async with session(patient.url) as http, http.get(url, allow_redirects=False) as answer:
            status, body = answer.status, await answer.content.read(4096)
            patient.date = answer.headers.get("Date")
            location = answer.headers.get("Location", "")
    except aiohttp.ClientHttpProxyError as error:
        assert patient.proxy is not None
        return failed("proxy_refuses", variable=patient.proxy.variable, status=error.status)
    except (aiohttp.ClientError, OSError) as error:
        return failed("http_broken", url=url, reason=_reason(error))
    if location:
        return failed("http_elsewhere", url=url, location=location)
    if 400 <= status < 500 and b"WEGENT_PUBLIC_URL" in body:
        return failed("http_wrong_host", url=patient.url)
    if status >= 500:
        return failed("http_down", url=url, status=status)
    if status != 200 or not _is_alive(body):
        return failed("http_stranger", url=url, status=status)
    return ok("http_fine", url=patient.url)


def _is_alive(body: bytes) -> bool:
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        said = msgspec.json.decode(body)
        return isinstance(said, dict) and said.get("status") == "alive"
    return False


async def look_at_clock(patient: Patient) -> Finding:
    """Whether both clocks show the same time, which tokens' ends are measured by."""
    try:
        there = parsedate_to_datetime(patient.date or "")
    except ValueError:
        return skipped("clock_untold")
    patient.ahead = (datetime.now(UTC) - there.astimezone(UTC)).total_seconds()
    seconds = f"{abs(patient.ahead):.0f}"
    if abs(patient.ahead) <= CLOCK_TOLERANCE:
        return ok("clock_fine")
    return warning("clock_ahead" if patient.ahead > 0 else "clock_behind", seconds=seconds)


async def look_at_websocket(patient: Patient) -> Finding:
    """Whether a WebSocket gets through: proxies that pass HTTP may not let it.

    The server's own refusal of a login shows as much. Nothing is registered, so a device at work is not disturbed.
    """
    url = patient.url + device_socket.PATH
    try:
        async with session(patient.url) as http:
            opened = await device_socket.open(http, patient.url, patient.token or "none", MOST_RECEIVED)
            await opened.close()
    except aiohttp.ClientHttpProxyError as error:
        assert patient.proxy is not None
        return failed("proxy_refuses", variable=patient.proxy.variable, status=error.status)
    except aiohttp.WSServerHandshakeError as error:
        if error.status in (401, 403):
            return ok("websocket_fine") if patient.token is None else warning("websocket_refused")
        return failed("websocket_stripped", url=url, status=error.status)
    except (aiohttp.ClientError, OSError) as error:
        return failed("websocket_broken", url=url, reason=_reason(error))
    return ok("websocket_fine")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(
        error
    ).__name__
