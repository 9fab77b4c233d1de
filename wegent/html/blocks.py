"""The pieces of a transcript. Those that grow are rendered when somebody looks, and cut when they get long."""

from collections.abc import Iterator

from wegent.html.ansi import PLAIN, Look, coloured, overwritten
from wegent.html.escaping import escaped
from wegent.html.markdown import rendered, settled

GROWN = 4 << 10
"""Characters at which a growing block is looked at for a place to cut it."""
OVERGROWN = 4 * GROWN
"""Characters at which it is cut anywhere."""


class Block:
    """One piece of HTML; ``lines`` is how many lines of output it stands for, ``size`` its characters, about."""

    def __init__(self, html: str = "", lines: int = 1) -> None:
        self._html = html
        self.lines = lines
        self.size = len(html)

    def html(self) -> str:
        """Return it as HTML."""
        return self._html

    def put(self, html: str) -> None:
        """Show something else instead."""
        self._html = html
        self.size = len(html)


class Growing(Block):
    """A block whose text comes in pieces, all of one ``kind``."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._pieces: list[str] = []
        self._unread = 0

    def add(self, text: str) -> bool:
        """Take a piece; return whether it is time to :meth:`cut`."""
        self._pieces.append(text)
        self._unread += len(text)
        self.size += len(text)
        return self._unread >= GROWN

    @property
    def text(self) -> str:
        """What has come."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def keep(self, text: str) -> None:
        """Go on with ``text`` only."""
        self._pieces, self._unread, self.size = [text], 0, len(text)

    def cut(self) -> Iterator[Block]:
        """Yield what nothing that comes can change, as blocks of its own, and go on with the rest."""
        yield from ()


class Answer(Growing):
    """Markdown."""

    def html(self) -> str:
        """Return it as HTML."""
        return f'<div class="wg-text">{rendered(self.text)}</div>'

    def cut(self) -> Iterator[Block]:
        """Cut between top-level blocks; a block that is too long anyway at a line's end, a fence reopened."""
        text = self.text
        place, again = settled(text), ""
        if len(text) - place > OVERGROWN:
            place = text.rfind("\n", 0, OVERGROWN + place) + 1 or len(text)
            again = _open_fence(text[:place])
        if place:
            done = text[:place]
            yield Block(f'<div class="wg-text">{rendered(done)}</div>', done.count("\n") or 1)
        self.keep(again + text[place:])


class Console(Growing):
    """What a process wrote."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self._look = PLAIN

    def html(self) -> str:
        """Return it as HTML."""
        return self._written(overwritten(self.text).rstrip("\r"))[0]

    def cut(self) -> Iterator[Block]:
        """Cut at a line's end, as a carriage return only reaches back to that."""
        text = overwritten(self.text)
        place = text.rfind("\n") + 1
        if len(text) - place > OVERGROWN:
            place = len(text)
        if len(text) >= GROWN and place:
            html, look = self._written(text[:place])
            yield Block(html, text.count("\n", 0, place) or 1)
            self._look, text = look, text[place:]
        self.keep(text)

    def _written(self, text: str) -> tuple[str, Look]:
        html, look = coloured(text.removesuffix("\n"), self._look)
        return f'<pre class="wg-console wg-{self.kind}">{html}</pre>', look


class Thought(Growing):
    """The model's thinking, collapsed; of a long one how it begins."""

    def __init__(self, kind: str, title: str) -> None:
        super().__init__(kind)
        self._title = title

    def add(self, text: str) -> bool:
        """Take a piece, while there is room."""
        return self.size < OVERGROWN and super().add(text)

    def html(self) -> str:
        """Return it as HTML."""
        text = self.text.strip()
        begins = escaped(" ".join(text[:400].split())[:100])
        return (
            f'<details class="wg-thinking"><summary>✻ {escaped(self._title)} <i>{begins}</i></summary>'
            f'<div class="wg-plain">{escaped(text)}</div></details>'
        )

    def cut(self) -> Iterator[Block]:
        """Stay one block."""
        self._unread = 0
        yield from ()


def _open_fence(text: str) -> str:
    """Return the line that opened a fence which is still open at the text's end; empty without one."""
    opened = ""
    for line in text.split("\n"):
        mark = line.strip()
        if not opened and mark.startswith(("```", "~~~")):
            opened = mark
        elif opened and mark and set(mark) == {opened[0]} and mark.startswith(opened[:3]):
            opened = ""
    return f"{opened}\n" if opened else ""
