"""Sending many prompts, a few at once, so that whatever stops it leaves no prompt in doubt."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import cycle
from typing import Any

from wegent.client.errors import WegentError
from wegent.client.task_lists import AsyncTaskList
from wegent.client.tasks import AsyncTask

SENDS_AT_ONCE = 8
NAMED = 10
"""Handles that an error's note names."""

Target = dict[str, Any]
Send = Callable[[str, Target], Awaitable[AsyncTask]]


async def send_all(send: Send, prompts: Iterable[str], targets: Sequence[Target]) -> AsyncTaskList:
    """Send each prompt, to ``targets`` in turn, and return the handles in order.

    After one that cannot be sent no further one is tried; the error has those that were ``sent``, in order, and
    the prompts that were not, ``unsent``.
    """
    texts = list(prompts)
    left = deque(zip(range(len(texts)), texts, cycle(targets), strict=False))
    sent: dict[int, AsyncTask] = {}

    async def work() -> None:
        while left:
            place, prompt, target = left.popleft()
            try:
                sent[place] = await send(prompt, target)
            except Exception:
                left.clear()
                raise

    outcomes = await asyncio.gather(*(work() for _ in range(SENDS_AT_ONCE)), return_exceptions=True)
    handles = AsyncTaskList(sent[place] for place in sorted(sent))
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            if isinstance(outcome, WegentError):
                outcome.sent = handles
                outcome.unsent = [text for place, text in enumerate(texts) if place not in sent]
            outcome.add_note(_note(handles, len(texts)))
            raise outcome
    return handles


def _note(handles: list[AsyncTask], total: int) -> str:
    named = [task.id for task in handles[:NAMED]]
    if len(handles) > NAMED:
        named.append(f"{len(handles) - NAMED} more")
    return f"Sent before that, {len(handles)} of {total}: {', '.join(named) or 'nothing'}"
