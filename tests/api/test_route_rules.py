"""Rules for every route: none without a login unless it is listed, each with words for OpenAPI."""

import re
from pathlib import Path

import pytest
from quart import Quart
from quart.testing import WebsocketResponseError

from api.app import create_app
from api.auth import PUBLIC
from api.config import Settings


@pytest.fixture
def app(tmp_path: Path) -> Quart:
    """The app, which never starts: nobody gets further than the door."""
    return create_app(Settings.from_env({"WEGENT_SECRET_KEY": "x" * 32, "WEGENT_DATA_DIR": str(tmp_path)}))


async def test_every_route_asks_for_a_login_unless_it_is_listed(app: Quart) -> None:
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or rule.websocket:
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = await app.test_client().open(path, method=method, headers={"Host": "127.0.0.1:8000"})
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            assert answer.content_type == "application/problem+json"
            asked += 1
    assert asked >= 20


def test_the_list_of_public_routes_names_only_routes_that_exist(app: Quart) -> None:
    assert PUBLIC - {rule.endpoint for rule in app.url_map.iter_rules()} == set()


def test_every_route_has_a_docstring_that_openapi_shows(app: Quart) -> None:
    ours = {endpoint: view for endpoint, view in app.view_functions.items() if "." in endpoint}
    assert not [endpoint for endpoint, view in ours.items() if not (view.__doc__ or "").strip()]


@pytest.mark.parametrize("path", ["/ws/device", "/ws/chat"])
async def test_no_socket_opens_without_a_login(app: Quart, path: str) -> None:
    with pytest.raises(WebsocketResponseError) as refused:
        async with app.test_client().websocket(path, headers={"Host": "127.0.0.1:8000"}) as socket:
            await socket.receive()
    assert refused.value.response.status_code == 401
    assert refused.value.response.content_type == "application/problem+json"
