"""REST: conversations and their turns."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from support.raw_device import RawDevice
from support.stack import Stack, StackUser

from wegent.protocol.resources import Subtask, Task

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def device(shared: Stack, user: StackUser) -> AsyncIterator[RawDevice]:
    """A registered device of the user's."""
    async with shared.device(user) as opened:
        await opened.register()
        yield opened


async def test_a_task_is_made_offered_and_shown(shared: Stack, user: StackUser, device: RawDevice) -> None:
    body = {
        "prompt": "Count\nto three",
        "device_id": "raw-device",
        "shell": "Command",
        "options": {"timeout_seconds": 5},
    }
    status, sent = await shared.call(user, "POST", "/tasks", json=body)
    assert status == 201
    assert set(sent) == {"task_id", "subtask_id", "state", "queue_position"}
    assert (sent["state"], sent["queue_position"]) == ("queued", 1)
    offer = await device.start()
    assert (offer.prompt, offer.shell, offer.timeout_seconds) == ("Count\nto three", "Command", 5.0)
    task = await shared.get(user, f"/tasks/{sent['task_id']}")
    assert set(task) == set(Task.__struct_fields__)
    assert (task["title"], task["last_subtask"]["subtask_id"]) == ("Count", sent["subtask_id"])
    subtask = await shared.subtask(user, sent["subtask_id"])
    assert set(subtask) == set(Subtask.__struct_fields__)
    assert (subtask["state"], subtask["attempt"], subtask["device_id"]) == ("running", 1, "raw-device")
    assert (subtask["options"], subtask["shell"], subtask["queue_position"]) == (
        {"timeout_seconds": 5},
        "Command",
        None,
    )
    assert subtask["started_at"] >= subtask["created_at"]
    assert subtask["ended_at"] is None


