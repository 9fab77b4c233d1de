"""The kernel's one session: its client, and the tasks that it knows by name."""

import os
import weakref
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from notebook_ext.words import Words
from wegent.client.errors import NotFoundError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from wegent.client.blocking import Client
    from wegent.client.blocking_tasks import Task

RETRY_SECONDS = 5.0
"""How long a magic tries to reach the server before it says that it cannot: a person is waiting."""


class Session:
    """What the magics of one kernel share."""

    def __init__(self, ipython: "InteractiveShell") -> None:
        self.ipython = ipython
        self.words = Words.for_locale(os.environ)
        self.by_name: dict[str, Task] = {}
        self.kernels: dict[object, str] = {}
        """The conversation whose Python kernel the next cell for the same place uses."""
        self.is_pickling_told = False
        self._client: Client | None = None
        self._views: weakref.WeakSet[Any] = weakref.WeakSet()

    @property
    def in_kernel(self) -> bool:
        """Whether this is a notebook's kernel, not IPython in a terminal."""
        return hasattr(self.ipython, "kernel")

    @property
    def client(self) -> "Client":
        """The client, made at its first use; raises :class:`LoginError` without a login."""
        if self._client is None:
            from wegent.client.blocking import Client

            self._client = Client(retry_seconds=RETRY_SECONDS)
        return self._client

    def forget_client(self) -> None:
        """Use another login from now on; handles that are there keep their connection."""
        self._client = None

    def task(self, given: str) -> "Task":
        """Return a task by the name that ``--bg`` gave it, or by an id."""
        if given in self.by_name:
            return self.by_name[given]
        try:
            return self.client.task(given)
        except NotFoundError:
            raise UsageError(self.words("no_such_name", name=given)) from None

    def note(self, task: "Task", name: str | None = None) -> "Task":
        """Let a task be the variable ``_wegent``, as the last one, and be known by its name, a variable too."""
        self.ipython.push({"_wegent": task})
        if name is not None:
            self.by_name[name] = task
            self.ipython.push({name: task})
        return task

    def keep(self, view: Any) -> None:
        """Close ``view`` with the session, unless it is gone by then: its cell was run again."""
        self._views.add(view)

    def close(self) -> None:
        """Close the views and the client; the tasks go on."""
        for view in list(self._views):
            view.close()
        self._views.clear()
        client, self._client = self._client, None
        if client is not None:
            client.close()
