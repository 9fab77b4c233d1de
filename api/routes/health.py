"""Is it alive, is it ready, how is it."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from quart import Blueprint, Response, current_app, request

from api import auth
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.time_limit import time_limit

blueprint = Blueprint("health", __name__)

READY_SECONDS = 5


@blueprint.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the process is alive."""
    return {"status": "alive"}


@blueprint.get("/readyz")
async def readyz() -> dict[str, str]:
    """Tell that the database and Redis answer, and that the process is not draining."""
    store = auth.store()
    if current_app.extensions["wegent"].is_draining:
        raise ProtocolError(Code.UNAVAILABLE, "The server is draining.")
    try:
        async with time_limit(READY_SECONDS):
            async with store.database.read() as connection:
                await connection.fetch_val("SELECT 1")
            await store.redis.ping()
    except Exception as error:
        raise ProtocolError(
            Code.UNAVAILABLE, f"Not ready: {type(error).__name__}: {error}.", "See the server's log."
        ) from error
    return {"status": "ready"}


@blueprint.get("/metrics")
async def metrics() -> Response:
    """Give the counters in Prometheus' text format; from elsewhere than loopback this needs a token."""
    if request.remote_addr not in ("127.0.0.1", "::1"):
        auth.check_scope(await auth.authenticate(request, current_app.extensions["wegent"].settings), "read")
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
