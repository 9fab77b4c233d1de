"""Wegent: your own computer as the place where your AI and data tasks run.

::

    client = wegent.Client()
    task = client.run("Summarise ./data", device="workstation")
    for event in task.stream(): ...
    task.result(timeout=60)

Everything is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wegent.client.async_client import AsyncClient
    from wegent.client.blocking import Client
    from wegent.client.blocking_tasks import Stream, Task
    from wegent.client.completion import as_completed, wait
    from wegent.client.devices import DeviceList
    from wegent.client.errors import (
        AlreadyAnsweredError,
        ConnectionFailedError,
        DeviceChoiceError,
        DeviceOfflineError,
        FileError,
        ForbiddenError,
        LoginError,
        MissingPackageError,
        NotFoundError,
        RefusedError,
        SettledError,
        TaskCancelledError,
        TaskFailedError,
        UnavailableError,
        VariableError,
        WaitTimeoutError,
        WegentError,
    )
    from wegent.client.results import Result
    from wegent.client.streams import EventStream
    from wegent.client.task_lists import AsyncTaskList, TaskList
    from wegent.client.tasks import AsyncTask

_ROOMS = {
    "AsyncClient": "async_client",
    "AsyncTask": "tasks",
    "AsyncTaskList": "task_lists",
    "Client": "blocking",
    "DeviceList": "devices",
    "EventStream": "streams",
    "Result": "results",
    "Stream": "blocking_tasks",
    "Task": "blocking_tasks",
    "TaskList": "task_lists",
    "as_completed": "completion",
    "wait": "completion",
}

__all__ = [
    "AlreadyAnsweredError",
    "AsyncClient",
    "AsyncTask",
    "AsyncTaskList",
    "Client",
    "ConnectionFailedError",
    "DeviceChoiceError",
    "DeviceList",
    "DeviceOfflineError",
    "EventStream",
    "FileError",
    "ForbiddenError",
    "LoginError",
    "MissingPackageError",
    "NotFoundError",
    "RefusedError",
    "Result",
    "SettledError",
    "Stream",
    "Task",
    "TaskCancelledError",
    "TaskFailedError",
    "TaskList",
    "UnavailableError",
    "VariableError",
    "WaitTimeoutError",
    "WegentError",
    "as_completed",
    "wait",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"wegent.client.{_ROOMS.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
