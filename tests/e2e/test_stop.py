"""A stop at the default timings: what ignores SIGINT and SIGTERM is gone in time, and the state is honest."""

import asyncio
import sys
import time
from pathlib import Path

from support.marked import marked
from support.persistent_viewer import watching
from support.processes import Programs
from support.redis import RedisServer
from support.stack import running_stack

DEFAULTS = {"WEGENT_CANCEL_SECONDS": "7.5", "WEGENT_TERMINATE_SECONDS": "2.5"}
GONE_WITHIN = 10 + 1
STUBBORN = """
import os, signal, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: print("ignored", number, flush=True))
os.fork()
if os.fork() == 0:
    os.setsid()
    os.fork()
print("up", flush=True)
while True:
    time.sleep(600)
"""
"""Six processes in three sessions."""


async def test_a_tree_that_ignores_signals_is_gone_within_eleven_seconds_and_cancelling_until_then(
    programs: Programs, redis_server: RedisServer, sqlite_url: str, tmp_path: Path
) -> None:
    async with running_stack(programs, redis_server, sqlite_url, environ=DEFAULTS) as stack:
        user = await stack.user()
        await stack.start_executor(user)
        (tmp_path / "stubborn.py").write_text(STUBBORN)
        prompt = f"trap '' INT TERM; {sys.executable} {tmp_path}/stubborn.py"
        sent = await stack.send(user, prompt, device_id="executor", shell="Command")
        subtask_id = sent["subtask_id"]
        async with watching(stack, user, subtask_id) as watched, stack.viewer(user) as viewer:
            await watched.until(lambda seen: seen.text().count("up\n") == 6)
            assert len(marked(subtask_id)) == 7
            asked = time.monotonic()
            assert (await viewer.cancel(subtask_id)).state == "cancelling"
            state = "cancelling"
            while state == "cancelling":
                assert not marked(subtask_id) or time.monotonic() - asked < GONE_WITHIN
                state = (await stack.subtask(user, subtask_id))["state"]
                await asyncio.sleep(0.05)
            assert not marked(subtask_id), "settled while something of it ran"
            assert state == "cancelled"
            done = await watched.end()
            assert (done.state, done.error) == ("cancelled", None)
            # Interrupted first, then terminated, and only then killed.
            said = watched.viewer.text()
            assert said.index("ignored 2") < said.index("ignored 15")
