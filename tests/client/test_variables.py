"""Variables that go to a real device with Python code, and come back to whoever sent it."""

import asyncio
import pickle
from collections.abc import AsyncIterator

import msgspec
import numpy
import pandas
import pytest
import sqlalchemy as sa
from support.stack import Stack, StackUser

from api.store.database import Database
from api.store.tables import files
from wegent import AsyncClient, Client, TaskFailedError, VariableError
from wegent.client.variables import fetch
from wegent.protocol.resources import MAX_FILE
from wegent.protocol.states import State

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
async def user(stack: Stack) -> StackUser:
    """Somebody with a device that runs Python and may send files."""
    user = await stack.user()
    await stack.start_executor(user, "workstation", "--shell", "Python", "--allow-results")
    return user


@pytest.fixture
async def client(stack: Stack, user: StackUser) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(stack.url, user.token, environ={}) as made:
        yield made


async def stored(stack: Stack) -> int:
    """Return how many files the server keeps."""
    async with Database.open(stack.database_url) as database, database.read() as connection:
        return int(await connection.fetch_val(sa.select(sa.func.count()).select_from(files)))


async def expire_all(stack: Stack) -> None:
    """Let the day of every file be over."""
    async with Database.open(stack.database_url) as database, database.write() as connection:
        await connection.execute(files.update().values(expires_at=0))


async def test_variables_make_the_round_trip_and_the_task_keeps_them(
    stack: Stack, user: StackUser, client: AsyncClient
) -> None:
    frame = pandas.DataFrame({"city": ["Ulm", "上海"], "people": [128_000, 24_870_000]})
    gone: list[int] = []
    task = await client.run_code(
        "df['share'] = df.people / df.people.sum()\nhalf = array / factor['by']\ndf.shape",
        device="workstation",
        inputs={"df": frame, "array": numpy.ones((300, 1000)), "factor": {"by": 2}},
        outputs=["df", "half"],
        progress=gone.append,
    )
    back = await task.variables(60)
    pandas.testing.assert_frame_equal(back["df"], frame.assign(share=frame.people / frame.people.sum()))
    assert back["half"].shape == (300, 1000) and float(back["half"].max()) == 0.5
    assert gone == sorted(gone) and gone[-1] > 300_000 * 8, "of all variables together"
    assert (await task.result())["execution_count"] == 1

    def come_back() -> object:
        """A script that starts later knows the task by its id alone."""
        with Client(stack.url, user.token, environ={}) as blocking:
            again = blocking.task(task.id).variables(timeout=30)
            assert sorted(again) == ["df", "half"]
            further = blocking.run_code("total = int(df.people.sum())", outputs=["total"], task=task.task_id)
            return further.variables(timeout=60)

    assert await asyncio.to_thread(come_back) == {"total": 24_998_000}


async def test_how_variables_fail_says_which_one_and_what_to_do(
    stack: Stack, user: StackUser, client: AsyncClient
) -> None:
    # Before anything is sent.
    for inputs, outputs, told in (
        ({"big": bytearray(MAX_FILE)}, [], r"big was not sent: it has 24\.0 MiB as a pickle.*Take less of it"),
        ({"gen": (n for n in ())}, [], r"gen was not sent: it cannot be pickled \(TypeError.*Take what it holds"),
        ({"not valid": 1}, [], "'not valid' cannot be a variable's name"),
        ({}, ["class"], "'class' cannot be a variable's name"),
        ({}, "total", r"Write outputs=\['total'\]"),
        ({f"x{n}": n for n in range(21)}, [], "More than 20 variables"),
    ):
        with pytest.raises(VariableError, match=told) as raised:
            await client.run_code("1", device="workstation", inputs={"fine": 1} | inputs, outputs=outputs)
        assert raised.value.name == (next(iter(inputs)) if "was not sent" in told else "")
    assert await client.tasks() == []
    assert await stored(stack) == 0
    # On the device: the failure names it, and what came is there all the same.
    task = await client.run_code("x = 1", device="workstation", outputs=["x", "y"])
    with pytest.raises(
        TaskFailedError, match="The variable y is not sent back: there is no such variable"
    ) as failed:
        await task.variables(60)
    content = await client.download(failed.value.result["outputs"]["x"], stack.programs.root / "x.pickle")
    assert pickle.loads(content.read_bytes()) == 1
    # Here again: what it is made of is not known here, or its day is over.
    made = "class Thing: pass\nthing = Thing()\nx = 5"
    task = await client.run_code(made, outputs=["thing"], task=task)
    with pytest.raises(VariableError, match=r"thing came back, but it cannot be unpickled.*Define there first"):
        await task.variables(60)
    task = await client.run_code("x", outputs=["x"], task=task.task_id)
    assert (await task.variables(60), (await task.result()).outputs[0]["data"]["text/plain"]) == ({"x": 5}, "5")
    assert await (await client.run_code("x", device="workstation", task=task)).variables(60) == {}
    await expire_all(stack)
    with pytest.raises(VariableError, match=r"x is not on the server any more: it keeps files for 24 hours"):
        await task.variables(60)


async def test_variables_neither_go_to_the_cloud_nor_come_from_it(stack: Stack) -> None:
    user = await stack.user()
    operator = await stack.token(user, "cloud")
    await stack.start_executor(
        user, "pool", "--mode", "cloud", "--shell", "Python", "--allow-results", WEGENT_TOKEN=operator
    )
    async with AsyncClient(stack.url, user.token, environ={}) as client:
        there = await client.run_code("open('made', 'w')", device="cloud")
        await there.wait(60)
        for given in ({"device": "cloud"}, {}, {"task": there}):
            with pytest.raises(VariableError, match=r"do not go to the cloud\. Unpickling runs code.*name one"):
                await client.run_code("x = 1", outputs=["x"], **given)
        assert await stored(stack) == 0
        # One that got there all the same is declined by its executor, and nothing of it is ever unpickled here.
        options = {"outputs": ["x"]}
        sent = await client.run("x = 1", device="cloud", shell="Python", options=options)
        subtask = await sent.wait(60)
        assert subtask.error is not None and "only between one's own machines" in subtask.error.message
        completed = msgspec.structs.replace(subtask, state=State.COMPLETED)
        with pytest.raises(VariableError, match="It ran in the cloud"):
            await fetch(client.rest, completed, {"outputs": {"x": "any"}})
