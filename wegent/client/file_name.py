"""Names of files that came from elsewhere, made safe to use on any system."""

import mimetypes
import re
import unicodedata

LONGEST = 120
_MOST_BYTES = 240
"""A name may have 255 bytes on most file systems; a number may be put to it."""
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
"""What Windows takes for a device whatever its extension ("Naming Files, Paths, and Namespaces", Microsoft)."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what controls, is not seen, is half a character, or ends a line."""
_UNSAFE = re.compile(r'[<>:"|?*]')


def safe(name: str) -> str:
    """Return ``name`` without folders, control characters, leading dots and what Windows does not allow."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join("_" if unicodedata.category(each) in _HIDDEN else each for each in name)
    name = _cut(_UNSAFE.sub("_", name).strip().strip(". "), LONGEST - 1, _MOST_BYTES - 1)
    return f"_{name}" if _DEVICES.match(name) else name or "file"


def numbered(name: str, number: int) -> str:
    """Return the name of the copy ``number``: ``name`` itself, then ``name (2)``, before its extension."""
    if number == 1:
        return name
    stem, extension = _split(name)
    end = f" ({number}){extension}"
    return _cut(stem, LONGEST - len(end), _MOST_BYTES - len(end.encode())) + end


def is_numbered(name: str, original: str) -> bool:
    """Whether ``name`` is ``original`` or, as :func:`numbered` calls them, a copy of it."""
    stem, extension = _split(original)
    copy = rf"{re.escape(stem)} \(\d+\){re.escape(extension)}"
    return name == original or re.fullmatch(copy, name) is not None


def media_type_of(name: str) -> str:
    """Return what a file is, as far as its name says it."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _split(name: str) -> tuple[str, str]:
    """Part a name before its extension; what is too long to be one is none."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem and len(extension) <= 10 else (name, "")


def _cut(name: str, characters: int, most_bytes: int) -> str:
    """Shorten a name before its extension."""
    stem, extension = _split(name)
    room = most_bytes - len(extension.encode())
    stem = stem[: characters - len(extension)].encode()[:room].decode(errors="ignore")
    return stem.rstrip(". ") + extension
