"""Why a socket was closed. The executor's reaction to each stands in ``docs/protocol.md``."""

from enum import IntEnum


class CloseCode(IntEnum):
    """The close codes of both sockets."""

    RESTARTING = 1012
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    BAD_PROTOCOL = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    DEVICE_DELETED = 4404
    REGISTER_TIMEOUT = 4408
    REPLACED = 4409
    TOO_OLD = 4426
