"""Outputs of cells, which come in nbformat's form (nbformat 4): the richest form that is safe."""

import html
import re
from typing import Any
from urllib.parse import quote

from rich.filesize import decimal

from wegent.html.ansi import coloured
from wegent.html.cards import SHOWN_CHARACTERS, shown
from wegent.html.escaping import cut, escaped
from wegent.html.foreign import foreign
from wegent.html.markdown import rendered
from wegent.html.words import Words
from wegent.protocol.multiline import joined

LARGEST = 1 << 20
"""Characters of one picture or table that are shown."""

_IMAGES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def traceback_html(output: dict[str, Any]) -> str:
    """Return an error with its traceback, in its colours."""
    said = f"{output.get('ename', '')}: {output.get('evalue', '')}"
    lines = output.get("traceback") or [said]
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    return f'<pre class="wg-console wg-error">{coloured(text[-SHOWN_CHARACTERS:])[0]}</pre>'


def bundle_html(data: dict[str, Any], words: Words) -> str:
    """Return a bundle of media types: a picture, else HTML made safe, else Markdown, else text."""
    texts = {kind: joined(value) for kind, value in data.items() if isinstance(value, str | list)}
    for kind in (*_IMAGES, "text/html", "text/markdown", "text/plain"):
        text = texts.get(kind, "")
        if text and len(text) <= LARGEST and (html_of := _shown(kind, text, texts, words)):
            return html_of
    plain = texts.get("text/plain") or texts.get("text/latex")
    if plain:
        return shown(plain, words)
    sizes = ", ".join(f"{kind} {decimal(len(joined(value)))}" for kind, value in data.items())
    return f'<div class="wg-dim">[{escaped(cut(sizes, 200))}]</div>'


def _shown(kind: str, text: str, texts: dict[str, str], words: Words) -> str:
    if kind in _IMAGES:
        return _picture(kind, text, texts.get("text/plain", ""), words)
    if kind == "text/html":
        return f'<div class="wg-output">{foreign(text, words("table"))}</div>'
    return f'<div class="wg-text">{rendered(text)}</div>' if kind == "text/markdown" else shown(text, words)


def _picture(kind: str, text: str, about: str, words: Words) -> str:
    """Return it as an image, in which the scripts of an SVG do not run; empty if it is none."""
    if kind == "image/svg+xml":
        source = f"data:{kind};charset=utf-8,{quote(text)}"
    else:
        packed = "".join(text.split())
        if not _BASE64.fullmatch(packed):
            return ""
        source = f"data:{kind};base64,{packed}"
    about = escaped(cut(about, 200) or words("picture"))
    return f'<div class="wg-output"><img class="wg-picture" src="{html.escape(source)}" alt="{about}"></div>'
