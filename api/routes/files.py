"""Files: attachments and results, kept for a day."""

import re
from urllib.parse import quote

import msgspec
from quart import Blueprint, Response, request
from quart_schema import validate_querystring, validate_response

from api import auth
from api.store import files
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import MAX_FILE, StoredFile
from wegent.protocol.types import Id

blueprint = Blueprint("files", __name__, url_prefix="/files")

OWN = ("read", "send", "device")


class SentBy(msgspec.Struct, frozen=True):
    """Which subtask sends a file, where one does."""

    subtask_id: Id | None = None


@blueprint.post("")
@auth.scope("send", "device", "cloud")
@validate_querystring(SentBy)
@validate_response(StoredFile, 201)
async def upload_file(query_args: SentBy) -> tuple[StoredFile, int]:
    """Store a file (multipart, field ``file``) for 24 hours; a device says which subtask of its sends it."""
    owner = await _receiver(query_args.subtask_id)
    sent = (await request.files).get("file")
    if sent is None:
        raise ProtocolError(Code.BAD_MESSAGE, "There is no file in the field `file`.", field="file")
    body = sent.read(MAX_FILE + 1)
    if len(body) > MAX_FILE:
        raise ProtocolError(Code.TOO_LARGE, f"A file may have {MAX_FILE} bytes.")
    name = (sent.filename or "file").replace("\0", "")[:200]
    media_type = re.sub(r"[^ -~]", "_", sent.content_type or "application/octet-stream")[:200]
    stored = await files.insert(auth.store().database, owner, name, media_type, body)
    return StoredFile(*stored), 201


async def _receiver(subtask_id: str | None) -> str:
    """Return whose file it becomes: the caller's own, or that of whoever sent what the caller's device runs."""
    who = auth.login()
    if subtask_id is not None:
        auth.check_scope(who, "device", "cloud")
        return await files.receiver(auth.store().database, who.user.id, subtask_id)
    auth.check_scope(who, "send", "device")
    return who.user.id


async def _owners(file_id: str) -> set[str]:
    """Return whose file the caller may have: its own, or in the cloud that of whoever attached it to a subtask."""
    who = auth.login()
    if "cloud" in who.scopes:
        senders = await files.senders_in_cloud(auth.store().database, who.user.id, file_id)
        if senders:
            return senders
    auth.check_scope(who, *OWN)
    return {who.user.id}


def disposition(name: str) -> str:
    """Return the header that says that it is a download, and its name (RFC 6266: in ASCII, and as it is)."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


@blueprint.get("/<file_id>")
@auth.scope(*OWN, "cloud")
async def download_file(file_id: str) -> Response:
    """Give a file, always as a download; a cloud executor gets those attached to what it runs."""
    owners = await _owners(file_id)
    name, media_type, body = await files.get_of_any(auth.store().database, owners, file_id)
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
