"""`wegent-server approve`: what it shows, what it asks, and what it refuses."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import clean_environment
from support.store_work import Work, migrated_store
from support.terminal import Terminal

from api import approving
from api.store import tables, users
from api.store.clock import now_ms
from wegent.protocol.errors import Code, ProtocolError

KEY = "0123456789abcdef0123456789abcdef"


async def insert(work: Work, code: str, **fields: object) -> None:
    """Let a machine ask with a code."""
    row = {
        "hash": code,
        "user_code": code,
        "name": "Linux - \x1b[2Jbox",
        "address": "192.0.2.7",
        "scopes": "device read",
        "is_denied": False,
        "created_at": 1,
        "expires_at": now_ms() + 600_000,
    }
    async with work.store.database.write() as connection:
        await connection.execute(tables.device_codes.insert().values({**row, **fields}))


async def approver(work: Work, code: str) -> str | None:
    """Return whose token the machine gets."""
    async with work.store.database.read() as connection:
        query = tables.device_codes.select().where(tables.device_codes.c.user_code == code)
        row = await connection.fetch_one(query)
    return None if row is None else row["user_id"]


async def test_a_code_that_cannot_be_approved_is_told_why(database_url: str, redis_url: str) -> None:
    async with migrated_store(database_url, redis_url) as store:
        work = Work(store)
        await work.user("bob")
        await work.user("ann")
        ann = await users.find(store.database, "ann")
        assert ann is not None
        await insert(work, "AAAABBBB", expires_at=now_ms() - 1)
        await insert(work, "AAAACCCC", is_denied=True, user_id="ann")
        await insert(work, "AAAADDDD", user_id="bob")
        told: list[str] = []
        for code, words in (
            ("AAAA-BBBB", "has expired"),
            ("aaaa cccc", "was denied"),
            ("AAAADDDD", "Another user has approved"),
            ("ZZZZ-ZZZZ", "used already"),
            ("\0", "used already"),
        ):
            with pytest.raises(ProtocolError, match=words) as refused:
                await approving.approve(store.database, ann, code, told.append, lambda: True)
            assert refused.value.code is Code.NOT_FOUND
            assert "machine's screen" in refused.value.hint
        assert told == []
        await insert(work, "AAAAEEEE", device_id="d-1")
        assert await approving.approve(store.database, ann, "AAAAEEEE", told.append, lambda: False) is None
        assert await approver(work, "AAAAEEEE") is None
        for _ in range(2):
            assert await approving.approve(store.database, ann, "AAAAEEEE", told.append, lambda: True)
        assert await approver(work, "AAAAEEEE") == "ann"
        assert "as device  d-1" in told[0]


async def test_it_shows_who_asks_and_does_what_the_person_says(
    sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    data = {"WEGENT_SECRET_KEY": KEY, "WEGENT_DATABASE_URL": sqlite_url, "WEGENT_DATA_DIR": str(tmp_path / "data")}
    environ = clean_environment(tmp_path / "home", **data)
    argv = [sys.executable, "-P", "-m", "api.cli", "approve", "aaaa-bbbb", "--user"]
    async with migrated_store(sqlite_url, redis_url) as store:
        work = Work(store)
        await work.user("ann")
        await insert(work, "AAAABBBB")

        def run(*more: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*argv, *more], env=environ, input="y\n", capture_output=True, text=True, timeout=60
            )

        nobody, unasked = [await asyncio.to_thread(run, name) for name in ("nobody", "ann")]
        assert nobody.returncode == 2 and "no user 'nobody'" in nobody.stderr
        assert unasked.returncode == 2 and "--yes" in unasked.stderr
        for words in ("AAAA-BBBB", "Linux - \N{REPLACEMENT CHARACTER}[2Jbox", "192.0.2.7", "device, read"):
            assert words in unasked.stdout
        async with Terminal([*argv, "ann"], environ) as terminal:
            await terminal.shows(r"Let it in\? \[y/N\] $")
            terminal.type("\n")
            await terminal.shows(r"Nothing was approved\.")
            assert await terminal.ends() == 1
        assert await approver(work, "AAAABBBB") is None
        async with Terminal([*argv, "ann"], environ) as terminal:
            await terminal.shows(r"Let it in\? \[y/N\] $")
            terminal.type("yes\n")
            await terminal.shows(r"box is let in as ann\.")
            assert await terminal.ends() == 0
        assert await approver(work, "AAAABBBB") == "ann"
