"""What a task may ask of Claude Code: a model, words for its system prompt, images, MCP servers."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support import mcp_server
from support.claude_records import answer, approval, of, offer
from support.model_endpoint import ModelEndpoint, model_endpoint, text, tool
from support.processes import Programs, free_port
from support.scripted_backend import ScriptedBackend

from executor.shells.claude_connection import written
from wegent.protocol.output_events import Approval, Notice, ToolResult

SDKS = ("claude_agent_sdk", "claude_code_sdk")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def images_of(endpoint: ModelEndpoint) -> list[dict[str, Any]]:
    """Return the image blocks that the endpoint got with the first request."""
    blocks = [
        block
        for message in endpoint.requests[0]["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
    ]
    return [block["source"] for block in blocks if block["type"] == "image"]


@pytest.mark.parametrize("sdk", SDKS)
async def test_model_system_prompt_and_images_reach_the_model(
    backend: ScriptedBackend, start_claude, sdk: str
) -> None:
    backend.files["picture"] = ("pixel.png", PIXEL)
    backend.files["notes"] = ("notes.txt", b"words")
    options = {
        "model": "claude-haiku-4-5",
        "system_prompt": "Always answer in verse.",
        "images": ["picture"],
        "files": ["notes"],
    }
    async with model_endpoint([text("A dot.")]) as endpoint:
        start_claude(endpoint, sdk=sdk)
        record = await offer(backend, "one", options=options)
        assert (await record.ended(40)).status == "completed"
    request = endpoint.requests[0]
    assert request["model"].startswith("claude-haiku-4-5")
    assert "Always answer in verse." in json.dumps(request["system"])
    (image,) = images_of(endpoint)
    assert (image["media_type"], base64.b64decode(image["data"])) == ("image/png", PIXEL)
    said = json.dumps(request["messages"])
    assert "do it" in said
    assert "notes.txt" in said


async def test_what_is_no_image_or_too_large_a_one_is_said(backend: ScriptedBackend, start_claude) -> None:
    backend.files["words"] = ("pixel.png", b"no image at all")
    backend.files["large"] = ("large.png", PIXEL + bytes(4 << 20))
    async with model_endpoint() as endpoint:
        start_claude(endpoint)
        record = await offer(backend, "one", options={"images": ["words"]})
        first = await record.ended(40)
        second = await (await offer(backend, "two", options={"images": ["large"]})).ended(40)
    assert first.error is not None and second.error is not None
    assert "pixel.png is no image that Claude takes" in first.error.message
    assert "large.png has 4.0 MiB" in second.error.message
    assert not endpoint.requests


@pytest.mark.parametrize("sdk", SDKS)
async def test_a_server_of_tools_is_started_once_it_was_allowed_and_asks_for_each_tool(
    backend: ScriptedBackend, start_claude, sdk: str
) -> None:
    options = {"mcp_servers": {"loud": mcp_server.stdio(MARKED="?")}}
    replies = [[tool("mcp__loud__shout", words="tea")], [text("Fine.")], [text("Again.")], [text("No.")]]
    async with model_endpoint(*replies) as endpoint:
        start_claude(endpoint, sdk=sdk)
        first = await offer(backend, "one", task_id="conversation", options=options)
        asked = await approval(first)
        assert asked.tool.startswith("MCP server loud [")
        assert asked.input["env"] == {"MARKED": "?"}
        assert not endpoint.requests
        await answer(backend, first, asked, "allow_task")
        used = await approval(first, 2)
        assert used.tool == "mcp__loud__shout"
        await answer(backend, first, used, "allow")
        assert (await first.ended(40)).status == "completed"
        assert "TEA!?" in str(of(first, ToolResult)[0].content)
        # Allowed for the task is this server, not another one of its name.
        second = await offer(backend, "two", task_id="conversation", options=options)
        assert (await second.ended(40)).status == "completed"
        assert not of(second, Approval)
        other = {"mcp_servers": {"loud": mcp_server.stdio(MARKED="other")}}
        third = await offer(backend, "three", task_id="conversation", options=other)
        await answer(backend, third, await approval(third), "deny", message="not that one")
        end = await third.ended(40)
    assert end.error is not None
    assert (end.error.code, "not that one" in end.error.message) == ("declined", True)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("kind", "transport", "path"), [("http", "streamable-http", "mcp"), ("sse", "sse", "sse")]
)
async def test_a_server_at_an_address_is_reached_unasked_only_where_nothing_is_asked(
    backend: ScriptedBackend, start_claude, programs: Programs, kind: str, transport: str, path: str
) -> None:
    port = free_port()
    serving = programs.start(sys.executable, "-P", mcp_server.__file__, transport, str(port), name="server")
    await serving.line(f":{port}", 20)
    servers = {
        "far": {"type": kind, "url": f"http://127.0.0.1:{port}/{path}"},
        "gone": {"type": kind, "url": "http://127.0.0.1:1/mcp"},
    }
    async with model_endpoint([tool("mcp__far__shout", words="tea")], [text("Fine.")]) as endpoint:
        start_claude(endpoint, "--permission-mode", "bypassPermissions")
        record = await offer(backend, "one", options={"mcp_servers": servers})
        assert (await record.ended(40)).status == "completed"
        assert "TEA!" in str(of(record, ToolResult)[0].content)
        assert not of(record, Approval)
        assert any("MCP server gone" in notice.text for notice in of(record, Notice))
        asking = await offer(backend, "two", options={"mcp_servers": servers, "permission_mode": "ask"})
        await answer(backend, asking, await approval(asking), "deny")
        assert (await asking.ended(40)).status == "failed"
    await serving.stop()


def test_nothing_of_a_server_stands_in_a_command_line_or_is_left_on_disk(tmp_path: Path) -> None:
    with written({"secret": "s"}) as path:
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text()) == {"secret": "s"}
    assert not path.exists()
