"""A small real MCP server with one tool, ``shout``: over stdio, or over HTTP on a port."""

import json
import os
import sys
from pathlib import Path
from typing import Literal


def stdio(**env: str) -> dict[str, object]:
    """Return it as options.mcp_servers takes it."""
    return {"command": sys.executable, "args": ["-P", __file__], "env": env}


def write_server(project: Path, name: str) -> None:
    """Make it a project's own."""
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {name: stdio()}}))


def serve(transport: Literal["stdio", "sse", "streamable-http"], port: int = 0) -> None:
    """Serve until the end of stdin, or for ever on ``port`` of the loopback interface."""
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("loud")

    @server.tool()
    def shout(words: str) -> str:
        """Say it loud."""
        return words.upper() + "!" + os.environ.get("MARKED", "")

    if transport == "stdio":
        server.run("stdio")
    else:
        server.run(transport, host="127.0.0.1", port=port)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1], int(sys.argv[2]))  # type: ignore[arg-type]
    else:
        serve("stdio")
