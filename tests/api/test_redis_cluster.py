"""The main job through real processes on a Redis Cluster."""

from collections.abc import Iterator

import pytest
from support.processes import Programs
from support.redis_cluster import RedisCluster
from support.stack import running_stack


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """A cluster of one node."""
    server = RedisCluster(tmp_path_factory.mktemp("cluster"))
    server.start()
    yield server
    server.stop()


async def test_output_streams_across_two_api_processes_on_a_cluster(
    programs: Programs, cluster: RedisCluster, sqlite_url: str
) -> None:
    async with running_stack(programs, cluster, sqlite_url, apis=2) as stack:  # type: ignore[arg-type]
        user = await stack.user()
        one, other = stack.apis
        async with stack.device(user, one.url) as device, stack.viewer(user, other.url) as viewer:
            await device.register()
            sent = await viewer.say("hi", device_id="raw-device")
            offer = await device.start()
            for n in range(1, 21):
                await device.text(offer, n, f"{n}")
            assert (await device.acked(20)).seq == 20
            await device.complete(offer, 20)
            events, done = await viewer.output(sent.subtask_id)
        assert [event["text"] for event in events] == [f"{n}" for n in range(1, 21)]
        assert done.state == "completed"
        assert "Traceback" not in one.running.text + other.running.text + stack.workers[0].text
