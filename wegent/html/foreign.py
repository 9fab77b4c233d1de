"""HTML that a device wrote: plain tables and text are written anew, anything else gets a frame without power.

What is written anew has only known elements, no attributes but spans of cells, and ends whatever it began.
"""

import html
import re
from html.parser import HTMLParser

from wegent.html.escaping import escaped

_KNOWN = frozenset(
    {
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "p",
        "div",
        "span",
        "br",
        "hr",
        "b",
        "i",
        "u",
    }
    | {"em", "strong", "small", "code", "pre", "kbd", "samp", "sub", "sup", "ul", "ol", "li", "dl", "dt"}
    | {"dd", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "details", "summary"}
)
_VOID = frozenset({"br", "hr"})
_DROPPED = frozenset({"style", "title"})
_PASSED = frozenset({"html", "head", "body", "a", "font", "center", "section", "article", "label"})
_DECLARATION = re.compile("<[!?]")
"""What no table needs, and where ``html.parser`` asserts instead of going on."""
DEEPEST = 100
"""Elements within each other, beyond which it is no table: each end is looked for among all that are open."""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"


def foreign(text: str, title: str) -> str:
    """Return what a device wrote as HTML that is safe to show; ``title`` names a frame for screen readers."""
    if _DECLARATION.search(text):
        return _framed(text, title)
    writer = _Writer()
    writer.feed(text)
    if "<" in writer.rawdata:  # a tag without an end; to close the parser would look for it again and again
        return _framed(text, title)
    writer.close()
    return writer.whole() if writer.is_plain else _framed(text, title)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.is_plain = True
        self._pieces: list[str] = []
        self._open: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.is_plain:
            return
        if tag in _DROPPED:
            self._dropping = tag
        elif tag in _KNOWN:
            self._pieces.append(f"<{tag}{_spans(attrs)}>")
            if tag not in _VOID:
                self._open.append(tag)
                self.is_plain = len(self._open) <= DEEPEST
        elif tag not in _PASSED:
            self.is_plain = False

    def handle_endtag(self, tag: str) -> None:
        if tag == self._dropping:
            self._dropping = ""
        elif tag in self._open:
            while (last := self._open.pop()) != tag:
                self._pieces.append(f"</{last}>")
            self._pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._pieces.append(escaped(data))

    def whole(self) -> str:
        ends = "".join(f"</{tag}>" for tag in reversed(self._open))
        return f'<div class="wg-foreign">{"".join(self._pieces)}{ends}</div>'


def _spans(attrs: list[tuple[str, str | None]]) -> str:
    return "".join(
        f' {name}="{value}"'
        for name, value in attrs
        if name in ("colspan", "rowspan") and value and value.isascii() and value.isdecimal() and len(value) < 4
    )


def _framed(text: str, title: str) -> str:
    page = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">{text}'
    return (
        f'<iframe class="wg-frame" sandbox="" referrerpolicy="no-referrer" loading="lazy"'
        f' title="{html.escape(title)}" srcdoc="{html.escape(page)}"></iframe>'
    )
