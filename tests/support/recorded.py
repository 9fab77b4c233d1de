"""What a connection carried: the payload of a WebSocket's frames (RFC 6455), unmasked, or HTTP's body."""

import struct
from collections.abc import Iterator


def payload(recorded: bytes) -> bytes:
    """Return what one direction of a connection said, without its HTTP heads."""
    head, _, rest = recorded.partition(b"\r\n\r\n")
    if b"upgrade: websocket" not in head.lower():
        return rest
    return b"".join(_frames(rest))


def _frames(data: bytes) -> Iterator[bytes]:
    at = 0
    while len(data) - at >= 2:
        size, is_masked, at = data[at + 1] & 0x7F, data[at + 1] & 0x80, at + 2
        if size >= 126:
            form = "!H" if size == 126 else "!Q"
            (size,) = struct.unpack_from(form, data, at)
            at += struct.calcsize(form)
        mask = data[at : at + 4] if is_masked else b"\0\0\0\0"
        at += 4 if is_masked else 0
        body = data[at : at + size]
        at += size
        long_mask = int.from_bytes((mask * (size // 4 + 1))[: len(body)])
        yield (int.from_bytes(body) ^ long_mask).to_bytes(len(body))
