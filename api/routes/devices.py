"""A user's devices."""

from typing import Any

import msgspec
import yaml
from quart import Blueprint, Response, request
from quart_schema import document_response, validate_querystring, validate_response

from api import auth
from api.request import json_body
from api.routes.lists import Page, cursor, keys
from api.store import devices, pubsub
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import Device
from wegent.protocol.types import Name

blueprint = Blueprint("devices", __name__, url_prefix="/devices")

READ = ("read", "send")


class DeviceList(msgspec.Struct, frozen=True):
    """The user's devices, oldest first."""

    items: list[Device]
    next: str | None = None


class Renaming(msgspec.Struct, frozen=True):
    """A name that later registers leave alone."""

    name: Name


async def shown(device_id: str) -> Device:
    """Return one of the caller's devices; raise ``not_found``."""
    found = await devices.show(auth.store(), auth.login().user.id, device_id)
    if not found:
        raise ProtocolError(Code.NOT_FOUND, "There is no such device.", "`wegent devices` lists yours.")
    return found[0][1]


async def changed() -> None:
    """Wake the caller's other sockets."""
    await auth.store().pubsub.publish(pubsub.user_channel(auth.login().user.id))


@blueprint.get("")
@auth.scope(*READ)
@validate_querystring(Page)
@validate_response(DeviceList)
async def list_devices(query_args: Page) -> DeviceList:
    """List the caller's devices."""
    after = keys(query_args.after, 1)
    found = await devices.show(auth.store(), auth.login().user.id)
    page = [pair for pair in found if after is None or pair[0].row > after[0]][: query_args.limit]
    last = page[-1][0].row if page else 0
    return DeviceList([device for _, device in page], cursor(page, query_args.limit, last))


@blueprint.get("/<device_id>")
@auth.scope(*READ)
@document_response(Device)
async def get_device(device_id: str) -> Any:
    """Give one device; with ``Accept: application/yaml`` as a resource of kind Device."""
    device = await shown(device_id)
    if request.accept_mimetypes.best_match(["application/json", "application/yaml"]) == "application/yaml":
        document = yaml.safe_dump(resource(device), sort_keys=False, allow_unicode=True)
        response = Response(document, content_type="application/yaml")
        response.headers["Vary"] = "Accept"
        return response
    return device


def resource(device: Device) -> dict[str, object]:
    """Return a device as the resource that the founding document calls a CRD."""
    fields = msgspec.to_builtins(device)
    spec = ("kind", "slots", "shells", "folders", "kernels", "version", "platform", "is_default")
    status = ("status", "reconnecting", "paused", "queued", "running", "load", "last_seen")
    return {
        "apiVersion": "agent.wecode.io/v1",
        "kind": "Device",
        "metadata": {
            "name": device.device_id,
            "displayName": device.name,
            "labels": device.labels,
            "creationTimestamp": device.created_at,
        },
        "spec": {**{name: fields[name] for name in spec}, "slots": device.slots.total},
        "status": {**{name: fields[name] for name in status}, "usedSlots": device.slots.used},
    }


@blueprint.patch("/<device_id>")
@json_body(Renaming)
@validate_response(Device)
async def rename_device(device_id: str, data: Renaming) -> Device:
    """Give a device a name."""
    await devices.rename(auth.store().database, auth.login().user.id, device_id, data.name)
    await changed()
    return await shown(device_id)


@blueprint.put("/<device_id>/default")
@validate_response(Device)
async def set_default_device(device_id: str) -> Device:
    """Make a device the default for new conversations."""
    await devices.set_default(auth.store().database, auth.login().user.id, device_id)
    await changed()
    return await shown(device_id)


@blueprint.delete("/<device_id>/default")
@validate_response(Device)
async def unset_default_device(device_id: str) -> Device:
    """Make a device no longer the default."""
    await devices.unset_default(auth.store().database, auth.login().user.id, device_id)
    await changed()
    return await shown(device_id)


@blueprint.delete("/<device_id>")
async def delete_device(device_id: str) -> tuple[str, int]:
    """Remove a device's registration; its unsettled subtasks fail. A running executor registers it again."""
    await devices.delete(auth.store(), auth.login().user.id, device_id)
    return "", 204
