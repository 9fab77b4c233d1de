"""``/openapi.json`` from the routes' own types, by quart-schema, and ``/docs`` without a CDN."""

from typing import Any

import msgspec
from quart import Quart
from quart_schema import Info, OpenAPIProvider, QuartSchema
from quart_schema.conversion import MSGSPEC_REF_TEMPLATE
from quart_schema.validation import (
    QUART_SCHEMA_QUERYSTRING_ATTRIBUTE,
    QUART_SCHEMA_REQUEST_ATTRIBUTE,
    QUART_SCHEMA_RESPONSE_ATTRIBUTE,
)


class Provider(OpenAPIProvider):
    """quart-schema's provider with the components of nested structs, which it leaves out."""

    def schema(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document: dict[str, Any] = super().schema()
        kinds: list[Any] = []
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
    )
