"""The cloud, as anybody who may send sees it."""

from quart import Blueprint
from quart_schema import validate_response

from api import auth
from api.store import cloud
from wegent.protocol.resources import Cloud

blueprint = Blueprint("cloud", __name__, url_prefix="/cloud")


@blueprint.get("")
@auth.scope("read", "send")
@validate_response(Cloud)
async def get_cloud() -> Cloud:
    """Tell whether the operator's pool is there, and how busy it is."""
    return await cloud.show(auth.store())
