"""An ASGI application on a port of this machine, inside the running event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import uvicorn

from pinery.core.errors import UsageError


class Server:
    """``port`` 0 takes a free one; ``port`` tells which once it was started.

    An application finds ``scope["cut"]`` beside what ASGI gives it: it ends the connection without a word, as a network
    that fails. Wait a moment (``await sleep(0)``, twice) before returning, so that nothing is written after it.

    ``ping_seconds``: between the WebSocket pings of a venue that sends them (None: it sends none); whoever does not
    answer one within ``pong_seconds`` is disconnected.
    """

    def __init__(
        self,
        app: Any,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ping_seconds: float | None = None,
        pong_seconds: float | None = None,
    ) -> None:
        if not ip_address(host).is_loopback:
            raise UsageError(f"a simulator listens on this machine only, not on {host}", hint="use 127.0.0.1")
        self._app = app
        self._host = host
        self._pings = ping_seconds, pong_seconds
        self.port = port
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://{self._host}:{self.port}"

    async def start(self) -> None:
        """Raises UsageError where the port is taken."""
        # asyncio sends without delay only where the protocol is named: else an answer waits 40 ms for its second half.
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._host, self.port))
        except OSError as error:
            listening.close()
            text = f"the simulator cannot listen on {self._host}:{self.port}: {error.strerror}"
            raise UsageError(text, hint="choose another port with --port") from None
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_ping_interval=self._pings[0],
            ws_ping_timeout=self._pings[1],
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        self._server = server
        self._task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not self._task.done():
            await asyncio.sleep(0.005)

    async def _serve(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self._app({**scope, "cut": lambda: self._cut(scope.get("client"))}, receive, send)

    def _cut(self, client: tuple[str, int] | None) -> None:
        assert self._server is not None, "connections are served between start and stop"
        for connection in list(self._server.server_state.connections):
            transport: asyncio.Transport = connection.transport
            peer = transport.get_extra_info("peername")
            if client is not None and peer is not None and tuple(peer[:2]) == tuple(client):
                transport.abort()

    async def stop(self) -> None:
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
        self._server = self._task = None


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the event loop."""
        yield
