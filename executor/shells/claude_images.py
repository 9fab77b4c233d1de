"""Images that are attached to a message, as Claude takes them."""

from collections.abc import Sequence
from pathlib import Path

from executor.shells.claude_wire import Image

MAX_BYTES = (5 << 20) * 3 // 4
"""Of one image: the API takes 5 MiB of base64."""
MAX_ALL = 20 << 20
"""Of all images of a message: the API takes requests of 32 MB."""
_KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


class ImageError(Exception):
    """A file that cannot go to the model as an image; the message is for the sender."""


def read(paths: Sequence[Path]) -> list[Image]:
    """Look at the files' first bytes and sizes; raise :class:`ImageError` for what Claude does not take."""
    images = [Image(str(path), _media_type(path)) for path in paths]
    whole = 0
    for path in paths:
        size = path.stat().st_size
        whole += size
        if size > MAX_BYTES:
            raise ImageError(
                f"The image {path.name} has {_mib(size)}, Claude takes {_mib(MAX_BYTES)}. Make it smaller."
            )
    if whole > MAX_ALL:
        raise ImageError(f"The images have {_mib(whole)} together, {_mib(MAX_ALL)} can be sent. Send fewer.")
    return images


def _media_type(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for begin, media_type in _KINDS:
        if head.startswith(begin):
            return media_type
    raise ImageError(
        f"The file {path.name} is no image that Claude takes (PNG, JPEG, GIF, WebP)."
        " Attach it as a file (options.files), or convert it."
    )


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"
