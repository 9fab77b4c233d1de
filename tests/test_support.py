"""The tests' own ground: the servers are real, and a process that is left behind is noticed."""

import sys
from pathlib import Path

import asyncpg
import pytest
import redis
from support.processes import LeakError, Programs, eventually
from support.redis import RedisServer

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
ORPHAN_MAKER = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])"


async def test_each_test_finds_an_empty_postgres_database(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()


@pytest.mark.parametrize("round", [1, 2])
def test_each_test_finds_an_empty_redis(redis_url: str, round: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", round)


def test_redis_can_be_killed_and_comes_back_on_its_port(redis_server: RedisServer) -> None:
    port = redis_server.port
    redis_server.stop()
    with redis.Redis(port=port) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    redis_server.start()
    with redis.Redis(port=port) as client:
        assert client.ping()


async def test_a_process_is_waited_for_and_stopped(programs: Programs) -> None:
    program = programs.start(sys.executable, "-c", SLEEPER)
    await program.line("^up$")
    assert [process.pid for process in programs.marked()] == [program.pid]
    assert await program.stop() == -15


async def test_a_process_that_outlives_its_parent_is_a_failure(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    program = programs.start(sys.executable, "-c", ORPHAN_MAKER)
    assert await program.ended() == 0
    await eventually(lambda: "up" in program.text)
    with pytest.raises(LeakError, match="left behind"):
        programs.close(timeout=0.2)
    assert not programs.marked()
