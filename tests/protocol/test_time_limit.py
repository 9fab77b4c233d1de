"""Time limits hold in a task whatever it went through before."""

import asyncio

import pytest

from wegent.protocol.time_limit import time_limit


async def fail_in_a_group() -> None:
    """Hold a TaskGroup that fails while it waits for its tasks: the task counts as cancelled from then on."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_a_limit_that_is_over_is_a_timeout_error(failures: int) -> None:
    for _ in range(failures):
        await fail_in_a_group()
    with pytest.raises(TimeoutError):
        async with time_limit(0.01):
            await asyncio.Event().wait()
    async with time_limit(5) as limit:
        await asyncio.sleep(0)
    assert not limit.expired()


@pytest.mark.parametrize("failures", [0, 1])
async def test_a_cancellation_from_outside_stays_one(failures: int) -> None:
    async def wait() -> None:
        for _ in range(failures):
            await fail_in_a_group()
        started.set()
        async with time_limit(60):
            await asyncio.Event().wait()

    started = asyncio.Event()
    task = asyncio.create_task(wait())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_an_error_in_the_block_comes_through_and_the_inner_limit_is_the_one_that_is_over() -> None:
    await fail_in_a_group()
    with pytest.raises(LookupError):
        async with time_limit(5):
            raise LookupError
    async with time_limit(20) as outer:
        with pytest.raises(TimeoutError):
            async with time_limit(0.01):
                await asyncio.Event().wait()
    assert not outer.expired()
