"""The forms in which a secret may stand in a text: as it is, and as the usual encoders write it."""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LEAST = 8
"""Characters of a form; anything shorter stands in too many texts by chance."""
MOST = 72
"""Characters of one needle: a longer form is cut, so that little is held back, and a part of it is found too."""
_CUT = 48
_LEFT_ALONE = ("", "/", "~", "!*'()", "!~*'()", ";,/?:@&=+$#!~*'()")
"""Besides letters, digits and ``_.-``: RFC 3986, Python, PHP, Java, encodeURIComponent and encodeURI."""


def needles(secret: str) -> set[str]:
    """Return all that is to be looked for, each of LEAST to MOST characters and without line ends.

    Line ends are taken out of the text, too: base64 is wrapped wherever its writer likes.
    """
    found: set[str] = set()
    for form in _forms(secret):
        bare = form.replace("\r", "").replace("\n", "")
        found.update(piece for piece in _pieces(bare) if len(piece) >= LEAST)
    return found


def _pieces(form: str) -> Iterator[str]:
    while len(form) > MOST:
        yield form[:_CUT]
        form = form[_CUT:]
    yield form


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield from _escaped(secret)
    yield from _percent(data)
    yield from _base64(data)
    yield data.hex()
    yield data.hex().upper()
    yield html.escape(secret)
    yield html.escape(secret, quote=False)


def _escaped(secret: str) -> Iterator[str]:
    """JSON's and Python's strings, also inside another JSON string; everything escaped, too."""
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        html_safe = once.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        for form in (once, once.replace("/", "\\/"), html_safe, html_safe.replace("'", "\\u0027")):
            yield form
            yield json.dumps(form)[1:-1]
    yield repr(secret)[1:-1]
    units = secret.encode("utf-16-be", "surrogatepass").hex()
    escapes = [units[at : at + 4] for at in range(0, len(units), 4)]
    for digits in (escapes, [each.upper() for each in escapes]):
        yield "".join(f"\\u{each}" for each in digits)
    yield "".join(f"\\x{byte:02x}" for byte in secret.encode("utf-8", "surrogatepass"))


def _percent(data: bytes) -> Iterator[str]:
    for safe in _LEFT_ALONE:
        for form in (quote(data, safe), quote_plus(data, safe)):
            yield form
            yield _lower_escapes(form)
            yield quote(form, "")
    everything = "".join(f"%{byte:02X}" for byte in data)
    yield everything
    yield everything.lower()


def _lower_escapes(form: str) -> str:
    head, *rest = form.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _base64(data: bytes) -> Iterator[str]:
    """The characters that depend on the secret alone, for each place where it may begin in what was encoded."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data).decode()
        form = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield form
        yield form.replace("+", "-").replace("/", "_")
        yield form.replace("/", "\\/")
        yield quote(form, "")
