"""The readable form of the API's own description."""

from typing import Any

from quart import Blueprint, Response, current_app, render_template_string
from quart_schema import hide

blueprint = Blueprint("docs", __name__)

_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Wegent API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code { font-size: .95em } .method { font-weight: 700; text-transform: uppercase } section { margin: 1.5rem 0 }
pre { background: #8881; padding: .75rem; overflow-x: auto; border-radius: .5rem }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #8cf } }
</style></head><body>
<h1>Wegent API</h1>
<p>Every request carries <code>Authorization: Bearer &lt;token&gt;</code>; errors are
<code>application/problem+json</code>. The same as a machine reads it:
<a href="/openapi.json">openapi.json</a>.</p>
{% for path, methods in paths %}{% for method, about in methods.items() %}
<section><h2><span class="method">{{ method }}</span> <code>{{ path }}</code></h2>
<p>{{ about.summary }} {{ about.description }}</p>
{% if about.parameters %}<ul>{% for one in about.parameters %}
<li><code>{{ one.name }}</code> ({{ one.in }}): {{ one.schema.description or one.schema.type }}</li>
{% endfor %}</ul>{% endif %}{% if about.requestBody %}<details><summary>Body</summary><pre>{{
  about.requestBody.content | tojson(2) }}</pre></details>{% endif %}
{% for status, answer in about.responses.items() %}<details><summary>Answer {{ status }}</summary><pre>{{
  answer | tojson(2) }}</pre></details>{% endfor %}
</section>{% endfor %}{% endfor %}
<h2>Types</h2>{% for name, schema in schemas %}
<details id="{{ name }}"><summary><code>{{ name }}</code></summary><pre>{{ schema | tojson(2) }}</pre></details>
{% endfor %}</body></html>"""


@blueprint.get("/docs")
@hide
async def docs() -> Response:
    """Show the API's description to people."""
    document: dict[str, Any] = current_app.extensions["QUART_SCHEMA"].openapi_provider.schema()
    page = await render_template_string(
        _DOCS,
        paths=sorted(document["paths"].items()),
        schemas=sorted(document["components"]["schemas"].items()),
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response
