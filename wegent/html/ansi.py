"""What a process wrote for a terminal, as HTML: colours become spans, carriage returns overwrite.

Of the control sequences (ECMA-48) only SGR, which changes how text looks, has an effect; the others are left out.
"""

import re
from functools import lru_cache

import msgspec

from wegent.html.escaping import escaped

_ESCAPE = re.compile(r"\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\|$)|[@-Z\\^_]|$)")
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_CUBE = (0, 95, 135, 175, 215, 255)


class Look(msgspec.Struct, frozen=True):
    """How text looks: CSS classes and colours of its own."""

    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    colour: str = ""
    background: str = ""

    def opening(self) -> str:
        """Return the span that makes text look so; empty where nothing is special."""
        names = [f"wg-{name}" for name in ("bold", "dim", "italic", "underline") if getattr(self, name)]
        styles = []
        for kind, value in (("color", self.colour), ("background-color", self.background)):
            if value.startswith("#"):
                styles.append(f"{kind}:{value}")
            elif value:
                names.append(f"wg-{'fg' if kind == 'color' else 'bg'}-{value}")
        if not names and not styles:
            return ""
        style = f' style="{";".join(styles)}"' if styles else ""
        return f'<span class="{" ".join(names)}"{style}>'


PLAIN = Look()


def coloured(text: str, look: Look = PLAIN) -> tuple[str, Look]:
    """Return text with control sequences as HTML, and how what follows it looks."""
    if "\x1b" not in text and look == PLAIN:
        return escaped(text), look
    pieces: list[str] = []
    place = 0
    for found in _ESCAPE.finditer(text):
        _put(pieces, text[place : found.start()], look)
        place = found.end()
        if found[2] == "m":
            look = _changed(look, found[1])
    _put(pieces, text[place:], look)
    return "".join(pieces), look


def overwritten(text: str) -> str:
    """Return text as a terminal shows it: a carriage return overwrites the line, a backspace goes back."""
    text = text.replace("\r\n", "\n")
    if "\b" in text:
        text = _backspaced(text)
    if "\r" not in text:
        return text
    return "\n".join(_line(line) if "\r" in line else line for line in text.split("\n"))


def _put(pieces: list[str], text: str, look: Look) -> None:
    if text:
        opening = look.opening()
        pieces.append(f"{opening}{escaped(text)}</span>" if opening else escaped(text))


def _line(line: str) -> str:
    """Overwrite one line; a carriage return at its end stays, as what comes next overwrites."""
    ends = "\r" if line.endswith("\r") else ""
    shown = ""
    for piece in line.split("\r"):
        is_coloured = "\x1b" in piece or "\x1b" in shown
        shown = (piece or shown) if is_coloured else piece + shown[len(piece) :]
    return shown + ends


def _backspaced(text: str) -> str:
    kept: list[str] = []
    for each in text:
        if each != "\b":
            kept.append(each)
        elif kept and kept[-1] != "\n":
            kept.pop()
    return "".join(kept)


@lru_cache(1024)
def _changed(look: Look, parameters: str) -> Look:
    codes = [int(part) if part.isdecimal() and len(part) < 4 else 0 for part in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code in (38, 48):
            colour = _extended(codes)
            look = msgspec.structs.replace(look, **{"colour" if code == 38 else "background": colour})
        else:
            look = _simple(look, code)
    return look


def _simple(look: Look, code: int) -> Look:
    change: dict[str, bool | str] = {}
    match code:
        case 0:
            return PLAIN
        case 1 | 2 | 3 | 4:
            change = {("bold", "dim", "italic", "underline")[code - 1]: True}
        case 22:
            change = {"bold": False, "dim": False}
        case 23 | 24:
            change = {"italic" if code == 23 else "underline": False}
        case 39 | 49:
            change = {"colour" if code == 39 else "background": ""}
        case _ if 30 <= code % 60 <= 37 and code < 98:
            change = {"colour": _COLOURS[code % 60 - 30]}
        case _ if 40 <= code % 60 <= 47 and code < 108:
            change = {"background": _COLOURS[code % 60 - 40]}
    return msgspec.structs.replace(look, **change)


def _extended(codes: list[int]) -> str:
    """Take a colour of the 256, or of red, green and blue, off the codes."""
    kind = codes.pop(0) if codes else 0
    if kind == 2 and len(codes) >= 3:
        red, green, blue = (min(codes.pop(0), 255) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    number = codes.pop(0) if kind == 5 and codes else -1
    if 0 <= number < 16:
        return _COLOURS[number % 8]
    if 16 <= number < 232:
        number -= 16
        return "#" + "".join(f"{_CUBE[number // step % 6]:02x}" for step in (36, 6, 1))
    return f"#{(number - 232) * 10 + 8:02x}" + f"{(number - 232) * 10 + 8:02x}" * 2 if 232 <= number < 256 else ""
