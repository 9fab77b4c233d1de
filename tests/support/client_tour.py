"""What a person does with a client, one call after the other: tests run this same file wherever Python runs.

It needs a device called ``workstation`` with the shells Command and Python; the login is the environment's.
"""

import wegent


def tour() -> str:
    """Send, follow, come back by id, fail, and wait for many; return what came of it."""
    client = wegent.Client()
    assert [device.name for device in client.devices]
    task = client.run_command("echo one; echo two", device="workstation")
    streamed = "".join(event.text for event in task.stream() if hasattr(event, "text"))
    assert streamed == "one\ntwo\n" == client.task(task.id).output()
    assert task.result(timeout=60).exit_code == 0
    tasks = client.map(["echo a", "exit 3"], devices=["workstation"], shell="Command")
    assert {each.id for each in wegent.as_completed(tasks, timeout=60)} == {each.id for each in tasks}
    done, pending = wegent.wait(tasks, timeout=60)
    assert (done, pending) == (tasks, [])
    try:
        tasks[1].result()
    except wegent.TaskFailedError as error:
        code = error.result["exit_code"]
    value = client.run("6 * 7", device="workstation", shell="Python").result(timeout=60).text
    client.close()
    return f"exit code {code}, value {value}"


async def tour_awaited() -> str:
    """Await handles of the same client, in a loop that is running."""
    with wegent.Client() as client:
        result = await client.run_command("true", device="workstation")
        tasks = client.map(["true"], devices=["workstation"], shell="Command")
        ended = [task async for task in wegent.as_completed(tasks, timeout=60)]
        assert ended == tasks
        async with wegent.AsyncClient() as other:
            task = await other.run_command("exit 4", device="workstation")
            done, _ = await wegent.wait([task], timeout=60)
            assert done == [task]
        return f"exit code {result.exit_code}"
