"""One network setting for all connections: proxies and authorities, and clear words where one is missing."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from support.forward_proxy import ForwardProxy, forward_proxy
from support.processes import Programs, free_port
from support.scripted_backend import ScriptedBackend, scripted_backend

from wegent.client import network
from wegent.client.errors import ConnectionFailedError
from wegent.client.rest import Rest


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
async def backend(authority: trustme.CA) -> AsyncIterator[ScriptedBackend]:
    """A server with TLS, by a name that only the proxy knows."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("wegent.test").configure_cert(tls)
    async with scripted_backend(tls) as serving:
        yield serving


@pytest.fixture
async def proxy() -> AsyncIterator[ForwardProxy]:
    async with forward_proxy("ann:pa:ss word") as serving:
        yield serving


def address(proxy: ForwardProxy, login: str = "ann:pa%3Ass%20word@") -> str:
    return f"http://{login}127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_a_task_with_a_file_through_a_proxy_to_a_private_authority(
    backend: ScriptedBackend,
    start_executor,
    proxy: ForwardProxy,
    authority_file: str,
    programs: Programs,
    variable: str,
) -> None:
    netrc = programs.folder / "home/.netrc"  # of no concern to us
    netrc.parent.mkdir()
    netrc.write_text("machine wegent.test login ann password other\n")
    backend.files["f1"] = ("data.txt", b"through the proxy")
    start_executor(**{variable: address(proxy), "SSL_CERT_FILE": authority_file})
    record = await backend.offer("one", "cat $WEGENT_ATTACHMENTS/data.txt", options={"files": ["f1"]})
    assert (await record.ended()).status == "completed"
    assert record.text() == "through the proxy"
    assert backend.file_requests == [("f1", "token")]
    assert len(proxy.opened) == 2  # the socket and the file
    assert set(proxy.opened) == {backend.url.removeprefix("https://")}


async def test_what_is_missing_is_named(
    backend: ScriptedBackend, start_executor, proxy: ForwardProxy, authority_file: str
) -> None:
    told = start_executor(https_proxy=address(proxy))
    await told.line(r"certificate of https://wegent.test:\d+ is not trusted.*name its file in SSL_CERT_FILE")
    await told.stop()

    told = start_executor(https_proxy=address(proxy, "ann:wrong@"), SSL_CERT_FILE=authority_file)
    await told.line(r"The proxy http://127.0.0.1:\d+ asks for a login.*HTTPS_PROXY: http://USER:PASSWORD@")
    assert "wrong" not in told.text
    await told.stop()

    told = start_executor(https_proxy=f"127.0.0.1:{free_port()}", SSL_CERT_FILE=authority_file)
    await told.line(r"The proxy http://127.0.0.1:\d+ cannot be reached: Connection refused. Check HTTPS_PROXY")
    await told.stop()

    told = start_executor(https_proxy=address(proxy), SSL_CERT_FILE="/no/such.pem")
    assert await told.ended() == 1
    assert "SSL_CERT_FILE names /no/such.pem, which cannot be used: No such file" in told.text
    assert not backend.registers


async def test_the_client_s_requests_and_sockets_take_the_same_way(
    backend: ScriptedBackend, proxy: ForwardProxy, authority_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", address(proxy))
    async with Rest(backend.url, retry_seconds=0) as rest:
        with pytest.raises(ConnectionFailedError, match="not trusted") as untrusted:
            await rest.call(object, "GET", "/files/none")
        assert "SSL_CERT_FILE" in untrusted.value.hint
    monkeypatch.setenv("SSL_CERT_FILE", authority_file)
    async with Rest(backend.url) as rest:
        with pytest.raises(ConnectionFailedError, match="not a Wegent server"):  # a bare 404
            await rest.call(object, "GET", "/files/none")
        socket = await rest.open_socket("/ws/device", 1 << 20)
        await socket.close()
    assert len(proxy.opened) == 2  # of each session, which keeps it open


def test_which_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://one:1")
    monkeypatch.setenv("http_proxy", "two:2")
    monkeypatch.setenv("NO_PROXY", "inside.example,port.example:8000")
    assert network.proxy_of("https://wegent.example.org") == "http://one:1"
    assert network.proxy_of("http://wegent.example.org") == "http://two:2"
    past = ["https://inside.example", "https://a.inside.example:1", "https://port.example:8000"]
    here = ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:80", "http://a.localhost"]
    assert not any(map(network.proxy_of, past + here))
    monkeypatch.setenv("HTTPS_PROXY", "socks5://ann:secret@one:1")
    with pytest.raises(ConnectionFailedError, match="socks5://one:1 cannot be used") as refused:
        network.proxy_of("https://wegent.example.org")
    assert "HTTPS_PROXY" in refused.value.hint


def test_a_file_without_certificates_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(ConnectionFailedError, match=r"empty.pem, which cannot be used: no certificate is in it"):
        network._trust("https://wegent.example.org")
