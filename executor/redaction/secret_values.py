"""Which of the values that programs are told by name are secrets."""

import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from executor.redaction.secret_forms import LEAST

_TELLING_NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY"
    r"|(^|_)(AUTH|PASS|PWD|KEY|JWT|PAT|BEARER|COOKIE|DSN)(_|$)"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_RANDOM = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/=_.-]{24,}")
_PLAIN = frozenset(
    {
        *("password", "password123", "changeme", "replaceme", "your-api-key", "your_api_key"),
        *("disabled", "required", "optional", "undefined", "localhost", "development", "production"),
    }
)
"""What many texts say, and is no secret although it is called one."""
_NO_SECRETS = frozenset({"PWD", "OLDPWD"})


def in_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets among environment variables, with their variables' names."""
    return {secret: name for name, value in environ.items() for secret in in_value(name, value)}


def in_value(name: str, value: str) -> Iterator[str]:
    """Yield the secrets in ``value``, which is called ``name``: itself, or a password in a URL."""
    value = value.strip()
    if "://" in value:
        yield from _in_url(value)
    elif is_telling(name) and _may_be_secret(value):
        yield value


def is_telling(name: str) -> bool:
    """Whether what is called ``name`` is a secret, in any usual spelling of names."""
    upper = re.sub(r"[.\s-]", "_", _HUMP.sub("_", name)).upper()
    return upper not in _NO_SECRETS and _TELLING_NAME.search(upper) is not None


def is_random(value: str) -> bool:
    """Whether ``value`` looks like a key, whatever it is called."""
    return _RANDOM.fullmatch(value) is not None and _may_be_secret(value)


def _in_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    user, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    secret = password if colon and password else user
    is_key = bool(password) or is_random(unquote(user))
    for form in {secret, unquote(secret)}:
        if is_key and _may_be_secret(form):
            yield form
    for pair in parts.query.split("&"):
        key, _, value = pair.partition("=")
        if is_telling(key) and _may_be_secret(unquote(value)):
            yield unquote(value)


def _may_be_secret(value: str) -> bool:
    if len(value) < LEAST or value.lower() in _PLAIN or len(set(value)) < 3:
        return False
    return not (value.startswith(("/", "~", "./", "../")) and os.path.lexists(os.path.expanduser(value)))
