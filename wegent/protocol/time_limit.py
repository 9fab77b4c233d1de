"""A time limit for a block of code that holds on every Python that we run on."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager


@asynccontextmanager
async def _mended(delay: float | None) -> AsyncIterator[asyncio.Timeout]:
    """Do what :func:`asyncio.timeout` does, also in a task that has ever held a TaskGroup that failed.

    Such a task counts as being cancelled for ever after, and `asyncio.timeout` lets CancelledError out there
    instead of TimeoutError: https://github.com/python/cpython/issues/102780, mended in 3.11.3. Debian 12 has
    3.11.2.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    limit = asyncio.timeout(delay)
    try:
        async with limit:
            yield limit
    except asyncio.CancelledError:
        if limit.expired() and task is not None and task.cancelling() <= before:
            raise TimeoutError from None
        raise


time_limit: Callable[[float | None], AbstractAsyncContextManager[asyncio.Timeout]]
time_limit = asyncio.timeout if sys.version_info >= (3, 11, 3) else _mended
