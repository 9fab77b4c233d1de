"""One list of error codes, the same on the sockets, over HTTP and as a subtask's error.

ProtocolError
    what a side answers to a frame or a request that it cannot serve
"""

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """Why something was refused, or why a subtask failed."""

    BAD_MESSAGE = "bad_message"
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    DEVICE_OFFLINE = "device_offline"
    NO_CLOUD = "no_cloud"
    QUEUE_FULL = "queue_full"
    NOT_CURRENT = "not_current"
    SETTLED = "settled"
    ALREADY_ANSWERED = "already_answered"
    SHELL_NOT_OFFERED = "shell_not_offered"
    RATE_LIMITED = "rate_limited"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    # as a subtask's error
    DEVICE_LOST = "device_lost"
    EXECUTOR_RESTARTED = "executor_restarted"
    SHELL_FAILED = "shell_failed"
    SHELL_MISSING = "shell_missing"
    TIMED_OUT = "timed_out"
    QUEUE_EXPIRED = "queue_expired"
    DEVICE_DELETED = "device_deleted"
    DECLINED = "declined"
    STOP_UNCONFIRMED = "stop_unconfirmed"


class Meaning(NamedTuple):
    """What a code means: an HTTP status (0: never an answer to a request), what happened, what to do next."""

    status: int
    message: str
    hint: str


MEANINGS: dict[Code, Meaning] = {
    Code.BAD_MESSAGE: Meaning(
        400, "The message is not valid.", "Compare it with docs/protocol.md or /openapi.json."
    ),
    Code.TOO_LARGE: Meaning(413, "The message is too large.", "Send less at once, or send it as a file."),
    Code.UNAUTHENTICATED: Meaning(401, "No valid login came with the request.", "Log in: `wegent login`."),
    Code.TOKEN_EXPIRED: Meaning(
        401, "The token has expired.", "Log in again, or make a new token in the settings."
    ),
    Code.TOKEN_REVOKED: Meaning(401, "The token was revoked.", "Log in again, or make a new token."),
    Code.FORBIDDEN: Meaning(403, "This login may not do that.", "Use a login or a token with the scope needed."),
    Code.NOT_FOUND: Meaning(404, "There is no such thing here.", "Check the id; lists show what there is."),
    Code.DEVICE_OFFLINE: Meaning(
        409, "The device is offline.", "Start its executor, choose another device, or send with wait=true."
    ),
    Code.NO_CLOUD: Meaning(
        409,
        "No cloud executor is running.",
        "Choose one of your devices (`wegent default DEVICE` chooses it for good), or send with wait=true.",
    ),
    Code.QUEUE_FULL: Meaning(429, "Too many subtasks are waiting.", "Wait for some to end, or cancel some."),
    Code.NOT_CURRENT: Meaning(
        409, "This attempt is not this device's.", "Drop it; it was cancelled or given away."
    ),
    Code.SETTLED: Meaning(409, "The subtask has already ended.", "Look at how it ended; nothing more to do."),
    Code.ALREADY_ANSWERED: Meaning(
        409, "Somebody else answered first.", "Nothing to do; the first answer counts."
    ),
    Code.SHELL_NOT_OFFERED: Meaning(
        409, "The device does not offer this shell.", "Choose a shell that it lists, or offer it with --shell."
    ),
    Code.RATE_LIMITED: Meaning(429, "Too many requests.", "Wait a little and ask again."),
    Code.CONFLICT: Meaning(409, "That does not fit what there is.", "Read the current state and try again."),
    Code.UNAVAILABLE: Meaning(503, "The server cannot answer just now.", "Ask again in a few seconds."),
    Code.DEVICE_LOST: Meaning(
        0,
        "The device was disconnected while the subtask ran.",
        "Check the computer and its network, then retry.",
    ),
    Code.EXECUTOR_RESTARTED: Meaning(
        0, "The executor on the device restarted while the subtask ran.", "Retry the subtask."
    ),
    Code.SHELL_FAILED: Meaning(0, "The shell ended with an error.", "Read the end of the output."),
    Code.SHELL_MISSING: Meaning(
        0, "The shell is not usable on this device.", "Install it on the device, restart its executor, then retry."
    ),
    Code.TIMED_OUT: Meaning(
        0, "The subtask ran out of time.", "Retry with a larger timeout_seconds, or split the work."
    ),
    Code.QUEUE_EXPIRED: Meaning(
        0, "The subtask waited too long for a free slot.", "Start the device, then retry the subtask."
    ),
    Code.DEVICE_DELETED: Meaning(0, "The device was deleted.", "Retry on another device."),
    Code.DECLINED: Meaning(0, "The device declined the subtask.", "Read the reason, then retry."),
    Code.STOP_UNCONFIRMED: Meaning(
        0, "The device did not confirm the stop.", "Look on the device whether something still runs."
    ),
}


class ProtocolError(Exception):
    """A refusal that a person can act on: a code, what happened, and what to do next.

    ``extra`` goes into the problem+json body beside them (RFC 9457 extension members), such as ``field``.
    """

    def __init__(self, code: Code, message: str = "", hint: str = "", **extra: object) -> None:
        meaning = MEANINGS[code]
        self.code = code
        self.message = message or meaning.message
        self.hint = hint or meaning.hint
        self.extra = extra
        super().__init__(f"{code}: {self.message}")

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return MEANINGS[self.code].status
