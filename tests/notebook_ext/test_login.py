"""`%wegent login` in a real kernel."""

import asyncio
import re
from typing import Any

import msgspec
from support.processes import eventually
from support.stack import Stack


async def test_a_person_logs_in_by_a_code_and_no_code_is_left_in_the_notebook(
    stack: Stack, start_kernel: Any
) -> None:
    user = await stack.user()
    kernel = await start_kernel(stack)
    astray = await kernel.run("%env WEGENT_BACKEND_URL=http://127.0.0.1:1\n%wegent login")
    assert astray.error is not None and "login --url ADDRESS" in "".join(astray.error["traceback"])
    await kernel.run(f"%env WEGENT_BACKEND_URL={stack.url}")
    run = await kernel.begin("%wegent login")
    found = await eventually(lambda: re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", run.plain))
    given = {"username": user.name, "password": user.password}
    _, session = await stack.call(user, "POST", "/auth/login", json=given)
    person = msgspec.structs.replace(user, token=session["token"])
    status, _ = await stack.call(person, "POST", "/auth/device-code/approve", json={"user_code": found[0]})
    assert status < 300
    await kernel.ended(run)
    assert run.error is None and found[0] not in run.html + run.plain and user.name in run.plain
    assert "You are logged in" in (await kernel.run("%wegent login")).stdout
    assert (await kernel.run("%wegent tasks")).error is None
    again = await kernel.begin("%wegent login --again")
    await eventually(lambda: "interrupt" in again.plain)
    await kernel.interrupt(again)
    assert (await asyncio.wait_for(kernel.ended(again), 30)).error is not None
