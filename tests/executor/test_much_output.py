"""More output than is sent: all of it is in a file on the device, and its end is told all the same."""

import hashlib
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.processes import Programs
from support.scripted_backend import Record, ScriptedBackend

from executor.output.limit import TAIL, OutputLimit
from executor.output.whole import HELD, WholeOutput
from executor.redaction.outgoing import Outgoing
from executor.redaction.patterns import Patterns
from executor.redaction.pieces import Secrets
from executor.redaction.redactor import Redactor
from wegent.protocol.output_events import (
    AnyEvent,
    Approval,
    CellOutput,
    Diff,
    Notice,
    Stream,
    Text,
    Usage,
    encode_event,
)

MIB = 1 << 20
FLOOD = """
import sys
line = b'%09d ' + b'.' * 89 + b'\\n'
for start in range(0, 1_000_000, 1000):
    sys.stdout.buffer.write(b''.join(line % number for number in range(start, start + 1000)))
sys.stderr.write('that was all\\n')
sys.exit(3)
"""
NOISE = """
import random, sys
random.seed(1)
noise = random.randbytes(3 << 20)
sys.stdout.buffer.write(noise[:1_500_000])
sys.stdout.flush()
sys.stdout.buffer.write(noise[1_500_000:])
sys.stdout.buffer.write(b'\\0\\x1b[31m\\xf0\\x9f')
"""


def notices(record: Record) -> list[str]:
    return [event.text for event in record.events if isinstance(event, Notice)]


