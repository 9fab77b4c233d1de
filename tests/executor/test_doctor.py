"""``wegent-executor doctor``: whatever is wrong is named, with what to do next."""

import asyncio
import base64
import time
from argparse import Namespace
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import WSMsgType, web
from support.processes import Programs, free_port
from support.tls import Authority, serving

from executor.doctor import computer, shells
from executor.doctor.check import Check, ok
from executor.doctor.checks import CHECKS
from executor.doctor.examination import examine
from executor.doctor.patient import Patient
from executor.words.words import Words


def token(**claims: Any) -> str:
    """Return a JWT that nobody signed."""
    said = {
        "iat": time.time(),
        "jti": "j",
        "exp": time.time() + 3 * 86_400,
        "scopes": ["device", "send", "read"],
        **claims,
    }
    parts = (b'{"alg":"none"}', msgspec.json.encode(said), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


TOKEN = token()


class Server:
    """Answers as a Wegent server does, unless told otherwise."""

    def __init__(self) -> None:
        self.me: tuple[int, dict[str, Any]] = (200, {"id": "u", "name": "ann", "is_admin": False})
        self.health: Any = {"status": "alive"}
        self.status = 200
        self.strips_upgrade = False
        self.ahead = 0.0
        self.opened = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {"Date": formatdate(time.time() + self.ahead, usegmt=True)}
        if request.path == "/healthz":
            return web.json_response(self.health, status=self.status, headers=headers)
        if request.path == "/auth/me":
            return web.json_response(self.me[1], status=self.me[0], headers=headers)
        if request.path != "/ws/device" or self.strips_upgrade:
            return web.Response(status=404, headers=headers)
        if self.me[0] == 401:
            return web.Response(status=401, headers=headers)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened += 1
        async for message in socket:
            assert message.type is not WSMsgType.TEXT, "nothing is registered"
        return socket


class Doctor:
    """Runs the doctor as a process and keeps what it said of each check."""

    def __init__(self, programs: Programs, home: Path) -> None:
        self.programs = programs
        self.home = home
        self.lines: dict[str, Mapping[str, str]] = {}

    async def looks(self, url: str, *flags: str, code: int = 1, **env: str) -> None:
        settings = {"WEGENT_HOME": str(self.home), "WEGENT_TOKEN": TOKEN, "WEGENT_SHELLS": "Command", **env}
        words = ("doctor", "--json", *(("--url", url) if url else ()))
        program = self.programs.module("executor.main", *flags, *words, name="doctor", env=settings, is_split=True)
        ended = await program.ended(60)
        self.lines = {line["check"]: line for line in msgspec.json.decode(program.log.read_bytes())}
        assert ended == code, self.failures()

    def failures(self) -> dict[str, str]:
        return {name: line["found"] for name, line in self.lines.items() if line["status"] == "failed"}

    def only_failure(self) -> tuple[str, str, str]:
        """Return the one check that failed, with what was found and what to do."""
        ((name, line),) = [(name, line) for name, line in self.lines.items() if line["status"] == "failed"]
        assert line["next"], "it says what to do"
        return name, line["found"], line["next"]


@pytest.fixture
def doctor(programs: Programs, tmp_path: Path) -> Doctor:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Doctor(programs, home)


@pytest.fixture
def server() -> Server:
    return Server()


async def test_a_shell_that_cannot_run_says_why(doctor: Doctor, server: Server) -> None:
    async with serving(server.handle) as port:
        url = f"http://127.0.0.1:{port}"
        await doctor.looks(url, WEGENT_SHELLS="Command,Comand")
        assert doctor.only_failure()[:2] == ("shells", "there is no shell Comand")
        await doctor.looks(url, WEGENT_SHELLS="ClaudeCode", WEGENT_CLAUDE_SDK="no_such_sdk")
        assert "ClaudeCode: " in doctor.failures()["shells"]
        await doctor.looks(url, code=0)
        assert doctor.lines["shells"]["found"] == "Command"
        await doctor.looks(url, WEGENT_KERNELS="no-such-kernel")
        assert "no-such-kernel" in doctor.only_failure()[1]


async def test_where_all_is_well_nothing_fails(doctor: Doctor, server: Server) -> None:
    async with serving(server.handle) as port:
        await doctor.looks(f"http://127.0.0.1:{port}", code=0)
    assert server.opened == 1
    assert list(doctor.lines) == [check.name for check in CHECKS]
    assert {line["status"] for line in doctor.lines.values()} <= {"ok", "skipped", "warning"}
    assert doctor.lines["token"]["found"].startswith("good for 3.0 days more")
    assert doctor.lines["login"]["found"] == "from WEGENT_TOKEN"


async def test_nobody_listens(doctor: Doctor) -> None:
    await doctor.looks(f"http://127.0.0.1:{free_port()}")
    name, found, next = doctor.only_failure()
    assert name == "connection" and "cannot be reached" in found and "Is the server running" in next
    for skipped in ("tls", "http", "clock", "token", "websocket"):
        assert doctor.lines[skipped]["status"] == "skipped"
        assert "“Connection” failed" in doctor.lines[skipped]["found"]


async def test_a_name_that_nobody_knows(doctor: Doctor) -> None:
    await doctor.looks("http://wegent.invalid:8000")
    assert doctor.only_failure()[:2] == ("dns", doctor.lines["dns"]["found"])
    assert "wegent.invalid is not known" in doctor.lines["dns"]["found"]


async def test_certificates(doctor: Doctor, server: Server, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serving(server.handle, authority.context("localhost")) as port:
        await doctor.looks(f"https://localhost:{port}")
        name, found, next = doctor.only_failure()
        assert name == "tls" and "authority that is not known" in found and "SSL_CERT_FILE" in next
        # Trusted by what config.toml says, as the executor does it too.
        (doctor.home / "config.toml").write_text(f'[environment]\nSSL_CERT_FILE = "{authority.file}"\n')
        await doctor.looks(f"https://localhost:{port}", code=0)
        assert doctor.lines["websocket"]["status"] == "ok"
    for context, host, words in (
        (authority.context("localhost", is_expired=True), "localhost", "has expired"),
        (authority.context("other.example.org"), "localhost", "is not for localhost"),
    ):
        async with serving(server.handle, context) as port:
            await doctor.looks(f"https://{host}:{port}")
        assert doctor.only_failure()[0] == "tls" and words in doctor.lines["tls"]["found"]
    async with serving(server.handle) as port:
        await doctor.looks(f"https://localhost:{port}")
    assert doctor.only_failure()[0] == "tls"


async def test_proxies(doctor: Doctor, server: Server) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=407)

    url = "http://wegent.example.org:8000"
    async with serving(refuse) as port:
        await doctor.looks(url, HTTP_PROXY=f"http://ann:secret@127.0.0.1:{port}")
        assert doctor.lines["proxy"]["found"] == f"http://127.0.0.1:{port} answers (HTTP_PROXY)"
        assert doctor.lines["dns"]["status"] == "skipped"
        assert doctor.only_failure()[0] == "http"
    await doctor.looks(url, http_proxy=f"http://127.0.0.1:{port}")
    name, found, next = doctor.only_failure()
    assert name == "proxy" and "does not answer (http_proxy)" in found and "NO_PROXY" in next
    async with serving(server.handle) as port:
        dead = f"http://127.0.0.1:{free_port()}"
        await doctor.looks(f"http://127.0.0.1:{port}", code=0, HTTP_PROXY=dead, NO_PROXY="127.0.0.1")
        assert doctor.lines["proxy"]["found"] == "none for 127.0.0.1 (NO_PROXY is 127.0.0.1)"
        # A proxy that takes HTTP and drops the wish to upgrade.
        server.strips_upgrade = True
        await doctor.looks(url, HTTP_PROXY=f"http://127.0.0.1:{port}")
    name, found, next = doctor.only_failure()
    assert name == "websocket" and "HTTP 404" in found and "Upgrade" in next


async def test_servers_that_are_not_as_they_should_be(doctor: Doctor, server: Server) -> None:
    async with serving(server.handle) as port:
        url = f"http://127.0.0.1:{port}"
        server.health = {"status": "up", "name": "something else"}
        await doctor.looks(url)
        assert doctor.only_failure()[:1] == ("http",) and "is not Wegent" in doctor.lines["http"]["found"]
        server.status = 502
        await doctor.looks(url)
        assert doctor.only_failure()[:1] == ("http",) and "HTTP 502" in doctor.lines["http"]["found"]
        server.status, server.health, server.ahead = 200, {"status": "alive"}, 3600.0
        await doctor.looks(url, code=0)
        assert doctor.lines["clock"]["status"] == "warning"
        assert "behind the server's" in doctor.lines["clock"]["found"]


async def test_logins(doctor: Doctor, server: Server) -> None:
    async with serving(server.handle) as port:
        url = f"http://127.0.0.1:{port}"
        for code, words in (
            ("token_revoked", "revoked"),
            ("token_expired", "expired"),
            ("unauthenticated", "take"),
        ):
            server.me = (401, {"code": code})
            await doctor.looks(url)
            name, found, next = doctor.only_failure()
            assert name == "token" and words in found and "wegent-executor login" in next
            assert doctor.lines["websocket"]["status"] == "warning"
        server.me = (200, {})
        await doctor.looks(url, "--token", token(scopes=["read"]))
        assert doctor.only_failure()[:2] == ("token", "it may not do what a device does (device); it may read")
        await doctor.looks(url, code=0, WEGENT_TOKEN=token(exp=time.time() + 3600))
        assert doctor.lines["token"]["status"] == "warning"
        await doctor.looks(url, WEGENT_TOKEN="")
        assert doctor.only_failure()[0] == "login"


async def test_what_is_wrong_with_the_computer(doctor: Doctor, server: Server, tmp_path: Path) -> None:
    async with serving(server.handle) as port:
        url = f"http://127.0.0.1:{port}"
        (doctor.home / "config.toml").write_text("slots = 'many'\n")
        await doctor.looks(url)
        assert doctor.only_failure()[0] == "config" and "config.toml: slots" in doctor.lines["config"]["found"]
        (doctor.home / "config.toml").unlink()
        doctor.home.chmod(0o755)
        await doctor.looks(url, WEGENT_WORKSPACES=str(tmp_path / "nowhere"), WEGENT_SHELLS="ClaudeCode")
    assert doctor.failures().keys() == {"workspaces"}
    assert "chmod 700" in doctor.lines["home"]["next"]
    assert doctor.lines["claude"]["status"] == "warning" and "log in" in doctor.lines["claude"]["next"]


async def test_a_full_disk_and_a_folder_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Patient(Namespace(), tmp_path / "file", {})
    patient.home.touch()
    assert (await computer.look_at_home(patient)).phrase == "home_no_folder"
    for free, status in ((computer.LITTLE, "ok"), (computer.LITTLE - 1, "warning"), (0, "failed")):
        monkeypatch.setattr(computer.shutil, "disk_usage", lambda path, free=free: Namespace(free=free))
        assert (await computer.look_at_disk(patient)).status == status


def test_claudes_login_is_found_without_asking_anybody(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert shells.claude_login(environ, "linux") is None
    assert shells.claude_login({**environ, "ANTHROPIC_API_KEY": "k"}, "linux") == "ANTHROPIC_API_KEY"
    (tmp_path / ".claude").mkdir()
    assert shells.claude_login(environ, "darwin") == "the keychain, perhaps"
    (tmp_path / ".claude/.credentials.json").touch()
    assert shells.claude_login(environ, "linux") == str(tmp_path / ".claude/.credentials.json")


async def test_a_check_that_hangs_or_breaks_hides_no_other(tmp_path: Path) -> None:
    async def hang(patient: Patient) -> Any:
        await asyncio.sleep(60)

    async def break_down(patient: Patient) -> Any:
        raise RuntimeError("no idea")

    async def fine(patient: Patient) -> Any:
        return ok("dns_found")

    checks = (
        Check("a", hang, within=0.05),
        Check("b", break_down),
        Check("c", fine, needs=("a",)),
        Check("d", fine, needs=("c",)),
        Check("e", fine),
    )
    found = [(check.name, each) async for check, each in examine(Patient(Namespace(), tmp_path, {}), checks)]
    assert [each.status for _, each in found] == ["failed", "failed", "skipped", "skipped", "ok"]
    assert found[3][1].values == {"needs": "a"}
    assert "no idea" in found[1][1].values["reason"]


async def test_people_read_it_in_their_language(doctor: Doctor, programs: Programs) -> None:
    settings = {"WEGENT_HOME": str(doctor.home), "WEGENT_SHELLS": "Command", "WEGENT_TOKEN": "t"}
    url = f"http://127.0.0.1:{free_port()}"
    for language, words in (
        ("C.UTF-8", ("✗ Connection: port", "    → Is the server")),
        ("zh_CN.UTF-8", ("✗ 连接：",)),
    ):
        env = {**settings, "LANG": language}
        program = programs.module("executor.main", "doctor", "--url", url, name="doctor", env=env)
        assert await program.ended(60) == 1
        for each in words:
            assert each.replace("：", ":") in program.text.replace("：", ":")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_needs_only_earlier_ones_and_has_a_name_for_people(check: Check) -> None:
    names = [each.name for each in CHECKS]
    assert all(names.index(need) < names.index(check.name) for need in check.needs)
    assert Words("en").has(f"check_{check.name}")
