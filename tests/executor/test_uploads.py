"""Files that a task sends back: stored for its sender and told by an event, or it is said why not."""

import asyncio
from collections.abc import AsyncIterator

import nbformat
import pytest
from aiohttp import web
from support.processes import eventually
from support.scripted_backend import ScriptedBackend, Upload

from executor.files import uploads
from executor.files.uploads import UploadError, Uploads
from executor.redaction.patterns import Patterns
from executor.redaction.pieces import Secrets
from executor.redaction.redactor import Redactor
from wegent.protocol.output_events import AnyEvent, File, Notice
from wegent.protocol.resources import MAX_FILE

CANARY = 'correct "horse" battery'
SECRETS = Secrets({CANARY: "KEY"})


class Told(list[AnyEvent]):
    """What was emitted."""

    async def emit(self, event: AnyEvent) -> None:
        self.append(event)


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    yield Told()


@pytest.fixture
def sending(backend: ScriptedBackend, told: Told) -> Uploads:
    return Uploads(backend.url, lambda: "token", "one", told.emit, Redactor(lambda: SECRETS, Patterns([])))


async def test_a_file_is_stored_and_told_of(backend: ScriptedBackend, sending: Uploads, told: Told) -> None:
    sent = await sending.send("数据 “终” 100%.csv", "text/csv", b"a,b\n")
    assert backend.uploads == [Upload("数据 “终” 100%.csv", "text/csv", b"a,b\n", "one", "token")]
    assert told == [sent] == [File("数据 “终” 100%.csv", "text/csv", 4, "u1")]


async def test_a_name_is_made_safe_before_it_leaves(backend: ScriptedBackend, sending: Uploads) -> None:
    await sending.send('../../a\r\nX-Evil: "1"\x1b.txt', "text/plain", b"")
    (stored,) = backend.uploads
    assert stored.name == "a__X-Evil_ _1__.txt"


async def test_trouble_on_the_way_is_told_once_and_tried_again(
    backend: ScriptedBackend, sending: Uploads, told: Told
) -> None:
    backend.upload_answers = [web.Response(status=503), web.Response(status=401)]
    sent = await sending.send("x.txt", "text/plain", b"x")
    notice, file = told
    assert isinstance(notice, Notice) and "HTTP 503" in notice.text
    assert file == sent


async def test_a_refusal_is_told_in_the_servers_words(
    backend: ScriptedBackend, sending: Uploads, told: Told
) -> None:
    problem = {"code": "too_large", "detail": "Your files may take 512 MiB together."}
    backend.upload_answers = [web.json_response(problem, status=413), web.Response(status=302)]
    with pytest.raises(UploadError, match=r"x\.txt cannot be sent: .*HTTP 413 Your files may take 512 MiB"):
        await sending.send("x.txt", "text/plain", b"x")
    with pytest.raises(UploadError, match="HTTP 302"):
        await sending.send("x.txt", "text/plain", b"x")
    assert told == []


async def test_what_is_too_large_does_not_begin(backend: ScriptedBackend, sending: Uploads, told: Told) -> None:
    assert (await sending.send("most.bin", "application/octet-stream", bytes(MAX_FILE))).size == MAX_FILE
    with pytest.raises(UploadError, match=r"more\.bin has more than 24 MiB"):
        await sending.send("more.bin", "application/octet-stream", bytes(MAX_FILE + 1))
    assert len(backend.uploads) == 1


async def test_all_tries_have_one_time_limit(
    backend: ScriptedBackend, sending: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "WITHIN", 0.5)
    backend.upload_answers = [web.Response(status=503, headers={"Retry-After": "60"})]
    with pytest.raises(UploadError, match=r"within 0\.5 seconds"):
        await sending.send("x.txt", "text/plain", b"x")


async def test_a_server_that_is_away_is_waited_for(sending: Uploads, told: Told, backend: ScriptedBackend) -> None:
    away = Uploads(
        "http://127.0.0.1:9", lambda: "token", "one", told.emit, Redactor(lambda: SECRETS, Patterns([]))
    )
    waiting = asyncio.create_task(away.send("x.txt", "text/plain", b"x"))
    await eventually(lambda: told)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=5)
    assert waiting.cancelled()


async def test_no_secret_is_in_a_file_that_leaves_nor_in_its_name(
    backend: ScriptedBackend, sending: Uploads
) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"key = {CANARY!r}")])
    await sending.send(f"{CANARY}.txt", "text/plain", f"a\n{CANARY}\nb\r\n".encode())
    await sending.send("n.ipynb", "application/x-ipynb+json", nbformat.writes(notebook).encode())
    await sending.send("plain.json", "application/json", b'{ "untouched":1}')
    text, sent, plain = backend.uploads
    assert (text.name, text.body) == ("[redacted].txt", b"a\n[redacted]\nb\r\n")
    notebook.cells[0].source = "key = '[redacted]'"
    assert nbformat.reads(sent.body.decode(), as_version=4) == notebook
    assert plain.body == b'{ "untouched":1}'
    with pytest.raises(UploadError, match=r"a\.bin holds a secret of this device"):
        await sending.send("a.bin", "application/octet-stream", b"\xff\x00" + CANARY.encode() + b"\xfe")
    assert len(backend.uploads) == 3
