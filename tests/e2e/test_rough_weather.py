"""Five heavy tasks at once that put out what is no text, through the whole stack into PostgreSQL."""

import asyncio
import random
import re
import sys
from pathlib import Path

from support.processes import Programs
from support.redis import RedisServer
from support.stack import running_stack

TASKS = 5
NOISE = """
import random, sys, time
noise = random.Random(int(sys.argv[1])).randbytes(200_000)
end = time.monotonic() + 1.5
for start in range(0, len(noise), 7001):
    sys.stdout.buffer.write(noise[start:start + 7001])
    sys.stdout.flush()
while time.monotonic() < end:
    pass
sys.stdout.buffer.write(b'\\0' * 1000 + b'x' * 100_000 + '\\U0001f600'.encode()[:3] + b'\\x1b[31m')
"""
CALM = {"WEGENT_ONLINE_TTL_SECONDS": "12", "WEGENT_MONITOR_SECONDS": "1"}


def expected(number: int) -> str:
    noise = random.Random(number).randbytes(200_000)
    whole = noise + b"\0" * 1000 + b"x" * 100_000 + "\U0001f600".encode()[:3] + b"\x1b[31m"
    return re.sub("[\ud800-\udfff]", "\ufffd", whole.decode(errors="surrogateescape"))


async def test_noise_of_five_heavy_tasks_arrives_as_text_and_nobody_is_lost(
    programs: Programs, redis_server: RedisServer, postgres_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "noise.py"
    script.write_text(NOISE)
    async with running_stack(programs, redis_server, postgres_url, environ=CALM) as stack:
        user = await stack.user()
        await stack.start_executor(user)
        sent = [
            await stack.send(
                user, f"exec {sys.executable} -S {script} {number}", device_id="executor", shell="Command"
            )
            for number in range(TASKS)
        ]
        ended = await asyncio.gather(*(stack.settled(user, each["subtask_id"], 120) for each in sent))
        assert [(each["state"], each["error"], each["attempt"]) for each in ended] == [
            ("completed", None, 1)
        ] * TASKS
        for number, each in enumerate(sent):
            events = await stack.events(user, each["subtask_id"])
            assert "".join(event["text"] for event in events) == expected(number)
        device = await stack.get(user, "/devices/executor")
        assert (device["status"], device["reconnecting"]) == ("online", False)
