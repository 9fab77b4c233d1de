"""Offers, accepts, output and ends of commands, with a real executor process."""

from support.processes import eventually
from support.scripted_backend import ScriptedBackend


async def test_a_command_streams_its_output_and_completes(backend: ScriptedBackend, start_executor) -> None:
    start_executor()
    await backend.connected()
    record = await backend.offer("one", "echo out; echo err >&2; printf 'é'")
    end = await record.ended()
    assert (end.status, end.result, end.error) == ("completed", {"exit_code": 0}, None)
    assert record.text("stdout") == "out\né"
    assert record.text("stderr") == "err\n"
    assert end.seq == record.log.last
    await eventually(lambda: backend.heartbeats and backend.heartbeats[-1] == [])
