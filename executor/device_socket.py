"""How a device's socket is opened, by the link and by the doctor alike."""

import aiohttp

PATH = "/ws/device"


async def open(
    http: aiohttp.ClientSession, server: str, token: str, max_bytes: int
) -> aiohttp.ClientWebSocketResponse:
    """Open a device's socket at ``server``, where frames of ``max_bytes`` are read; raise what aiohttp raises."""
    return await http.ws_connect(
        server + PATH,
        headers={"Authorization": f"Bearer {token}"},
        max_msg_size=max_bytes,
        timeout=aiohttp.ClientWSTimeout(ws_close=2),
    )
