"""REST: health, metrics, and the API's description of itself."""

import re
from typing import Any

import pytest
from support.http import ask
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")

METHODS = {"get", "post", "put", "patch", "delete"}
NO_BODY = {
    ("post", "/auth/logout"),
    ("post", "/auth/renew"),
    ("post", "/subtasks/{subtask_id}/cancel"),
    ("post", "/subtasks/{subtask_id}/retry"),
    ("put", "/devices/{device_id}/default"),
    ("put", "/tasks/{task_id}/seen"),
    ("post", "/auth/renew"),
    ("post", "/files"),  # multipart, which the description's text tells
}


async def described(shared: Stack) -> dict[str, Any]:
    """Return /openapi.json."""
    answer = await ask("GET", f"{shared.url}/openapi.json")
    assert answer.status == 200
    document: dict[str, Any] = answer.json
    return document


def references(part: Any) -> set[str]:
    """Return every $ref in a part of the document."""
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in part.values()))
    if isinstance(part, list):
        return set().union(*(references(inner) for inner in part))
    return set()


async def test_alive_and_ready_without_a_login(shared: Stack) -> None:
    assert (await ask("GET", f"{shared.url}/healthz")).json == {"status": "alive"}
    assert (await ask("GET", f"{shared.url}/readyz")).json == {"status": "ready"}
    assert (await ask("HEAD", f"{shared.url}/healthz")).status == 200


async def test_metrics_count_what_happens(shared: Stack, user: StackUser) -> None:
    async def value(name: str) -> float:
        answer = await ask("GET", f"{shared.url}/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain")
        return float(re.findall(rf"^{name} (\S+)$", answer.body.decode(), re.MULTILINE)[0])

    before = await value("wegent_events_received_total")
    async with shared.device(user) as device:
        await device.register()
        assert await value("wegent_device_sockets") >= 1
        await shared.send(user, "x", device_id="raw-device")
        offer = await device.start()
        await device.text(offer, 1, "a", "b", "c")
        await device.complete(offer, 3)
        assert await value("wegent_events_received_total") == before + 3


async def test_no_reference_in_the_description_dangles(shared: Stack) -> None:
    document = await described(shared)
    found = references(document)
    assert len(found) >= 8
    for reference in found:
        assert reference.startswith("#/components/schemas/")
        assert reference.rsplit("/", 1)[1] in document["components"]["schemas"], reference


async def test_every_way_is_described_with_words_body_and_answer(shared: Stack) -> None:
    document = await described(shared)
    missing = []
    for path, methods in document["paths"].items():
        for method in METHODS & methods.keys():
            about = methods[method]
            if not about.get("summary"):
                missing.append(f"{method} {path}: words")
            needs_body = method in ("post", "put", "patch") and (method, path) not in NO_BODY
            if needs_body != ("requestBody" in about):
                missing.append(f"{method} {path}: body")
            for name in re.findall(r"{(\w+)}", path):
                if name not in {one["name"] for one in about.get("parameters", ())}:
                    missing.append(f"{method} {path}: {name}")
            if not any(status.startswith("2") for status in about["responses"]):
                missing.append(f"{method} {path}: answer")
            problem = about["responses"]["default"]["content"]["application/problem+json"]["schema"]
            if problem != {"$ref": "#/components/schemas/Problem"}:
                missing.append(f"{method} {path}: error")
    assert not missing
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_the_description_names_the_ways_of_the_contract(shared: Stack) -> None:
    paths = (await described(shared))["paths"]
    expected = {
        "/auth/login": {"post"},
        "/auth/logout": {"post"},
        "/auth/me": {"get"},
        "/auth/password": {"post"},
        "/auth/device-code": {"post"},
        "/auth/device-code/{user_code}": {"get"},
        "/auth/device-code/approve": {"post"},
        "/auth/device-code/deny": {"post"},
        "/auth/device-token": {"post"},
        "/tokens": {"get", "post"},
        "/tokens/{token_id}": {"delete"},
        "/devices": {"get"},
        "/devices/{device_id}": {"get", "patch", "delete"},
        "/devices/{device_id}/default": {"put", "delete"},
        "/cloud": {"get"},
        "/tasks": {"get", "post"},
        "/tasks/{task_id}": {"get", "patch", "delete"},
        "/tasks/{task_id}/seen": {"put"},
        "/tasks/{task_id}/subtasks": {"get", "post"},
        "/subtasks/{subtask_id}": {"get", "patch"},
        "/subtasks/{subtask_id}/cancel": {"post"},
        "/subtasks/{subtask_id}/retry": {"post"},
        "/subtasks/{subtask_id}/input": {"post"},
        "/subtasks/{subtask_id}/events": {"get"},
        "/files": {"post"},
        "/files/{file_id}": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/metrics": {"get"},
    }
    assert {path: METHODS & paths[path].keys() if path in paths else None for path in expected} == expected


async def test_limits_stand_in_the_description(shared: Stack) -> None:
    schemas = (await described(shared))["components"]["schemas"]
    assert schemas["NewTask"]["properties"]["prompt"]["maxLength"] == 512 * 1024
    assert "pattern" in schemas["Renaming"]["properties"]["name"]
    paths = (await described(shared))["paths"]
    limits = [one["schema"] for one in paths["/tasks"]["get"]["parameters"] if one["name"] == "limit"]
    assert (limits[0]["minimum"], limits[0]["maximum"]) == (1, 200)


async def test_the_readable_description_loads_nothing_from_elsewhere(shared: Stack) -> None:
    answer = await ask("GET", f"{shared.url}/docs")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    page = answer.body.decode()
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "<script" not in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "/subtasks/{subtask_id}/events" in page
