"""Every wait that the two sides share, read once from the environment."""

import math
from collections.abc import Mapping
from typing import Self

import msgspec


class InvalidSettingError(ValueError):
    """An environment variable that cannot be; the message names it and says what it should be."""


def positive(environ: Mapping[str, str], name: str, default: float) -> float:
    """Read a number greater than 0 from ``environ``; raise :class:`InvalidSettingError` for anything else."""
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise InvalidSettingError(f"{name}={text!r} is not a number") from None
    if not math.isfinite(value) or value <= 0:
        raise InvalidSettingError(f"{name}={text!r} must be greater than 0")
    return value


def positive_integer(environ: Mapping[str, str], name: str, default: int) -> int:
    """Read a whole number greater than 0, as :func:`positive` does."""
    value = positive(environ, name, default)
    if value != int(value):
        raise InvalidSettingError(f"{name}={environ[name]!r} must be a whole number")
    return int(value)


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Durations in seconds unless the name says otherwise; the defaults are the founding document's."""

    heartbeat: float = 30
    online_ttl: float = 90
    monitor: float = 60
    offer: float = 10
    queue: float = 86_400
    register: float = 10
    cancel: float = 7.5
    terminate: float = 2.5
    stop_unconfirmed: float = 60
    coalesce_ms: float = 25
    ack_ms: float = 250
    log_retention: float = 3600
    spill: float = 10
    recheck: float = 30
    reread: float = 5
    send_deadline: float = 30
    reconnect_first: float = 1
    reconnect_max: float = 60
    token_days: float = 7

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the ``WEGENT_…_SECONDS`` variables; raise :class:`InvalidSettingError` for one that cannot be."""
        default = cls()
        timing = cls(
            heartbeat=positive(environ, "WEGENT_HEARTBEAT_SECONDS", default.heartbeat),
            online_ttl=positive(environ, "WEGENT_ONLINE_TTL_SECONDS", default.online_ttl),
            monitor=positive(environ, "WEGENT_MONITOR_SECONDS", default.monitor),
            offer=positive(environ, "WEGENT_OFFER_SECONDS", default.offer),
            queue=positive(environ, "WEGENT_QUEUE_SECONDS", default.queue),
            register=positive(environ, "WEGENT_REGISTER_SECONDS", default.register),
            cancel=positive(environ, "WEGENT_CANCEL_SECONDS", default.cancel),
            terminate=positive(environ, "WEGENT_TERMINATE_SECONDS", default.terminate),
            stop_unconfirmed=positive(environ, "WEGENT_STOP_UNCONFIRMED_SECONDS", default.stop_unconfirmed),
            coalesce_ms=positive(environ, "WEGENT_COALESCE_MS", default.coalesce_ms),
            log_retention=positive(environ, "WEGENT_LOG_SECONDS", default.log_retention),
            recheck=positive(environ, "WEGENT_RECHECK_SECONDS", default.recheck),
            reconnect_max=positive(environ, "WEGENT_RECONNECT_MAX_SECONDS", default.reconnect_max),
            token_days=positive(environ, "WEGENT_TOKEN_DAYS", default.token_days),
        )
        if timing.online_ttl < 2 * timing.heartbeat:
            raise InvalidSettingError(
                f"WEGENT_ONLINE_TTL_SECONDS={timing.online_ttl:g} must be at least two heartbeats"
                f" (WEGENT_HEARTBEAT_SECONDS={timing.heartbeat:g})"
            )
        return timing

    @property
    def grace(self) -> float:
        """How long a cancelled subtask has before it is killed."""
        return self.cancel + self.terminate
