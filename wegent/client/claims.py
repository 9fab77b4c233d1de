"""What a token says of itself (a JWT, RFC 7519), read without its key: only the server knows what it is worth."""

import base64
import binascii

import msgspec

HALF = 0.5
"""The share of its life below which a token is renewed."""


class Claims(msgspec.Struct, frozen=True):
    """When a token was issued and ends, in the server's seconds since 1970, its chain, and what it may do."""

    iat: float
    exp: float
    jti: str
    gen: int = 0
    scopes: list[str] | None = None

    @property
    def life(self) -> float:
        """How many seconds it is good for."""
        return self.exp - self.iat


def read(token: str) -> Claims | None:
    """Return what a token says; None for one that says nothing that can be read."""
    body = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Claims)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def seconds_until_due(token: str, now: float, share: float = HALF) -> float | None:
    """Return when less than ``share`` of a token's life is left, counted from ``now`` on the server's clock.

    0 or less: it is due. None for a token that does not say.
    """
    claims = read(token)
    return None if claims is None else claims.exp - claims.life * share - now


def is_former(token: str, other: str) -> bool:
    """Whether ``other`` came from ``token`` by renewing."""
    one, two = read(token), read(other)
    return one is not None and two is not None and one.jti == two.jti and one.gen < two.gen
