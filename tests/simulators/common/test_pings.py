"""A venue's server pings where it is told to, and lets go of whoever does not answer."""

from __future__ import annotations

import asyncio
import base64
import os

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from pinery.simulators.common.serving import Server


async def listen(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        return


def test_whoever_does_not_answer_a_ping_is_disconnected() -> None:
    async def scenario() -> None:
        server = Server(Starlette(routes=[WebSocketRoute("/", listen)]), ping_seconds=0.05, pong_seconds=0.05)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        key = base64.b64encode(os.urandom(16)).decode()
        head = ["GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
        head += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
        async with asyncio.timeout(10):
            await reader.readuntil(b"\r\n\r\n")
            rest = await reader.read()  # until the server ends it
        assert rest[0] == 0x89  # a ping
        writer.close()
        await server.stop()

    asyncio.run(scenario())
