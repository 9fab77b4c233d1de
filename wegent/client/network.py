"""How every connection leaves this computer, HTTP and WebSocket alike: as the environment's variables say.

``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` count in either case, as for other programs, and so
does ``SSL_CERT_FILE``. aiohttp's own ``trust_env`` is not used: it takes logins from ``~/.netrc`` as well,
and then refuses every request to a host that stands there, since ours say who they are themselves.
"""

import ipaddress
import os
import ssl
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from wegent.client.errors import ConnectionFailedError

_AUTHORITIES = "SSL_CERT_FILE"


def session(url: str, **options: Any) -> aiohttp.ClientSession:
    """Open a session for requests to the server at ``url``; ``options`` are those of ``aiohttp.ClientSession``.

    Raises :class:`ConnectionFailedError` for settings that can never work.
    """
    # Names are asked for anew each time: after a change of networks an address of before leads nowhere.
    connector = aiohttp.TCPConnector(limit=32, use_dns_cache=False, ssl=_trust(url))
    return aiohttp.ClientSession(connector=connector, proxy=proxy_of(url), trust_env=False, **options)


def proxy_of(url: str) -> str | None:
    """Return the proxy that requests to ``url`` go through, with its login; None without one.

    This computer itself is never asked by way of a proxy.
    """
    parts = urlsplit(url)
    if _is_here(parts.hostname or "") or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named:
        return None
    proxy = named if "://" in named else f"http://{named}"
    if urlsplit(proxy).scheme not in {"http", "https"} or not urlsplit(proxy).hostname:
        raise ConnectionFailedError(
            f"The proxy {_shown(proxy)} cannot be used: only HTTP proxies can.",
            hint=f"Set {_variable(url)} to http://HOST:PORT, or name {parts.hostname} in NO_PROXY.",
            is_lasting=True,
        )
    return proxy


def unreachable(url: str, error: Exception) -> ConnectionFailedError:
    """Say that ``url`` cannot be reached, why, and what to do."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return ConnectionFailedError(
            f"The certificate of {url} is not trusted: {error.certificate_error}.",
            hint=f"If its authority is your own, name its file in {_AUTHORITIES}.",
            is_lasting=True,
        )
    if isinstance(error, aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError):
        return _proxy_failed(url, error)
    if isinstance(error, TimeoutError):
        reason = "no answer in time"
    else:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number and number > 0 else str(error) or type(error).__name__
    return ConnectionFailedError(
        f"Cannot reach {url}: {reason}.",
        hint="Is the server running (`wegent-server up`), and is this its address?",
        is_lasting=isinstance(error, aiohttp.InvalidURL),
    )


def _proxy_failed(
    url: str, error: aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError
) -> ConnectionFailedError:
    named = f"The proxy {_shown(proxy_of(url))}"
    bypass = f"or name {urlsplit(url).hostname} in NO_PROXY."
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        reason = os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
        return ConnectionFailedError(
            f"{named} cannot be reached: {reason}.", hint=f"Check {_variable(url)}, {bypass}"
        )
    if error.status == 407:
        return ConnectionFailedError(
            f"{named} asks for a login, or for another one.",
            hint=f"Write it into {_variable(url)}: http://USER:PASSWORD@HOST:PORT.",
        )
    return ConnectionFailedError(
        f"{named} does not let us through to {url}: HTTP {error.status} {error.message}.",
        hint=f"Ask who runs it, {bypass}",
    )


def _trust(url: str) -> ssl.SSLContext | bool:
    """Return what decides which certificates are good; aiohttp's own is as old as its import."""
    if urlsplit(url).scheme != "https":
        return True
    context = ssl.create_default_context()
    file = os.environ.get(_AUTHORITIES)
    if file:
        try:
            context.load_verify_locations(file)  # OpenSSL has taken it already, and says nothing where it cannot
        except OSError as error:
            is_of_files = isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError)
            reason = error.strerror if is_of_files else "no certificate is in it"
            raise ConnectionFailedError(
                f"{_AUTHORITIES} names {file}, which cannot be used: {reason}.",
                hint="It must be a file of certificates in PEM form.",
                is_lasting=True,
            ) from None
    return context


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _variable(url: str) -> str:
    return f"{urlsplit(url).scheme.upper()}_PROXY"


def _shown(proxy: str | None) -> str:
    """Name a proxy without its login."""
    parts = urlsplit(proxy or "")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
