"""What the web page does it does with its cookie and from its own origin, the sockets included."""

from typing import Any

import aiohttp
import pytest
from support.http import Answer, ask, form, session_of
from support.stack import Stack, StackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_page_can_do_all_it_needs_with_its_cookie(shared: Stack, user: StackUser) -> None:
    headers = {"Cookie": f"wegent_session={(await session_of(shared, user)).token}", "Origin": shared.url}

    async def call(method: str, path: str, **options: Any) -> Answer:
        answer = await ask(method, f"{shared.url}{path}", headers=headers, **options)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body!r}"
        return answer

    async with shared.device(user) as device:
        await device.register()
        await call("PATCH", "/devices/raw-device", json={"name": "Laptop"})
        await call("PUT", "/devices/raw-device/default")
        file = await call("POST", "/files", data=form("file", b"hello", "a.txt", "text/plain"))
        body = {"prompt": "x", "options": {"files": [file.json["id"]]}}
        sent = (await call("POST", "/tasks", json=body)).json
        offer = await device.start()
        assert offer.options == {"files": [file.json["id"]]}
        await call("POST", f"/subtasks/{offer.subtask_id}/input", json={"input": {"type": "text", "text": "more"}})
        await call("POST", f"/subtasks/{offer.subtask_id}/cancel")
        await device.complete(offer, status="cancelled")
        for path in (
            "/auth/me",
            "/cloud",
            "/devices",
            "/tasks?q=x",
            f"/tasks/{sent['task_id']}/subtasks",
            "/tokens",
        ):
            await call("GET", path)
        await call("PUT", f"/tasks/{sent['task_id']}/seen")
        await call("PATCH", f"/tasks/{sent['task_id']}", json={"title": "y"})
        retried = (await call("POST", f"/subtasks/{offer.subtask_id}/retry")).json
        await device.complete(await device.start())
        await shared.settled(user, retried["subtask_id"])
        await call("DELETE", f"/tasks/{sent['task_id']}")
        made = (await call("POST", "/tokens", json={"name": "ci"})).json
        await call("DELETE", f"/tokens/{made['id']}")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{shared.url}/ws/chat", headers=headers) as socket,
        ):
            frame = await socket.receive_json()
            assert (frame["event"], frame["data"]["name"]) == ("device:state", "Laptop")
        await call("DELETE", "/devices/raw-device/default")
        await call("DELETE", "/devices/raw-device")
    await call("POST", "/auth/logout")