def peak_memory(pid: int) -> int:
    """Return the most bytes that a process ever had in memory."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) << 10


def content(path: str) -> bytes:
    return Path(path).read_bytes()


async def test_a_hundred_megabytes_are_cut_kept_and_harm_nothing(
    backend: ScriptedBackend, start_executor, programs: Programs, tmp_path: Path
) -> None:
    (tmp_path / "flood.py").write_text(FLOOD)
    backend.heartbeat_seconds = 0.1
    program = start_executor(WEGENT_OUTPUT_MIB="4")
    await backend.connected()
    before = psutil.Process(program.pid).memory_info().rss
    record = await backend.offer("one", f"{sys.executable} {tmp_path}/flood.py")
    end = await record.ended(120)
    peak = peak_memory(program.pid)
    assert end.result is not None
    assert (end.status, end.result["exit_code"]) == ("failed", 3)
    assert sum(map(len, record.raw)) <= 4 * MIB + 2 * TAIL
    file = programs.folder / "home/.wegent-executor/output/one.log"
    assert end.result["output_file"] == str(file)
    whole = b"".join(b"%09d " % number + b"." * 89 + b"\n" for number in range(1_000_000))
    with file.open("rb") as kept:
        assert hashlib.file_digest(kept, "sha256").digest() == hashlib.sha256(whole + b"that was all\n").digest()
    announced, left_out = notices(record)
    assert announced == f"This is more output than is sent. All of it is on the device, in {file}."
    assert left_out.endswith("MB were left out. The end of it:")
    told = record.text("stdout").encode()
    assert whole.startswith(told[: 3 * MIB])
    assert whole.endswith(told[-TAIL // 2 :])
    assert record.text("stderr") == "that was all\n"
    assert file.stat().st_mode & 0o077 == 0
    assert peak - before < 64 * MIB
    assert backend.silence() < 5  # seconds
    outboxes = programs.folder / "home/.wegent-executor/outbox"
    assert sum(path.stat().st_size for path in outboxes.rglob("*")) < 8 * MIB


async def test_what_is_no_text_is_told_as_text_and_kept_byte_for_byte(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    (tmp_path / "noise.py").write_text(NOISE)
    start_executor(WEGENT_OUTPUT_MIB="1")
    record = await backend.offer("one", f"{sys.executable} {tmp_path}/noise.py")
    end = await record.ended(60)
    assert end.status == "completed"
    namespace: dict[str, bytes] = {}
    exec(NOISE.partition("sys.stdout")[0], namespace)
    whole = namespace["noise"] + b"\0\x1b[31m\xf0\x9f"
    assert end.result is not None
    assert content(end.result["output_file"]) == whole
    record.text().encode()  # every event was JSON, and holds no half characters
    assert record.text().startswith(whole[:300_000].decode(errors="replace")[:100_000].partition("\ufffd")[0])
    assert record.text().endswith("\0\x1b[31m\ufffd\ufffd")


async def test_as_much_as_is_sent_leaves_no_file(
    backend: ScriptedBackend, start_executor, programs: Programs
) -> None:
    start_executor()
    record = await backend.offer("one", "head -c 1000000 /dev/zero | tr '\\0' x")
    end = await record.ended()
    assert (end.result, len(record.text())) == ({"exit_code": 0}, 1_000_000)
    assert not notices(record)
    assert not (programs.folder / "home/.wegent-executor/output").exists()


def as_text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def written(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


class Passed:
    """What comes through a limit."""

    def __init__(self, folder: Path, limit: int, most: int = MIB) -> None:
        self.events: list[AnyEvent] = []
        self.whole = WholeOutput(folder / "draft", folder / "kept/one.log", most)
        self.limit = OutputLimit(self.events.append, lambda event: None, limit, self.whole)


texts = st.one_of(st.text(max_size=300), st.binary(max_size=300).map(as_text))
any_event = st.one_of(
    st.builds(Stream, st.sampled_from(["stdout", "stderr"]), texts),
    st.builds(Text, texts),
    st.builds(Diff, st.just("f"), st.text()),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(any_event, max_size=30), st.integers(0, 5000))
def test_what_is_sent_is_bounded_and_what_is_kept_is_all_of_it(events: list[AnyEvent], limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        passed = Passed(Path(folder), limit)
        for event in events:
            passed.limit.add(event)
        sent = b"".join(encode_event(event) for event in passed.events if not isinstance(event, Diff | Notice))
        assert len(sent) <= limit
        file = passed.limit.finish()
        texts = [event.text for event in events if isinstance(event, Stream | Text)]
        if file is not None:
            assert file.read_bytes() == b"".join(written(text) for text in texts)
        diffs = [event for event in events if isinstance(event, Diff)]
        assert [event for event in passed.events if isinstance(event, Diff)] == diffs
        for event in passed.events:
            encode_event(event)  # all of it is text
        told = "".join(event.text for event in passed.events if isinstance(event, Stream | Text))
        assert told == re.sub("[\ud800-\udfff]", "\ufffd", "".join(texts)), (
            "the end was short enough to be told whole"
        )


def test_only_output_is_cut(tmp_path: Path) -> None:
    passed = Passed(tmp_path, 100)
    others = [Approval("a", "Bash", {}), Diff("f", "+"), Usage(1), Notice("info", "x")]
    for event in (Text("a" * 200), *others, Stream("stdout", "b")):
        passed.limit.add(event)
    assert passed.events[1:] == others
    assert passed.limit.finish() == tmp_path / "kept/one.log"
    assert passed.events[5:] == [Text("a" * 200), Stream("stdout", "b")], "nothing was lost: it was the end"
    assert (tmp_path / "kept/one.log").read_text() == "a" * 200 + "b"
    assert not (tmp_path / "draft").exists()


@pytest.mark.parametrize("piece", [8192, 64])
async def test_no_secret_is_left_where_the_end_begins(tmp_path: Path, piece: int) -> None:
    secret = "4815-1623-4200-9977"
    for place in range(0, len(secret) + 1, 3):
        events: list[AnyEvent] = []
        redactor = Redactor(partial(Secrets, {secret: "it"}), Patterns([]))
        outgoing = Outgoing(redactor, events.append)
        whole = WholeOutput(tmp_path / "draft", tmp_path / "kept/one.log", MIB)
        limit = OutputLimit(outgoing.add, outgoing.skip, 10, whole)
        text = "x" * TAIL + secret + "y" * (TAIL - place)
        for start in range(0, len(text), piece):
            limit.add(Stream("stdout", text[start : start + piece]))
        limit.finish()
        outgoing.finish()
        told = "".join(event.text for event in events if isinstance(event, Stream))
        assert not any(secret[at : at + 2] in told for at in range(len(secret) - 1)), place
        assert told.endswith("y" * (TAIL - len(secret)))


def test_outputs_of_cells_are_output_too(tmp_path: Path) -> None:
    passed = Passed(tmp_path, 1)
    passed.limit.add(CellOutput(1, {"output_type": "stream", "name": "stdout", "text": "text\n"}))
    passed.limit.add(CellOutput(1, {"output_type": "display_data", "data": {"image/png": "x" * 2 * TAIL}}))
    passed.limit.add(Text("half \ud83d"))
    file = passed.limit.finish()
    assert file is not None
    text, shown, half = file.read_text().split("\n")
    assert (text, shown[:24], half) == ("text", '{"type":"cell_output","i', "half ?")
    assert passed.events[-1] == Text("half \ufffd")


@pytest.mark.parametrize(
    ("most", "told"), [(2 * HELD, "only the first 0.5 MB: it may have 0 MiB"), (0, "keeps no files of output")]
)
def test_a_file_that_is_not_whole_is_said_not_to_be(tmp_path: Path, most: int, told: str) -> None:
    passed = Passed(tmp_path, 10, most)
    for _ in range(100):
        passed.limit.add(Stream("stdout", "x" * 10_000))
    file = passed.limit.finish()
    assert any(isinstance(event, Notice) and told in event.text for event in passed.events)
    assert (file.stat().st_size if file else 0) == most
    assert isinstance(passed.events[-1], Stream | Notice)