async def test_a_repeated_idempotency_key_is_the_same_task(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    body = {"prompt": "once", "device_id": "raw-device"}
    headers = {"Idempotency-Key": "k-1"}
    answers = await asyncio.gather(
        *(shared.call(user, "POST", "/tasks", json=body, headers=headers) for _ in range(4))
    )
    assert {status for status, _ in answers} == {201}
    assert len({sent["subtask_id"] for _, sent in answers}) == 1
    assert len((await shared.get(user, "/tasks"))["items"]) == 1
    other = await shared.user()
    status, problem = await shared.call(other, "POST", "/tasks", json=body, headers=headers)
    assert (status, problem["code"]) == (404, "not_found")
    for key in ("", "x" * 129):
        status, problem = await shared.call(user, "POST", "/tasks", json=body, headers={"Idempotency-Key": key})
        assert (status, problem["code"]) == (400, "bad_message")
        assert "Idempotency-Key" in problem["detail"]


async def test_the_list_is_newest_first_searched_and_in_pages(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    titles = ["alpha 100%", "beta_1", "ga\\mma", "Alphabet", "Überblick 数据分析", "delta"]
    made = [await shared.send(user, "x", device_id="raw-device", title=title, wait=True) for title in titles]
    found, after = [], ""
    while after is not None:
        page = await shared.get(user, f"/tasks?limit=2&after={after}")
        found += [task["title"] for task in page["items"]]
        after = page["next"]
    assert found == titles[::-1]
    searches = {
        "alpha": ["Alphabet", "alpha 100%"],
        "0%": ["alpha 100%"],
        "a_1": ["beta_1"],
        "%": ["alpha 100%"],
        "a\\m": ["ga\\mma"],
        "数据": ["Überblick 数据分析"],
        "überBLICK": ["Überblick 数据分析"],
        "zeta": [],
    }
    for text, expected in searches.items():
        page = await shared.get(user, "/tasks", params={"q": text})
        assert [task["title"] for task in page["items"]] == expected, text
    await shared.call(user, "POST", f"/tasks/{made[0]['task_id']}/subtasks", json={"prompt": "again"})
    assert (await shared.get(user, "/tasks?limit=1"))["items"][0]["title"] == "alpha 100%"
    other = await shared.user()
    assert (await shared.get(other, "/tasks"))["items"] == []


async def test_a_task_is_renamed(shared: Stack, user: StackUser, device: RawDevice) -> None:
    sent = await shared.send(user, "x" * 200, device_id="raw-device")
    path = f"/tasks/{sent['task_id']}"
    assert len((await shared.get(user, path))["title"]) == 80
    status, task = await shared.call(user, "PATCH", path, json={"title": "Neu"})
    assert (status, task["title"]) == (200, "Neu")
    for body in ({}, {"title": ""}, {"title": 1}, {"title": "x" * 201}, {"title": "a\0"}):
        status, problem = await shared.call(user, "PATCH", path, json=body)
        assert (status, problem["code"]) == (400, "bad_message")
        assert "title" in problem["detail"]


async def test_a_task_is_deleted_with_its_output_once_its_turns_have_ended(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    sent = await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    await device.text(offer, 1, "a")
    status, problem = await shared.call(user, "DELETE", f"/tasks/{sent['task_id']}")
    assert (status, problem["code"]) == (409, "conflict")
    assert "not ended" in problem["detail"]
    assert "Cancel" in problem["hint"]
    await device.complete(offer, 1)
    assert await shared.call(user, "DELETE", f"/tasks/{sent['task_id']}") == (204, None)
    for path in (
        f"/tasks/{sent['task_id']}",
        f"/subtasks/{offer.subtask_id}",
        f"/subtasks/{offer.subtask_id}/events",
    ):
        status, problem = await shared.call(user, "GET", path)
        assert (status, problem["code"]) == (404, "not_found")
    await device.text(offer, 2, "late")
    assert (await device.error()).code == "not_found"


async def test_turns_follow_one_another_and_are_listed_oldest_first(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    sent = await shared.send(user, "1", device_id="raw-device")
    path = f"/tasks/{sent['task_id']}/subtasks"
    for prompt in ("2", "3"):
        status, turn = await shared.call(user, "POST", path, json={"prompt": prompt})
        assert (status, turn["task_id"], turn["state"]) == (201, sent["task_id"], "queued")
    found, after = [], ""
    while after is not None:
        page = await shared.get(user, f"{path}?limit=2&after={after}")
        found += [turn["prompt"] for turn in page["items"]]
        after = page["next"]
    assert found == ["1", "2", "3"]
    prompts = []
    for _ in range(3):
        offer = await device.start()
        prompts.append(offer.prompt)
        await device.complete(offer)
    assert prompts == ["1", "2", "3"]


async def test_an_ended_subtask_is_sent_once_more(shared: Stack, user: StackUser, device: RawDevice) -> None:
    options = {"timeout_seconds": 7}
    sent = await shared.send(user, "try", device_id="raw-device", shell="Command", options=options)
    path = f"/subtasks/{sent['subtask_id']}/retry"
    status, problem = await shared.call(user, "POST", path)
    assert (status, problem["code"]) == (409, "conflict")
    first = await device.start()
    await device.complete(first, status="failed", error="shell_failed")
    headers = {"Idempotency-Key": "again"}
    answers = [await shared.call(user, "POST", path, headers=headers) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 201]
    assert answers[0][1]["subtask_id"] == answers[1][1]["subtask_id"] != sent["subtask_id"]
    offer = await device.offer()
    assert (offer.task_id, offer.prompt, offer.shell, offer.options) == (first.task_id, "try", "Command", options)


async def test_cancel_tells_the_state_and_is_harmless_when_repeated(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    sent = [await shared.send(user, "x", device_id="raw-device") for _ in range(2)]
    offer = await device.start()
    path = f"/subtasks/{offer.subtask_id}/cancel"
    assert [await shared.call(user, "POST", path) for _ in range(2)] == [(200, {"state": "cancelling"})] * 2
    assert (await device.cancel()).subtask_id == offer.subtask_id
    await device.complete(offer, status="cancelled")
    assert await shared.call(user, "POST", path) == (200, {"state": "cancelled"})
    waiting = f"/subtasks/{sent[1]['subtask_id']}/cancel"
    assert await shared.call(user, "POST", waiting) == (200, {"state": "cancelled"})


async def test_a_waiting_subtask_moves_to_another_device(
    shared: Stack, user: StackUser, device: RawDevice
) -> None:
    await device.request("device:drain", {}, dict)
    sent = await shared.send(user, "x", device_id="raw-device")
    path = f"/subtasks/{sent['subtask_id']}"
    async with shared.device(user) as other:
        await other.register("other")
        status, subtask = await shared.call(user, "PATCH", path, json={"device_id": "other"})
        assert (status, subtask["device_id"]) == (200, "other")
        offer = await other.start()
        assert offer.subtask_id == sent["subtask_id"]
        for device_id, expected in (("raw-device", "conflict"), ("none", "not_found"), ("cloud", "no_cloud")):
            _, problem = await shared.call(user, "PATCH", path, json={"device_id": device_id})
            assert problem["code"] == expected
        for body in ({}, {"device_id": 1}, {"device_id": ""}):
            status, problem = await shared.call(user, "PATCH", path, json=body)
            assert (status, problem["code"]) == (400, "bad_message")
            assert "device_id" in problem["detail"]


async def test_an_approval_is_answered_over_rest(shared: Stack, user: StackUser, device: RawDevice) -> None:
    await shared.send(user, "x", device_id="raw-device")
    offer = await device.start()
    question = {"type": "approval", "id": "a", "tool": "Bash", "input": {}, "choices": ["allow", "deny"]}
    await device.progress(offer, 1, question)
    await device.acked(1)
    path = f"/subtasks/{offer.subtask_id}/input"
    for body, expected in (
        ({"input": {"type": "approval", "id": "a", "choice": "maybe"}}, "bad_message"),
        ({"input": {"type": "approval", "id": "b", "choice": "allow"}}, "not_found"),
        ({"input": {"type": "dance"}}, "bad_message"),
        ({"input": {"type": "approval", "id": "a"}}, "bad_message"),
        ({}, "bad_message"),
    ):
        _, problem = await shared.call(user, "POST", path, json=body)
        assert problem["code"] == expected, body
    body = {"input": {"type": "approval", "id": "a", "choice": "allow"}, "client_id": "c"}
    assert [await shared.call(user, "POST", path, json=body) for _ in range(2)] == [(200, {})] * 2
    given = await device.next("task:input", dict)
    assert (given["subtask_id"], given["input"]["choice"], given["input"]["by"]) == (
        offer.subtask_id,
        "allow",
        user.name,
    )
    _, problem = await shared.call(user, "POST", path, json={**body, "client_id": "d"})
    assert problem["code"] == "already_answered"
    await device.complete(offer, 1)
    _, problem = await shared.call(user, "POST", path, json={"input": {"type": "text", "text": "more"}})
    assert problem["code"] == "settled"
