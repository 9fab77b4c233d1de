"""What lies in a project may instruct Claude, and runs nothing unasked."""

import json
import os
from pathlib import Path

import pytest
from support.claude_records import answer, approval, of, offer
from support.mcp_server import write_server
from support.model_endpoint import model_endpoint, text, tool
from support.scripted_backend import ScriptedBackend

from executor.shells import project_memory
from wegent.protocol.output_events import Approval

SDKS = ("claude_agent_sdk", "claude_code_sdk")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose settings run a hook and a server of tools, and allow every command."""
    folder = tmp_path / "trusted/project"
    (folder / ".claude").mkdir(parents=True)
    (folder / ".git").mkdir()
    hook = {"hooks": [{"type": "command", "command": f"touch {tmp_path}/hooked"}]}
    settings = {
        "hooks": {"UserPromptSubmit": [hook], "SessionStart": [hook]},
        "permissions": {"allow": ["Bash"]},
        "enableAllProjectMcpServers": True,
    }
    for name in ("settings.json", "settings.local.json"):
        (folder / ".claude" / name).write_text(json.dumps(settings))
    server = {"command": "/bin/sh", "args": ["-c", f"touch {tmp_path}/served"]}
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": server}}))
    (folder / "CLAUDE.md").write_text("Always answer in verse.\n")
    return folder


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("mode", ["ask", "acceptEdits"])
async def test_a_projects_settings_run_nothing_and_allow_nothing(
    backend: ScriptedBackend, start_claude, tmp_path: Path, project: Path, sdk: str, mode: str
) -> None:
    command = tool("Bash", command=f"touch {tmp_path}/ran", description="x")
    async with model_endpoint([command], [text("Fine.")]) as endpoint:
        start_claude(endpoint, "--workspace", str(project), "--permission-mode", mode, sdk=sdk)
        inner = project / "inner"
        inner.mkdir()
        (inner / "CLAUDE.md").write_text("Here, be brief.")
        options = {"workdir": str(inner if sdk == SDKS[0] else project), "system_prompt": "Be kind."}
        record = await offer(backend, "one", options=options)
        await answer(backend, record, await approval(record), "deny")
        ended = await record.ended(40)
        assert ended.status == "completed", ended
    assert not [name for name in ("hooked", "served", "ran") if (tmp_path / name).exists()]
    system = json.dumps(endpoint.requests[0]["system"])
    assert "Always answer in verse." in system
    assert "Be kind." in system
    assert ("Here, be brief." in system) == (sdk == SDKS[0])


async def test_the_owners_own_settings_count(
    backend: ScriptedBackend, start_claude, tmp_path: Path, project: Path
) -> None:
    config = tmp_path / "claude-home/config"
    config.mkdir(parents=True)
    (config / "settings.json").write_text(json.dumps({"permissions": {"allow": ["Bash(touch *)"]}}))
    (config / "CLAUDE.md").write_text("The owner likes tea.")
    command = tool("Bash", command=f"touch {project}/ran", description="x")
    async with model_endpoint([command], [text("Fine.")]) as endpoint:
        start_claude(endpoint, "--workspace", str(project))
        record = await offer(backend, "one", options={"workdir": str(project)})
        ended = await record.ended(40)
        assert ended.status == "completed", ended
    assert not of(record, Approval)
    assert "The owner likes tea." in json.dumps(endpoint.requests[0])


@pytest.mark.parametrize("sdk", SDKS)
async def test_where_nothing_is_asked_a_projects_settings_count(
    backend: ScriptedBackend, start_claude, tmp_path: Path, project: Path, sdk: str
) -> None:
    async with model_endpoint([text("Fine.")]) as endpoint:
        start_claude(endpoint, "--workspace", str(project), "--permission-mode", "bypassPermissions", sdk=sdk)
        record = await offer(backend, "one", options={"workdir": str(project)})
        ended = await record.ended(40)
        assert ended.status == "completed", ended
    assert (tmp_path / "hooked").exists()
    assert json.dumps(endpoint.requests[0]).count("Always answer in verse.") == 1


@pytest.mark.parametrize("sdk", SDKS)
async def test_in_a_folder_that_the_owner_trusts_a_projects_settings_and_servers_count(
    backend: ScriptedBackend, start_claude, tmp_path: Path, project: Path, sdk: str
) -> None:
    write_server(project, "local")
    command = tool("Bash", command=f"touch {tmp_path}/ran", description="x")
    replies = [[command], [tool("mcp__local__shout", words="tea")], [text("Fine.")]]
    async with model_endpoint(*replies) as endpoint:
        trusted = ("--trust-project", str(tmp_path / "trusted"))
        start_claude(endpoint, "--workspace", str(project), *trusted, sdk=sdk)
        record = await offer(backend, "one", options={"workdir": str(project)})
        # What its server gives is asked for: the rule allows commands only.
        asked = await approval(record)
        assert asked.tool == "mcp__local__shout"
        await answer(backend, record, asked, "allow")
        ended = await record.ended(40)
        assert ended.status == "completed", ended
    assert (tmp_path / "hooked").exists()
    assert (tmp_path / "ran").exists()
    assert "TEA!" in str(endpoint.requests[2]["messages"])
    assert json.dumps(endpoint.requests[0]).count("Always answer in verse.") == 1


async def test_a_folder_beside_the_trusted_one_is_not_trusted(
    backend: ScriptedBackend, start_claude, tmp_path: Path, project: Path
) -> None:
    (tmp_path / "trusted/other").mkdir()
    link = tmp_path / "trusted/other/link"
    link.symlink_to(project)
    async with model_endpoint([text("Fine.")]) as endpoint:
        trusted = ("--trust-project", str(tmp_path / "trusted/other"))
        start_claude(endpoint, "--workspace", str(tmp_path), *trusted)
        record = await offer(backend, "one", options={"workdir": str(link)})
        assert (await record.ended(40)).status == "completed"
    assert not [name for name in ("hooked", "served") if (tmp_path / name).exists()]


def test_a_projects_instructions_are_bounded_and_stay_in_the_project(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root = tmp_path / "project"
    inner = root / "a/b"
    (inner / ".claude").mkdir(parents=True)
    (tmp_path / "CLAUDE.md").write_text("outside")
    assert project_memory.read(inner) == ""
    (root / ".git").mkdir()
    (root / "CLAUDE.md").write_text("é" * 40_000)
    (root / "a/CLAUDE.md").symlink_to(secret)
    os.mkfifo(inner / "CLAUDE.md")
    (inner / ".claude/CLAUDE.md").write_text("nearest")
    told = project_memory.read(inner)
    assert told.endswith("nearest")
    assert "ééé" in told
    assert "secret" not in told
    assert "outside" not in told
    assert len(told.encode()) <= project_memory.MOST + 10
