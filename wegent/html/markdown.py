"""Markdown as HTML: no HTML of its own, links only to the web and mail, pictures of nowhere else."""

import html
import re
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from wegent.terminal.visible import visible

_LINE_END = re.compile(r"\r\n?|\n")
"""Where lines end for Markdown (CommonMark 0.31, section 2.1), which is not where they end for Python."""
_ADDRESS = re.compile(r"(https?:|mailto:)", re.IGNORECASE)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  (its name is markdown_it's)
        return _ADDRESS.match(url.strip()) is not None


def rendered(text: str) -> str:
    """Return Markdown as HTML."""
    return visible(_parser().render(visible(text)))  # twice: references such as &#x202e; become characters


def settled(text: str) -> int:
    """Return how many characters of a growing text are whole blocks, which nothing that follows can change."""
    tops = [token.map for token in _outline().parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    if len(tops) < 2:
        return 0
    return next((line.end() for line in islice(_LINE_END.finditer(text), tops[-1][0] - 1, None)), 0)


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("image", _image)
    return parser


@cache
def _outline() -> MarkdownIt:
    """Read blocks only, not what is in them."""
    return _Parser("commonmark").enable("table").disable(["inline", "text_join"])


def _link(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    address = html.escape(str(tokens[index].attrGet("href") or ""))
    return f'<a href="{address}" rel="noopener noreferrer" target="_blank">'


def _image(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    """Link to a picture: to load it would tell its server who reads this, when and where."""
    token = tokens[index]
    address = html.escape(str(token.attrGet("src") or ""))
    return f'<a href="{address}" rel="noopener noreferrer" target="_blank">🖼 {html.escape(token.content)}</a>'
