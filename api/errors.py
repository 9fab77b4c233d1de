"""Errors over HTTP: every one is RFC 9457 problem+json with the protocol's code.

CloseError
    ends a socket with a close code
"""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from quart import Quart, Response
from quart_schema import RequestSchemaValidationError
from werkzeug.exceptions import HTTPException

from api.store.outages import OUTAGES
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.codec import refused
from wegent.protocol.errors import Code, ProtocolError

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2

_CODES = {
    400: Code.BAD_MESSAGE,
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.BAD_MESSAGE,
    413: Code.TOO_LARGE,
    415: Code.BAD_MESSAGE,
    429: Code.RATE_LIMITED,
    503: Code.UNAVAILABLE,
}


class CloseError(Exception):
    """Raised anywhere in a session to close its socket with ``code``."""

    def __init__(self, code: CloseCode, reason: str = "") -> None:
        super().__init__(f"{int(code)} {reason}")
        self.code = code
        self.reason = reason


def problem(error: ProtocolError, status: int | None = None) -> Response:
    """Return the problem+json answer for ``error``."""
    status = status or error.status
    body: dict[str, Any] = {
        "type": f"urn:wegent:error:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        **error.extra,
    }
    response = Response(msgspec.json.encode(body), status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.code in (Code.RATE_LIMITED, Code.UNAVAILABLE):
        response.headers["Retry-After"] = str(error.extra.get("retry_after", RETRY_AFTER_SECONDS))
    return response


def install(app: Quart) -> None:
    """Give ``app`` the handlers."""

    async def on_protocol_error(error: ProtocolError) -> Response:
        return problem(error)

    async def on_invalid(error: RequestSchemaValidationError) -> Response:
        return problem(refused(error.validation_error, "The request"))

    async def on_http_error(error: HTTPException) -> Response:
        status = error.code or 500
        code = _CODES.get(status, Code.UNAVAILABLE if status >= 500 else Code.BAD_MESSAGE)
        response = problem(ProtocolError(code, error.description or ""), status)
        for name, value in error.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    async def on_outage(error: Exception) -> Response:
        log.warning("SQL or Redis did not answer: %s: %s", type(error).__name__, error)
        return problem(ProtocolError(Code.UNAVAILABLE))

    async def on_exception(error: Exception) -> Response:
        log.error("unhandled error", exc_info=error)
        return problem(ProtocolError(Code.UNAVAILABLE, "Something went wrong here; it is in the log."), 500)

    app.register_error_handler(ProtocolError, on_protocol_error)
    app.register_error_handler(RequestSchemaValidationError, on_invalid)
    app.register_error_handler(HTTPException, on_http_error)
    for outage in OUTAGES:
        app.register_error_handler(outage, on_outage)
    app.register_error_handler(Exception, on_exception)
