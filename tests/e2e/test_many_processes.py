"""Two API processes, two workers, one Redis, one PostgreSQL: 300 subtasks, while API processes are killed."""

import asyncio
import random
import uuid
from pathlib import Path

import aiohttp
import asyncpg
from support.processes import Programs, eventually
from support.redis import RedisServer
from support.slot_ledger import SlotLedger
from support.stack import Stack, StackUser, running_stack

SUBTASKS = 300
SENDERS = 5
DEVICES = 4
SLOTS = 5
KILLS = 6
CALM = {
    "WEGENT_HEARTBEAT_SECONDS": "2",
    "WEGENT_ONLINE_TTL_SECONDS": "20",
    "WEGENT_OFFER_SECONDS": "20",
    "WEGENT_RECONNECT_MAX_SECONDS": "0.3",
}
"""Nobody is to be lost on a loaded machine: what is tested are the kills."""


async def send(stack: Stack, user: StackUser, device: str, prompt: str) -> str:
    """Send until somebody answers, always with the same key."""
    key = uuid.uuid4().hex
    body = {"prompt": prompt, "shell": "Command", "device_id": device, "wait": True}
    while True:
        try:
            status, sent = await stack.call(user, "POST", "/tasks", json=body, headers={"Idempotency-Key": key})
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.05)
            continue
        if status == 503:
            continue
        assert status == 201, sent
        return str(sent["subtask_id"])


async def send_all(
    stack: Stack, user: StackUser, sender: int, ledgers: dict[str, SlotLedger], chance: random.Random
) -> dict[str, tuple[str, str]]:
    """Send one sender's share, each to a device at random; return device and name by subtask."""
    sent = {}
    for number in range(SUBTASKS // SENDERS):
        device = chance.choice(list(ledgers))
        name = f"{sender}-{number}"
        subtask_id = await send(stack, user, device, ledgers[device].prompt(name, chance.uniform(0, 0.1)))
        sent[subtask_id] = (device, name)
    return sent


async def kill_now_and_then(stack: Stack, chance: random.Random) -> None:
    """Kill an API process and start it again, over and over; the other one serves meanwhile."""
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        api = chance.choice(stack.apis)
        api.kill()
        await api.start()


async def rows(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch("SELECT * FROM subtasks ORDER BY position"))
    finally:
        await connection.close()


async def test_three_hundred_subtasks_while_api_processes_are_killed(
    programs: Programs, redis_server: RedisServer, postgres_url: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    async with running_stack(programs, redis_server, postgres_url, apis=2, workers=2, environ=CALM) as stack:
        user = await stack.user()
        ledgers = {f"device-{number}": SlotLedger(tmp_path / f"ledger-{number}") for number in range(DEVICES)}
        await asyncio.gather(
            *(stack.start_executor(user, name, "--slots", str(SLOTS), "--shell", "Command") for name in ledgers)
        )
        killing = asyncio.create_task(kill_now_and_then(stack, chance))
        shares = await asyncio.gather(
            *(send_all(stack, user, sender, ledgers, random.Random(sender)) for sender in range(SENDERS))
        )
        sent = {subtask_id: where for share in shares for subtask_id, where in share.items()}
        await killing
        found = []

        async def all_ended() -> bool:
            found[:] = await rows(postgres_url)
            return all(row["ended_at"] is not None for row in found)

        await eventually(all_ended, 120, "everything has ended")
        assert len(found) == len(sent) == SUBTASKS, "each was taken once, however often it was sent"
        assert {row["id"]: row["state"] for row in found} == dict.fromkeys(sent, "completed")
        for device, ledger in ledgers.items():
            mine = [row for row in found if row["device_id"] == device]
            queue = [sent[row["id"]][1] for row in mine]
            assert sorted(ledger.begun) == sorted(queue), "each was started exactly once"
            assert ledger.most_at_once <= SLOTS
            in_order(queue, ledger.begun)
            # Who was offered once was offered in the queue's order.
            offered = [row["offered_at"] for row in mine if row["attempt"] == 1]
            assert offered == sorted(offered)


def in_order(queue: list[str], begun: list[str]) -> None:
    """Check that they began in the queue's order; those that held slots at the same time may pass each other."""
    places = {name: place for place, name in enumerate(queue)}
    for place, name in enumerate(begun):
        assert abs(places[name] - place) < 2 * SLOTS, (
            f"{name} was {places[name]} in the queue and began as {place}"
        )
