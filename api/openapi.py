"""``/openapi.json`` from the routes' own types, by quart-schema, and ``/docs`` without a CDN."""

from typing import Any, NamedTuple

import msgspec
from quart import Quart
from quart_schema import HttpSecurityScheme, Info, OpenAPIProvider, QuartSchema
from quart_schema.conversion import MSGSPEC_REF_TEMPLATE
from quart_schema.validation import (
    QUART_SCHEMA_QUERYSTRING_ATTRIBUTE,
    QUART_SCHEMA_REQUEST_ATTRIBUTE,
    QUART_SCHEMA_RESPONSE_ATTRIBUTE,
)
from werkzeug.routing import Rule


class Answer(NamedTuple):
    """An answer that is no struct: its status, and its media types."""

    status: int
    media_types: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """An error (RFC 9457); `code` is one of the list in docs/protocol.md, `hint` says what to do next."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    hint: str


ANSWERS = {
    "auth.logout": Answer(200, ("application/json",)),
    "auth.change_password": Answer(204),
    "device_codes.approve_code": Answer(204),
    "device_codes.deny_code": Answer(204),
    "tokens.revoke_token": Answer(204),
    "devices.delete_device": Answer(204),
    "tasks.delete_task": Answer(204),
    "tasks.mark_task_seen": Answer(204),
    "subtasks.subtask_events": Answer(200, ("text/event-stream", "application/json")),
    "files.download_file": Answer(200, ("application/octet-stream",)),
    "health.healthz": Answer(200, ("application/json",)),
    "health.readyz": Answer(200, ("application/json",)),
    "health.metrics": Answer(200, ("text/plain",)),
}
"""The answers that are no structs, by endpoint."""


class Provider(OpenAPIProvider):
    """quart-schema's provider with the components of nested structs, which it leaves out."""

    def schema(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document: dict[str, Any] = super().schema()
        kinds: list[Any] = [Problem]
        for rule in self.generate_rules():
            view = self._app.view_functions[rule.endpoint]
            request = getattr(view, QUART_SCHEMA_REQUEST_ATTRIBUTE, None)
            kinds += [request[0]] if request else []
            kinds += [kind for kind, _ in getattr(view, QUART_SCHEMA_RESPONSE_ATTRIBUTE, {}).values()]
            querystring = getattr(view, QUART_SCHEMA_QUERYSTRING_ATTRIBUTE, None)
            kinds += [querystring] if querystring else []
        structs = [kind for kind in dict.fromkeys(kinds) if isinstance(kind, type)]
        _, components = msgspec.json.schema_components(structs, ref_template=MSGSPEC_REF_TEMPLATE)
        document["components"]["schemas"] |= components
        return document

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return one route's operations, with the answers that quart-schema does not know."""
        paths, components = super().build_paths(rule)
        problem = {"schema": {"$ref": MSGSPEC_REF_TEMPLATE.format(name="Problem")}}
        for operations in paths.values():
            for operation in operations.values():
                answers = {str(status): known for status, known in operation["responses"].items()}
                if (answer := ANSWERS.get(rule.endpoint)) is not None:
                    content: dict[str, Any] = {media_type: {} for media_type in answer.media_types}
                    description = "What was asked for." if content else "Done."
                    answers[str(answer.status)] = {"description": description, "content": content}
                answers["default"] = {
                    "description": "An error.",
                    "content": {"application/problem+json": problem},
                }
                operation["responses"] = answers
        return paths, components


def install(app: Quart) -> None:
    """Give ``app`` its OpenAPI document at ``/openapi.json``."""
    QuartSchema(
        app,
        openapi_path="/openapi.json",
        redoc_ui_path=None,
        scalar_ui_path=None,
        swagger_ui_path=None,
        openapi_provider_class=Provider,
        conversion_preference="msgspec",
        info=Info(title="Wegent", version="1", description="Your own computer, running your AI and data tasks."),
        security=[{"bearer": []}],
        security_schemes={"bearer": HttpSecurityScheme("bearer", bearer_format="JWT")},
    )
