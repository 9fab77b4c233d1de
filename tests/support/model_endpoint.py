"""A model that says what a test tells it to: the real Claude CLI talks to it instead of to a real one.

It answers ``POST /v1/messages`` with Server-Sent Events, one scripted reply per request. When a reply calls a tool
the CLI really runs it and posts the result with its next request.
"""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import claude_agent_sdk
from aiohttp import web

Block = dict[str, Any]
Reply = list[Block]


def text(words: str, pause: float = 0) -> Block:
    """Say something, word by word, ``pause`` seconds between them."""
    return {"type": "text", "text": words, "pause": pause}


def thinking(words: str) -> Block:
    """Think something."""
    return {"type": "thinking", "thinking": words}


def tool(name: str, id: str = "", **given: Any) -> Block:
    """Call a tool."""
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def wait(seconds: float) -> Block:
    """Let the request wait before its answer begins."""
    return {"type": "wait", "seconds": seconds}


def refuse(status: int, message: str, kind: str = "api_error", **headers: str) -> Block:
    """Answer the whole request with an HTTP error; in the names of headers ``_`` stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"type": "refuse", "status": status, "message": message, "kind": kind, "headers": named}


class ModelEndpoint:
    """Gives ``replies`` in turn; ``requests`` are the bodies that came."""

    def __init__(self, replies: Sequence[Reply] = ()) -> None:
        self.replies = list(replies)
        self.requests: list[dict[str, Any]] = []
        self.url = ""

    @property
    def said(self) -> list[str]:
        """The text of the last message of each request, whatever its form."""
        return [json.dumps(request["messages"][-1]) for request in self.requests]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if not request.path.endswith("/messages"):
            return web.json_response({"input_tokens": 1})
        body = await request.json()
        self.requests.append(body)
        reply = self.replies.pop(0) if self.replies else [text("(no reply was scripted)")]
        if reply[0]["type"] == "wait":
            await asyncio.sleep(reply[0]["seconds"])
            reply = reply[1:]
        if reply[0]["type"] == "refuse":
            refusal = reply[0]
            error = {"type": "error", "error": {"type": refusal["kind"], "message": refusal["message"]}}
            return web.json_response(error, status=refusal["status"], headers=refusal["headers"])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # the CLI was interrupted
            await self._stream(response, body["model"], reply)
        return response

    async def _stream(self, response: web.StreamResponse, model: str, reply: Reply) -> None:
        number = len(self.requests)
        message = {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 11, "output_tokens": 1},
        }
        await _send(response, {"type": "message_start", "message": message})
        for index, block in enumerate(reply):
            await self._block(response, index, f"toolu_{number}_{index}", block)
        reason = "tool_use" if any(block["type"] == "tool_use" for block in reply) else "end_turn"
        delta = {"stop_reason": reason, "stop_sequence": None}
        await _send(response, {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}})
        await _send(response, {"type": "message_stop"})
        await response.write_eof()

    async def _block(self, response: web.StreamResponse, index: int, id: str, block: Block) -> None:
        start: Block = {"type": block["type"]}
        deltas: list[Block]
        if block["type"] == "text":
            start["text"] = ""
            deltas = [{"type": "text_delta", "text": word} for word in _words(block["text"])]
        elif block["type"] == "thinking":
            start |= {"thinking": "", "signature": ""}
            deltas = [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": "c2ln"},
            ]
        else:
            start |= {"id": block["id"] or id, "name": block["name"], "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        await _send(response, {"type": "content_block_start", "index": index, "content_block": start})
        for delta in deltas:
            await _send(response, {"type": "content_block_delta", "index": index, "delta": delta})
            await asyncio.sleep(block.get("pause", 0))
        await _send(response, {"type": "content_block_stop", "index": index})


def _words(words: str) -> list[str]:
    pieces = words.split(" ")
    return [piece + " " for piece in pieces[:-1]] + [pieces[-1]]


async def _send(response: web.StreamResponse, data: dict[str, Any]) -> None:
    await response.write(f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode())


@asynccontextmanager
async def model_endpoint(*replies: Reply) -> AsyncIterator[ModelEndpoint]:
    """Serve on a free port of the loopback interface."""
    endpoint = ModelEndpoint(replies)
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", endpoint.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = "http://{}:{}".format(*runner.addresses[0][:2])
    try:
        yield endpoint
    finally:
        await runner.cleanup()


def bundled_cli() -> Path:
    """Return the CLI that the SDK's wheel carries."""
    return Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"


def put_claude_on_path(folder: Path) -> Path:
    """Make a folder with a ``claude`` in it, for the SDK that carries none; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "claude"
    if not link.exists():
        link.symlink_to(bundled_cli())
    assert shutil.which("claude", path=str(folder))
    return folder


def claude_env(tmp_path: Path, endpoint: ModelEndpoint) -> dict[str, str]:
    """Return the variables with which an executor's Claude CLI talks to ``endpoint`` and to nobody else."""
    home = tmp_path / "claude-home"
    home.mkdir(exist_ok=True)
    return {
        "ANTHROPIC_BASE_URL": endpoint.url,
        "ANTHROPIC_API_KEY": "test-key",
        "CLAUDE_CONFIG_DIR": str(home / "config"),
        "HOME": str(home),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "IS_SANDBOX": "1",
    }
