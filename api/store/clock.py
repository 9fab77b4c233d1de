"""Times as SQL keeps them (integer milliseconds since 1970) and as people read them (RFC 3339, UTC)."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Return the present."""
    return time.time_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """Return ``ms`` as RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_or_none(ms: int | None) -> str | None:
    """Return ``ms`` as RFC 3339, or None for None."""
    return None if ms is None else rfc3339(ms)
