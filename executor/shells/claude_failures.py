"""What is wrong with a login, a quota or the model's API: what happened, and what to do on the device."""

from datetime import UTC, datetime
from typing import Any

from wegent.protocol.output_events import Notice

_PLAN = "this device's Claude plan"
_LIMITS = {
    "five_hour": "5-hour limit",
    "seven_day": "weekly limit",
    "seven_day_opus": "weekly limit for Opus",
    "seven_day_sonnet": "weekly limit for Sonnet",
    "overage": "limit of extra usage",
}
_KEY = "set ANTHROPIC_API_KEY where its executor starts, and restart that"


def moment(seconds: float) -> str:
    """Return a Unix time as RFC 3339, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def resets_at(limit: dict[str, Any]) -> str | None:
    """Return when a limit that the CLI tells of begins anew."""
    at = limit.get("resetsAt")
    return moment(at) if isinstance(at, int | float) else None


def limited(limit: dict[str, Any]) -> Notice | None:
    """Say that a limit is reached or near; None while all is well."""
    named = _LIMITS.get(str(limit.get("rateLimitType")), "usage limit")
    if limit.get("status") == "rejected":
        return Notice("warning", f"The {named} of {_PLAN} is reached.", resets_at(limit))
    if limit.get("status") == "allowed_warning":
        share = limit.get("utilization")
        used = f"{share:.0%} of the {named}" if isinstance(share, int | float) else f"Nearly all of the {named}"
        return Notice("info", f"{used} of {_PLAN} is used.", resets_at(limit))
    return None


def retrying(data: dict[str, Any], now: float) -> Notice:
    """Say why nothing happens for a while: the CLI retries for minutes."""
    cause = data.get("error") or "no answer"
    status = f" with HTTP {data['error_status']}" if data.get("error_status") else ""
    tries = f"{data.get('attempt')} of {data.get('max_retries')}"
    delay = data.get("retry_delay_ms")
    until = moment(now + delay / 1000) if isinstance(delay, int | float) else None
    return Notice("warning", f"The model's API failed{status} ({cause}); trying again ({tries}).", until)


def explained(text: str, error: str | None, status: int | None, limit: dict[str, Any] | None) -> str:
    """Say what a failed answer means. ``error`` and ``status`` are the CLI's word and HTTP's number for it."""
    lowered = text.lower()
    if limit is not None and limit.get("status") == "rejected":
        named = _LIMITS.get(str(limit.get("rateLimitType")), "usage limit")
        reset = resets_at(limit)
        again = f"It resets at {reset}; send the message again then" if reset else "Send the message again later"
        return f"The {named} of {_PLAN} is reached. {again}, or log the device in to another plan."
    if "not logged in" in lowered:
        return f"Claude Code is not logged in on this device. There, run `claude` and log in; or {_KEY}."
    if status in (401, 403) or error == "authentication_failed":
        return (
            f"The model's API does not take this device's login ({text})."
            f" On the device, run `claude` and log in anew (/login); or {_KEY}."
        )
    if error == "billing_error" or "credit balance" in lowered:
        return (
            f"The account that this device's Claude Code uses has no credit left ({text})."
            " Add some in its console under Plans & Billing, or log the device in to another account."
        )
    if status == 429 or error == "rate_limit":
        return f"The model's API takes no more requests of this device now ({text}). Wait a few minutes, retry."
    if error == "overloaded" or (status is not None and status >= 500):
        return f"The model's API cannot answer just now ({text}). Retry in a few minutes."
    if status == 404:
        return f"{text} Choose another model (options.model), or leave it out."
    return text
