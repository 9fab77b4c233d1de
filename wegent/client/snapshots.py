"""How a task stands and what it has said, as of now, as HTML: what a notebook shows of a handle."""

import asyncio
import os
import time
from typing import TYPE_CHECKING

from wegent.client.devices import DeviceList
from wegent.client.errors import WegentError
from wegent.client.tasks import AsyncTask
from wegent.html.escaping import escaped
from wegent.html.standings import standing_of
from wegent.html.style import styled
from wegent.html.tasks import task_html
from wegent.html.transcript import Transcript
from wegent.html.words import Words
from wegent.protocol.time_limit import time_limit

if TYPE_CHECKING:
    from wegent.client.async_client import AsyncClient

LOOK_SECONDS = 5.0
"""How long the server is waited for."""
EVENTS = 2000
"""Events that are shown, the newest."""


async def snapshot_html(client: "AsyncClient", task: AsyncTask) -> str:
    """Ask how a task stands and return that; where the server does not say, what is known, and why it is old."""
    words = Words.for_locale(os.environ)
    try:
        async with time_limit(LOOK_SECONDS):
            return styled(await _asked(client, task, words))
    except (WegentError, TimeoutError) as error:
        reason = error.message if isinstance(error, WegentError) else words("no_answer", seconds=int(LOOK_SECONDS))
        warning = f'<div class="wg-notice-warning">⚠ {escaped(words("unreachable", reason=reason))}</div>'
        if task.last_seen is None:
            return styled(warning + escaped(repr(task)))
        return styled(warning + task_html(standing_of(task.last_seen), None, words, time.time()))


async def _asked(client: "AsyncClient", task: AsyncTask, words: Words) -> str:
    subtask, devices = await asyncio.gather(task.subtask(), _devices(client))
    first = max(subtask.seq - EVENTS, 0)
    transcript = Transcript(words)
    transcript.earlier_lines = first
    transcript.extend(await task.log(first))
    device = next((each for each in devices if each.device_id == subtask.device_id), None)
    return task_html(standing_of(subtask, device), transcript, words, time.time())


async def _devices(client: "AsyncClient") -> DeviceList:
    return await client.devices
