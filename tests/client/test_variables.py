"""Variables that go to a real device with Python code, and come back to whoever sent it."""

import asyncio
from collections.abc import AsyncIterator

import numpy
import pandas
import pytest
from support.stack import Stack, StackUser

from wegent import AsyncClient, Client

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
